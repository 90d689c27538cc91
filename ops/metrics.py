"""Metrics for Prometheus at /metrics, readable from this machine only.

What the database knows is measured at each scrape, so that all web processes tell the same; requests are counted in
each process for itself.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ops.database import measure
from web.access import public
from workflow.views.watches import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.database import Measures
    from workflow.office import Office

TYPE = "text/plain; version=0.0.4; charset=utf-8"


class RegistryCollector(Collector):
    """Measures the registry when it is scraped."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name nothing beforehand, so that registering does not query the database."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Measure."""
        with self._office.reading() as connection:
            now = self._office.clock.now()
            found = measure(connection, now, self._office.wall.now())
            patience = timedelta(days=self._office.settings.escalation_days)
            standing = counted(connection, now - patience)
        yield from _families(found)
        yield _by_name(
            "guanfang_watch_escalated",
            "Findings that stood for GUANFANG_ESCALATION_DAYS and more; above 0 nobody mends them",
            "watch",
            standing,
        )
        yield GaugeMetricFamily(
            "guanfang_keys_activated",
            "1 while the authorities' keys may be used; 0 alarms",
            float(self._office.keys_activated()),
        )


def _families(found: Measures) -> Iterator[GaugeMetricFamily]:
    depth = GaugeMetricFamily(
        "guanfang_outbox", "Pieces of work; those in state dead wait for a person", labels=("lane", "state")
    )
    for (lane, state), number in found.outbox.items():
        depth.add_metric((str(lane), str(state)), number)
    yield depth
    yield _by_name("guanfang_outbox_oldest_seconds", "How long work has been due", "lane", found.oldest_work)
    yield GaugeMetricFamily("guanfang_audit_unsealed", "Audit entries that wait to be sealed", found.unsealed)
    yield GaugeMetricFamily("guanfang_audit_unsealed_seconds", "Age of the oldest", found.unsealed_age)
    yield GaugeMetricFamily("guanfang_deadlines_overdue", "Deadlines due and not carried out", found.overdue)
    yield _by_name("guanfang_crl_age_seconds", "Age of the newest list", "authority", found.crl_age)
    yield _by_name("guanfang_crl_left_seconds", "Until the newest list expires", "authority", found.crl_left)
    yield _by_name(
        "guanfang_crl_entries", "Entries of the newest complete list", "authority", found.crl_entries
    )
    yield _by_name("guanfang_crl_failures", "Lists refused, ever", "authority", found.crl_failures)
    yield _by_name(
        "guanfang_crl_failing",
        "Lists refused since the newest; above 0 alarms",
        "authority",
        found.crl_failing,
    )
    yield _by_name(
        "guanfang_watch_findings",
        "What a watch found and nobody has mended; above 0 alarms",
        "watch",
        found.watch_findings,
    )
    yield _by_name("guanfang_watch_age_seconds", "Since a watch ran last", "watch", found.watch_age)
    yield GaugeMetricFamily("guanfang_breaker_open", "1 while a sweep waits for a person", found.breaker_open)


def _by_name(name: str, said: str, label: str, values: Mapping[Any, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, said, labels=(label,))
    for key, value in values.items():
        family.add_metric((str(key),), value)
    return family


def register(app: Flask, office: Office) -> None:
    """Count requests and add /metrics."""
    registry = CollectorRegistry()
    registry.register(RegistryCollector(office))
    _count_requests(app, registry)

    @public
    def metrics() -> Response:
        _only_from_this_machine()
        return Response(generate_latest(registry), content_type=TYPE)

    app.add_url_rule("/metrics", "ops.metrics", metrics)


def _count_requests(app: Flask, registry: CollectorRegistry) -> None:
    # By endpoint, never by path: paths hold case numbers, and there is no end to them.
    labels = ("endpoint", "method", "status")
    requests = Counter("guanfang_requests", "Requests answered", labels, registry=registry)
    seconds = Histogram("guanfang_request_seconds", "Time to answer", ("endpoint",), registry=registry)

    def begin() -> None:
        g.begun = perf_counter()

    def end(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        requests.labels(endpoint, request.method, response.status_code).inc()
        if "begun" in g:
            seconds.labels(endpoint).observe(perf_counter() - g.begun)
        return response

    app.before_request(begin)
    app.after_request(end)


def _only_from_this_machine() -> None:
    """Answer 404 to others, and to whatever a proxy passes on."""
    passed_on = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    try:
        local = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        local = False
    if passed_on or not local:
        abort(404)

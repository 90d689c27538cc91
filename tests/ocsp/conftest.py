"""Responders over registries on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ocsp.responding import Responder, a_registry, start
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests import postgresql
    from tests.workflow.registry import Registry


@pytest.fixture
def registry(migrated_postgresql_url: str) -> Iterator[Registry]:
    """Lend a registry with its authorities and responders, at the present time."""
    registry = a_registry(migrated_postgresql_url)
    yield registry
    registry.close()


@pytest.fixture
def start_responder(migrated_postgresql_url: str, tmp_path: Path) -> Iterator[Callable[..., Responder]]:
    """Start responders over the registry; they are ended with the test."""
    started: list[Responder] = []

    def begin(workers: int = 1, **settings: str) -> Responder:
        started.append(start(migrated_postgresql_url, tmp_path, workers, **settings))
        return started[-1]

    yield begin
    for one in started:
        one.end()


@pytest.fixture(scope="module")
def standing(
    postgresql_cluster: postgresql.Cluster, postgresql_template: str, worker_name: str
) -> Iterator[Registry]:
    """Lend a registry with one activated card of the XCA, for tests that change nothing."""
    name = f"ocsp_standing_{worker_name}"
    with postgresql_cluster.database(name, postgresql_template) as address:
        registry = a_registry(address)
        registry.a_case("activated")
        yield registry
        registry.close()


@pytest.fixture(scope="module")
def serial(standing: Registry) -> int:
    """Lend the serial of that card's certificate."""
    return int(standing.rows(t.certificate)[0].serial, 16)


@pytest.fixture(scope="module")
def responder(standing: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Responder]:
    """Lend a responder over that registry."""
    url = standing.engine.url.render_as_string(hide_password=False)
    responder = start(url, tmp_path_factory.mktemp("responder")).wait()
    yield responder
    responder.end()

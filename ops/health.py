"""Is it alive, and is it fit to serve: /healthz, /readyz and `guanfang health`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify

from ops.database import DatabaseError, MigrationError, current_revision, head_revision, measure
from web.access import public

if TYPE_CHECKING:
    from ops.database import Measures
    from workflow.office import Office


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and how it stands in a sentence."""

    name: str
    good: bool
    said: str


def check(office: Office) -> tuple[Check, ...]:
    """Look at the database, its schema and the sealing of the audit log; the first that fails ends the look."""
    try:
        schema = _schema(office)
        if not schema.good:
            return (schema,)
        with office.reading() as connection:
            found = measure(connection, office.clock.now(), office.wall.now())
    except (DatabaseError, MigrationError) as error:
        # Only the kind of error: its text may hold the database's address.
        return (Check("database", good=False, said=f"does not answer ({type(error).__name__})"),)
    return (schema, _sealing(found, office.sealing_lag.total_seconds()), _activation(office), _lists(found))


def _schema(office: Office) -> Check:
    current, head = current_revision(office.engine), head_revision()
    said = f"at revision {current}" if current == head else f"at revision {current}, wants {head}"
    return Check("schema", current == head, said)


def _sealing(found: Measures, lag: float) -> Check:
    """Judge the sealing by the lag at which issuing stops (AUD-04)."""
    said = f"{found.unsealed} entries wait, the oldest for {found.unsealed_age:.0f} s"
    return Check("sealing", found.unsealed_age <= lag, said)


def _activation(office: Office) -> Check:
    """Judge whether the authorities' keys may be used (ROL-08)."""
    if office.activation is None:
        return Check("activation", good=True, said="automatic, by the settings")
    if office.keys_activated():
        return Check("activation", good=True, said="the keys are activated")
    said = "尚未啟用 the keys are not activated: issuing, lists and OCSP wait for `guanfang ca activate`"
    return Check("activation", good=False, said=said)


def _lists(found: Measures) -> Check:
    expired = sorted(name for name, left in found.crl_left.items() if left <= 0)
    if expired:
        return Check("crls", good=False, said=f"expired: {', '.join(expired)}")
    failing = sorted(name for name, refused in found.crl_failing.items() if refused)
    return Check("crls", not failing, f"refused: {', '.join(failing)}" if failing else "all good or none yet")


SERVING = frozenset({"database", "schema", "sealing", "activation"})
"""What has to be good before requests are sent here; an expired CRL is for the operator, not for the balancer."""


def register(app: Flask, office: Office) -> None:
    """Add /healthz (the process answers) and /readyz (it can serve)."""

    @public
    def healthz() -> Response:
        return jsonify(status="ok")

    @public
    def readyz() -> tuple[Response, int]:
        checks = check(office)
        ready = all(one.good for one in checks if one.name in SERVING)
        said = {one.name: {"good": one.good, "said": one.said} for one in checks}
        return jsonify(status="ready" if ready else "not ready", checks=said), 200 if ready else 503

    app.add_url_rule("/healthz", "ops.healthz", healthz)
    app.add_url_rule("/readyz", "ops.readyz", readyz)

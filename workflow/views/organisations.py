"""The register of organisations and of first-review windows, as an applicant sees them (APP-12, RV1-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.store import schema
from workflow.vocabulary import Ca, SubscriberKind

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_HITS = 50
_ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class OrganisationSeen:
    """An organisation of the register; `not_eligible` says in its own words why it may not apply, or is None."""

    id: int
    ca: Ca
    name: str
    oid: str | None
    ubn: str | None
    agency_code: str | None
    kind: SubscriberKind
    county: str
    town: str
    postal_code: str
    address: str
    phone: str
    email: str
    window_id: int | None
    not_eligible: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of a search; `more` says that there were too many to list."""

    hits: tuple[OrganisationSeen, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class WindowSeen:
    """A first-review window: whom it serves, and where letters to it go."""

    id: int
    name: str
    agency_code: str
    county: str
    kinds: tuple[SubscriberKind, ...]
    address: str
    phone: str
    email: str


def search(connection: sa.Connection, ca: Ca, keyword: str) -> Found:
    """Find organisations of a CA by part of the name, 統一編號, agency code or OID; nothing for an empty keyword.

    臺 and 台 count as one character. At most `MOST_HITS` are given.
    """
    # NUL and half characters fit into no database, and so into no name.
    wanted = "".join(sign for sign in keyword if sign.isprintable() and not sign.isspace())
    if not wanted:
        return Found(())
    table = schema.organisation
    pattern = "%" + _literal(wanted.replace("台", "臺")) + "%"
    name = sa.func.replace(table.c.name, "台", "臺")
    rows = connection.execute(
        sa.select(table)
        .where(
            table.c.ca == ca,
            sa.or_(
                name.like(pattern, escape=_ESCAPE),
                table.c.ubn == wanted,
                table.c.agency_code == wanted.upper(),
                table.c.oid == wanted,
            ),
        )
        .order_by(table.c.name, table.c.id)
        .limit(MOST_HITS + 1)
    ).all()
    return Found(tuple(_organisation(row) for row in rows[:MOST_HITS]), more=len(rows) > MOST_HITS)


def _literal(text: str) -> str:
    """Take from the signs of LIKE their meaning."""
    for sign in (_ESCAPE, "%", "_"):
        text = text.replace(sign, _ESCAPE + sign)
    return text


def organisation(connection: sa.Connection, organisation_id: int) -> OrganisationSeen | None:
    """Return one organisation, or None."""
    table = schema.organisation
    row = connection.execute(sa.select(table).where(table.c.id == organisation_id)).one_or_none()
    return None if row is None else _organisation(row)


def _organisation(row: Any) -> OrganisationSeen:
    return OrganisationSeen(
        id=row.id,
        ca=Ca(row.ca),
        name=row.name,
        oid=row.oid,
        ubn=row.ubn,
        agency_code=row.agency_code,
        kind=SubscriberKind(row.kind),
        county=row.county,
        town=row.town,
        postal_code=row.postal_code,
        address=row.address,
        phone=row.phone,
        email=row.email,
        window_id=row.window_id,
        not_eligible=row.not_eligible,
    )


def windows(
    connection: sa.Connection, county: str = "", kind: SubscriberKind | None = None
) -> tuple[WindowSeen, ...]:
    """Return the windows of a county and kind, as far as given (RV1-01). A window without county serves them all."""
    table = schema.review_window
    query = sa.select(table).order_by(table.c.county, table.c.name)
    if county:
        query = query.where(table.c.county.in_((county, "")))
    found = (_window(row) for row in connection.execute(query))
    return tuple(window for window in found if kind is None or kind in window.kinds)


def window(connection: sa.Connection, window_id: int) -> WindowSeen | None:
    """Return one window, or None."""
    table = schema.review_window
    row = connection.execute(sa.select(table).where(table.c.id == window_id)).one_or_none()
    return None if row is None else _window(row)


def _window(row: Any) -> WindowSeen:
    kinds: Iterable[str] = row.kinds
    return WindowSeen(
        id=row.id,
        name=row.name,
        agency_code=row.agency_code,
        county=row.county,
        kinds=tuple(SubscriberKind(kind) for kind in kinds),
        address=row.address,
        phone=row.phone,
        email=row.email,
    )

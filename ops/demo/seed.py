"""Fills an empty demonstration: ceremony, windows, people, organisations and a box of blank cards."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ops import accounts
from ops.accounts import NewAccount
from ops.demo import hopper
from ops.master_keys import ensure_master_key
from workflow import authorities
from workflow.acts.accounts import actor_of
from workflow.staff_cards import Order, make_staff_card
from workflow.store import schema as t
from workflow.store import sealing
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from hardware.folder_station import FolderStation
    from workflow.office import Office

DATA = Path(__file__).parent
CARD_HOLDER, ADMINISTRATOR = "officer1", "admin"
CARD_PIN = "735162"
"""The PIN of the demonstration's one staff card, which it shows to everybody."""
CEREMONY_BEFORE = timedelta(days=365)
"""The CAs look as if they had been at work for a year."""


def seed(office: Office, station: FolderStation, password: str) -> bool:
    """Fill the registry unless it was filled before; tells whether it did. An interrupted filling is taken up again."""
    authorities.establish(office, office.wall.now() - CEREMONY_BEFORE)
    ensure_master_key(office)
    with office.reading() as connection:
        # The clock's row is written last: where it stands, all is there.
        if connection.execute(t.clock_offset.select()).first():
            return False
        windows = connection.execute(t.review_window.select()).first()
        organisations = connection.execute(t.organisation.select()).first()
        logins = set(connection.execute(t.account.select().with_only_columns(t.account.c.login)).scalars())
    if not windows:
        accounts.load_windows(office, _data("windows", "window"))
    if not organisations:
        accounts.load_organisations(office, map(_whole, _data("organisations", "organisation")))
    for one in _data("people", "account"):
        if one["login"] not in logins:
            accounts.add(office, _account(one, password))
    _give_a_card(office, station, password)
    hopper.feed(office, station)
    start_clock(office)
    return True


def _give_a_card(office: Office, station: FolderStation, password: str) -> None:
    """Make one officer a staff card to try, in the holder's reader and then beside it."""
    with office.reading() as connection:
        if connection.execute(t.staff_card.select().where(t.staff_card.c.state == "active")).first():
            return
        a = t.account.c
        query = sa.select(t.account).where(a.login.in_([CARD_HOLDER, ADMINISTRATOR]))
        known = {row.login: row for row in connection.execute(query)}
    reader = station.readers()[-1].name
    if station.readers()[-1].csn is None:
        station.insert(reader, station.new_blank())
    sealing.seal(office)
    order = Order(CARD_HOLDER, reader, password, CARD_PIN)
    make_staff_card(office, order, actor_of(known[ADMINISTRATOR]))
    station.remove(reader)


def start_clock(office: Office) -> None:
    """Give the demonstration the clock that can be moved."""
    with transaction(office) as work:
        work.insert(t.clock_offset, id=1, seconds=0)
        work.audit("clock_started", accounts.SETTER, {})


def people() -> list[dict[str, Any]]:
    """Return the accounts of the demonstration, for the terminal."""
    return _data("people", "account")


def _data(name: str, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))[table]
    return found


def _whole(given: dict[str, Any]) -> dict[str, object]:
    """Give each row the same columns."""
    return {"oid": None, "ubn": None, "agency_code": None, "not_eligible": None, "window": None, **given}


def _account(given: dict[str, Any], password: str) -> NewAccount:
    return NewAccount(
        login=given["login"],
        name=given["name"],
        roles=frozenset(Role(role) for role in given["roles"]),
        password=password,
        window=given.get("window"),
    )

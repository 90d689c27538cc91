"""The card centre: a blank card counted in and made, the envelope packed and posted (CRD-01, CRD-05 … CRD-07)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hardware.scripts.identify import read_csn
from ops.demo.letter_box import MACHINE
from ops.journey.pages import JourneyError
from workflow import stations
from workflow.days import taipei_day
from workflow.views.stock import places

if TYPE_CHECKING:
    from ops.journey.house import House
    from workflow.views.stock import Place

CENTRE, GUARD = "centre", "controller"
STOCK = "/centre/stock/"
_BOX_LETTERS = 40
MAKING_SECONDS = 45
"""Patience with a card that makes its own keys."""


@dataclass(frozen=True, slots=True)
class Posted:
    """An envelope at the post office: its registered number, and the two papers that were printed."""

    mail_number: str
    labels_pdf: bytes
    mailing_list_pdf: bytes


def lay_in_blank(house: House) -> str:
    """Put a new blank card into a machine of the card centre by hand, and return that reader."""
    reader = next(one.name for one in house.station.readers() if one.name.startswith(MACHINE))
    house.station.remove(reader)
    house.station.insert(reader, house.station.new_blank())
    return reader


def count_in(house: House, reader: str) -> str:
    """Bring the card in a reader to the line by the book, unless it is there already; returns its serial number.

    It is a box of one: the centre takes it in, the controller counts it, and both carry it to the line.
    """
    with stations.card_in(house.office, reader) as session:
        csn = session.run(read_csn())
    close_accounts(house)
    centre, guard = house.staff(CENTRE), house.staff(GUARD)
    if _is_in_stock(house, csn):
        return csn
    listed = {"order": "旅程", "box": csn[:_BOX_LETTERS], "csns": csn}
    centre.send(centre.open(f"{STOCK}boxes/").form("/boxes/"), listed)
    waiting = guard.open(f"{STOCK}boxes/").link(f"點收 旅程/{csn[:_BOX_LETTERS]}")
    guard.send(guard.open(waiting).form(), {"counted": "1"})
    stores = {str(place.kind): str(place.id) for place in _places(house) if place.is_store}
    carried = {"from_id": stores["vault"], "to_id": stores["line"], "csns": csn}
    page = centre.send(centre.open(f"{STOCK}moves/").form("/moves/"), carried)
    guard.send(guard.open(page.link("接收 ")).form(), {"counted": "1"})
    return csn


def close_accounts(house: House) -> None:
    """Count the places whose cards moved on a day before, and confirm their accounts, so that the line may go on."""
    today = taipei_day(house.office.clock.now())
    centre, guard = house.staff(CENTRE), house.staff(GUARD)
    for place in _places(house):
        if place.open_since is not None and place.open_since < today:
            form = centre.open(f"{STOCK}accounts/").form("/accounts/")
            page = centre.send(form, {"place_id": str(place.id), "counted": str(place.there)})
            guard.send(guard.open(page.url).form())


def _places(house: House) -> tuple[Place, ...]:
    """Look at the shelves: people who stand before them see what lies there."""
    with house.office.reading() as connection:
        return places(connection, frozenset())


def make(house: House, number: str, reader: str) -> str:
    """Order the manufacture on a reader and wait until the card is made; returns the card's number."""
    centre = house.staff(CENTRE)
    form = centre.open("/centre/").form()
    centre.send(form, {"reader": reader}, button=form.button("order", f"{house.case(number).head.case_id}:"))
    house.wait_for_state(number, "made", MAKING_SECONDS)
    return house.case(number).head.card_number


def take_out(house: House, reader: str) -> None:
    """Take the finished card out of the machine by hand; one in a PC/SC reader stays where it is."""
    if reader in {one.name for one in house.station.readers()}:
        house.station.remove(reader)


def post(house: House, number: str) -> Posted:
    """Print the label, pack the card into its own envelope and post it."""
    centre, head = house.staff(CENTRE), house.case(number).head
    page = centre.open("/centre/packing/")
    labels = centre.send_for_file(page.form("/labels.pdf").tick_only("case_id", str(head.case_id)))
    scanned = {"card_number": head.card_number, "envelope_number": number}
    centre.send(page.form("/packing/"), dict(scanned))
    mail_number = f"{secrets.randbelow(10**14):014d}"
    page = centre.send(centre.open("/centre/posting/").form(), {f"mail-{head.case_id}": mail_number})
    if mail_number not in page.words:
        raise JourneyError(f"{number} is not on the mailing list")
    return Posted(mail_number, labels.content, centre.download(page.link("大宗掛號清單")).content)


def log_returned(house: House, any_number: str, reason: str) -> None:
    """Log an envelope that the post brought back (CRD-06)."""
    centre = house.staff(CENTRE)
    centre.send(centre.open("/centre/returned/").form(), {"number": any_number, "reason": reason})


def _is_in_stock(house: House, csn: str) -> bool:
    return csn in house.staff(CENTRE).open("/centre/stock/?state=blank").words

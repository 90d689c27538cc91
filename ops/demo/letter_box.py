"""The holder's side of the demonstration: delivered cards, and the readers they can be put into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hardware.errors import HardwareError
from web.ports import DemoCard
from workflow.store import schema as t
from workflow.vocabulary import CardState, StaffCardState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hardware.folder_station import FolderStation
    from workflow.office import Office

MACHINE = "製卡機"
"""Readers whose name begins so stand in the card centre; the hopper feeds them."""
_DELIVERED = [str(CardState.POSTED), str(CardState.ACTIVE)]


class LetterBox:
    """A `web.ports.CardFolder`: the cards that were posted lie here; a card in the card centre is not seen."""

    def __init__(self, office: Office, station: FolderStation) -> None:
        self._office = office
        self._station = station

    def cards(self) -> Sequence[DemoCard]:
        """Return the delivered cards, newest first, and the reader each is in."""
        seated = {status.csn: status.name for status in self._station.readers() if status.csn}
        here = set(self._station.cards())
        card, case = t.card.c, t.case.c
        query = (
            t.card.join(t.case, case.id == card.case_id)
            .select()
            .with_only_columns(card.csn, card.number, case.subject_name)
            .where(card.state.in_(_DELIVERED))
            .order_by(card.updated_at.desc(), card.id.desc())
        )
        with self._office.reading() as connection:
            rows = connection.execute(query).all()
            s, a = t.staff_card.c, t.account.c
            staff = connection.execute(
                sa.select(s.csn, s.number, a.login)
                .join(t.account, a.id == s.account_id)
                .where(s.state == str(StaffCardState.ACTIVE))
            ).all()
        own = tuple(
            DemoCard(row.csn, f"{row.login} 承辦人員卡片 staff card {row.number}", seated.get(row.csn, ""))
            for row in staff
            if row.csn in here
        )
        return own + tuple(
            DemoCard(row.csn, f"{row.subject_name} {row.number}", seated.get(row.csn, ""))
            for row in rows
            if row.csn in here
        )

    def readers(self) -> Sequence[str]:
        """Return the holder's readers."""
        return tuple(one.name for one in self._station.readers() if not one.name.startswith(MACHINE))

    def insert(self, reader: str, csn: str) -> None:
        """Put a card into a reader, taking out whatever was in it; LookupError for an unknown card or reader."""
        if reader not in self.readers() or csn not in {card.csn for card in self.cards()}:
            raise LookupError(reader)
        try:
            for status in self._station.readers():
                if status.name == reader or status.csn == csn:
                    self._station.remove(status.name)
            self._station.insert(reader, csn)
        except HardwareError as error:
            raise LookupError(reader) from error

    def remove(self, reader: str) -> None:
        """Take the card out of a reader; LookupError for an unknown one."""
        if reader not in self.readers():
            raise LookupError(reader)
        self._station.remove(reader)

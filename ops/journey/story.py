"""The whole story, from the form to the activated or lapsed card."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509

from ops.journey import applying, holding, making, published, reviewing
from ops.journey.cast import register
from ops.journey.pages import JourneyError
from ops.journey.plugging import card_in_reader
from workflow import policies
from workflow.vocabulary import Ca, Consequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ops.journey.applying import Filed
    from ops.journey.holding import OnCard
    from ops.journey.house import House
    from ops.journey.making import Posted

LAPSES = (((30, 1), 1), ((30,), 2), ((7, 7, 7), 3), ((7, 1, 1, 1), 3))
"""Leaps of the clock, in days, and how many reminders of the activation have gone out after them."""
LAPSE_DAYS = sum(sum(leaps) for leaps, _ in LAPSES)
_REMINDED = "remind_activation"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be told: whose card, in which PC/SC reader if any, and whether it is left to lapse."""

    ca: Ca
    lapse: bool = False
    reader: str = ""
    vpcd_port: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What the story left behind; `pin` is None when nobody activated the card."""

    filed: Filed
    incoming_di: bytes
    forwarding_di: bytes | None
    posted: Posted
    card_number: str
    reader: str
    on_card: OnCard
    pin: str | None


class Teller:
    """Tells the story step by step and says how long each took."""

    def __init__(self, house: House, say: Callable[[str], None]) -> None:
        self._house = house
        self._say = say

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Say what was done and in how many seconds."""
        began = time.monotonic()
        yield
        self._say(f"{time.monotonic() - began:6.1f} s  {words}")

    def tell(self, asked: Asked) -> Told:
        """Tell all of it; JourneyError where a page or a card refuses."""
        house = self._house
        with ExitStack() as stack:
            with self.step("申請 applied at the pages, form and user-code letter printed"):
                filed = applying.apply(house, register(house.office, asked.ca))
            incoming, forwarding = self._review(filed)
            if asked.reader:
                stack.enter_context(card_in_reader(house, asked.reader, asked.vpcd_port))
            reader = asked.reader or making.lay_in_blank(house)
            csn = making.count_in(house, reader)
            with self.step(f"製卡 manufactured in {reader}"):
                number = making.make(house, filed.number, reader)
            making.take_out(house, reader)
            with self.step(f"裝封、交寄 packed and posted card {number}"):
                posted = making.post(house, filed.number)
            reader = asked.reader or holding.insert(house, csn)
            on_card = holding.certificates_on(house, reader)
            pin = None if asked.lapse else self._activate(filed, reader)
            if asked.lapse:
                self._lapse(filed, on_card)
            house.wait("the last mail to leave", lambda: not house.case(filed.number).work)
            return Told(filed, incoming, forwarding, posted, number, reader, on_card, pin)

    def _review(self, filed: Filed) -> tuple[bytes, bytes | None]:
        house, forwarding = self._house, None
        with self.step("收文 electronic letter imported and tied to the case"):
            incoming = reviewing.receive_letter(house, filed)
        if filed.applicant.ca is Ca.XCA:
            with self.step("初審、函送 first review passed and sent on with the window's letter"):
                reviewing.review_first(house, filed.number)
                forwarding = reviewing.forward(house, filed.number)
        with self.step("複審 second review approved"):
            reviewing.review_second(house, filed.number)
        return incoming, forwarding

    def _activate(self, filed: Filed, reader: str) -> str:
        with self.step("開卡 activated by the holder, and a signature made with the PIN"):
            pin = holding.activate(self._house, reader, filed.applicant.user_code)
            holding.prove_pin(self._house, reader, pin)
            self._house.wait_for_state(filed.number, "activated")
        return pin

    def _lapse(self, filed: Filed, on_card: OnCard) -> None:
        """Let ninety days go by without activation (ACT-03, ACT-04)."""
        house, ca, day = self._house, filed.applicant.ca, 0
        for leaps, reminders in LAPSES:
            day += sum(leaps)
            with self.step(f"第 {day} 日 day {day}: {reminders} reminders sent"):
                holding.move_clock(house, *leaps)
                self._wait_for_reminders(filed, reminders)
        revokes = self._policy_revokes(filed)
        state = "revoked_unactivated" if revokes else "suspended_unactivated"
        with self.step(f"逾期 lapsed: {state}, and on the list"):
            house.wait_for_state(filed.number, state)
            serial = x509.load_der_x509_certificate(on_card.signature).serial_number
            house.wait("the list to name the card", lambda: published.is_listed(house, ca, serial))
        if revokes:
            self._stand_barred(filed)

    def _wait_for_reminders(self, filed: Filed, wanted: int) -> None:
        def sent() -> bool:
            page = self._house.case(filed.number)
            # Counted when the mail has left the house, not when it was put on the way.
            return not page.work and sum(step.trigger == _REMINDED for step in page.history) == wanted

        self._house.wait(f"reminder {wanted}", sent)

    def _policy_revokes(self, filed: Filed) -> bool:
        version = self._house.case(filed.number).head.policy_version
        return policies.by_version(version).not_activated.value is Consequence.REVOKE

    def _stand_barred(self, filed: Filed) -> None:
        """See that a new application is turned away (REV-05)."""
        with self.step("禁止重新申請 a new application is turned away"):
            if not applying.is_turned_away(self._house, filed.applicant):
                raise JourneyError(f"{filed.applicant.name} may apply again, though it is barred")

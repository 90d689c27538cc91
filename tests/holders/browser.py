"""A holder's browser without a screen: carries commands between the registry and the card, and fills in the PINs."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from hardware.secrets_of_card import encode_pin
from tests.faults.line import READER
from tests.workflow.registry import CODE
from workflow.commands_of_holders import AdvanceCardSession, OpenCardSession
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.vocabulary import CardErrand

if TYPE_CHECKING:
    from tests.faults.line import Bench
    from workflow.card_sessions import CardTurn


class Browser:
    """One browser with one card in its reader; `office` may be exchanged for another process's."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.office = bench.office
        self.owner = secrets.token_urlsafe()
        self.token = ""
        self.pin = ""
        self.sent: list[bytes] = []

    @property
    def case_id(self) -> int:
        return self.bench.line.case_id

    @property
    def csn(self) -> str:
        return self.bench.line.csn

    def do(self, command: Any) -> Any:
        return handle(self.office, command, PUBLIC)

    def open(self, errand: CardErrand, **values: Any) -> CardTurn:
        self.token = secrets.token_urlsafe()
        given = {"csn": "" if errand is CardErrand.LOOK else self.csn} | values
        if errand in {CardErrand.ACTIVATE, CardErrand.UNBLOCK}:
            given = {"case_id": self.case_id, "user_code": CODE} | given
        command = OpenCardSession(token=self.token, owner=self.owner, errand=errand, **given)
        return self.do(command).turn

    def step(self, turn: CardTurn, response: bytes) -> CardTurn:
        command = AdvanceCardSession(token=self.token, owner=self.owner, step=turn.step, response=response)
        return self.do(command).turn

    def answer(self, session: Any, turn: CardTurn, **pins: str) -> bytes:
        """Fill the holes of a command and let the card answer it."""
        text = turn.command
        for name, pin in pins.items():
            text = text.replace("{" + name + "}", encode_pin(pin).hex())
        self.sent.append(bytes.fromhex(text))
        return bytes(session.transmit(self.sent[-1]))

    def talk(self, errand: CardErrand, pins: dict[str, str] | None = None, **values: Any) -> Any:
        """Hold a whole conversation and return its answer."""
        turn = self.open(errand, **values)
        with self.bench.station.open_session(READER) as session:
            while not turn.done:
                turn = self.step(turn, self.answer(session, turn, **(pins or {})))
        return turn.answer

    def activate(self) -> str:
        self.pin = self.talk(CardErrand.ACTIVATE)["pin"]
        return self.pin

    def prove(self, pin: str = "") -> Any:
        return self.talk(CardErrand.PROVE, {"pin": pin or self.pin})

    def audited(self) -> list[str]:
        return [row.kind for row in self.bench.rows(t.audit_entry)]

    def statuses(self) -> set[str]:
        return {row.status for row in self.bench.rows(t.certificate, t.certificate.c.csn.is_not(None))}

    def row(self) -> Any:
        return self.bench.rows(t.card_session)[-1]

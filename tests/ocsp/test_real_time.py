"""Real time: many processes answer while many hands change statuses, and no answer tells what is over (SUS-10).

A change is known to be over when the door has returned, and cannot have begun before the door was entered. An answer
was signed, or taken from memory, between its question and its arrival. From these moments follows which statuses an
answer may tell; no clock of any database or responder is compared with another.
"""

from __future__ import annotations

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from tests.ocsp.responding import question
from workflow.commands import LapsePaper
from workflow.commands_of_holders import ResumeByHolder, SuspendByHolder
from workflow.facts import PUBLIC, SYSTEM
from workflow.store import schema as t
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocsp.responding import Responder
    from tests.workflow.registry import Registry

CARDS = 2
CYCLES = 6
ASKERS = 4
KEPT_SECONDS = 1.0


@dataclass
class Change:
    """A status in force: at the earliest from `begun`, surely from `done`."""

    word: str
    begun: float
    done: float


@dataclass
class Card:
    """A card whose statuses are changed, and what is known of them."""

    number: str
    code: str
    reset: int
    serials: list[int]
    changes: list[Change] = field(default_factory=list)

    @property
    def proof(self) -> dict[str, str]:
        return {"card_number": self.number, "user_code": self.code}

    def may_be_told(self, word: str, asked: float, answered: float, slack: float) -> bool:
        """Tell whether a status was in force at some moment between question and answer, or shortly before."""
        over = [change.done for change in self.changes[1:]] + [float("inf")]
        return any(
            change.word == word and change.begun <= answered and end >= asked - slack
            for change, end in zip(self.changes, over, strict=True)
        )


@dataclass(frozen=True)
class Told:
    """One answer."""

    card: Card
    word: str
    asked: float
    answered: float
    slack: float


def a_card(registry: Registry) -> Card:
    case_id = registry.a_case("activated", Ca.XCA)
    reset = registry.a_reset("copy_received", Ca.XCA, case_id)
    code = registry.tell(reset, Ca.XCA)
    rows = registry.rows(t.certificate, t.certificate.c.case_id == case_id)
    serials = [int(row.serial, 16) for row in rows]
    card = Card(str(registry.case(case_id).card_number), code, reset, serials)
    card.changes.append(Change("good", 0.0, 0.0))
    return card


def change_often(registry: Registry, card: Card, dice: random.Random) -> None:
    """Suspend and resume as the holder does, and revoke in the end as a lapsed deadline does."""

    def do(command: object, actor: object, word: str) -> None:
        begun = time.monotonic()
        registry.do(command, actor)
        card.changes.append(Change(word, begun, time.monotonic()))
        time.sleep(dice.uniform(0, 0.4))

    for _ in range(CYCLES):
        do(SuspendByHolder(**card.proof, reason="遺失"), PUBLIC, "revoked")
        do(ResumeByHolder(**card.proof), PUBLIC, "good")
    do(LapsePaper(case_id=card.reset), SYSTEM, "revoked")


def ask_often(
    registry: Registry, cards: list[Card], responders: list[Responder], ended: Event, dice: random.Random
) -> list[Told]:
    """Ask at random, and answer for every answer that came."""
    told: list[Told] = []
    while not ended.is_set():
        card, responder = dice.choice(cards), dice.choice(responders)
        nonce = dice.randbytes(16) if dice.random() < 0.5 else None
        asked_for = question(registry.office, "xca", dice.choice(card.serials), nonce)
        ask = responder.get if dice.random() < 0.5 else responder.post
        asked = time.monotonic()
        try:
            reply = ask(asked_for)
        except (OSError, HTTPException):
            continue  # Its process was killed just now.
        answered = time.monotonic()
        if reply.ocsp.response_status.name == "SUCCESSFUL":
            told.append(Told(card, reply.word, asked, answered, 0.0 if nonce else KEPT_SECONDS))
    return told


def children(process: int) -> list[int]:
    return [int(found) for found in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.mark.rule("SUS-10", "CRL-05")
def test_no_answer_tells_a_status_that_is_over(registry, start_responder):
    cards = [a_card(registry) for _ in range(CARDS)]
    responders = [start_responder(workers=2), start_responder()]
    for one in responders:
        one.wait()
    ended = Event()
    with ThreadPoolExecutor(CARDS + ASKERS) as hands:
        askers = [
            hands.submit(ask_often, registry, cards, responders, ended, random.Random(number))
            for number in range(ASKERS)
        ]
        writers = [hands.submit(change_often, registry, card, random.Random(card.number)) for card in cards]
        try:
            disturb(responders)
            for writer in writers:
                writer.result()
            time.sleep(KEPT_SECONDS)
        finally:
            ended.set()
        told = [one for asker in askers for one in asker.result()]
    stale = [one for one in told if not one.card.may_be_told(one.word, one.asked, one.answered, one.slack)]
    assert not stale
    seen = {(one.word, one.slack) for one in told}
    assert seen == {(word, slack) for word in ("good", "revoked") for slack in (0.0, KEPT_SECONDS)}
    assert {reply.word for one in responders for card in cards
            for reply in [one.get(question(registry.office, "xca", card.serials[0]))]} == {"revoked"}  # fmt: skip


def disturb(responders: list[Responder]) -> None:
    """Kill a worker, and hold another up for longer than a kept answer may live."""
    time.sleep(1)
    killed = children(responders[0].process.pid)[0]
    os.kill(killed, signal.SIGKILL)
    (held,) = children(responders[1].process.pid)
    os.kill(held, signal.SIGSTOP)
    time.sleep(KEPT_SECONDS + 0.5)
    os.kill(held, signal.SIGCONT)


@pytest.mark.rule("SUS-10")
def test_a_responder_without_database_tells_nothing_and_comes_back(
    registry: Registry, start_responder: Callable[..., Responder], postgresql_cluster
):
    card = a_card(registry)
    responder = start_responder().wait()
    asked = question(registry.office, "xca", card.serials[0])
    assert responder.get(asked).word == responder.get(asked).word == "good"
    name = registry.engine.url.database
    with postgresql_cluster.connect() as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        cut = time.monotonic()
        try:
            while (reply := responder.get(asked)).ocsp.response_status.name == "SUCCESSFUL":
                assert time.monotonic() < cut + 20
            assert reply.ocsp.response_status.name == "TRY_LATER"
            assert responder.ask("GET", "/health").status == 503
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    registry.engine.dispose()
    registry.do(SuspendByHolder(**card.proof, reason="遺失"), PUBLIC)
    until = time.monotonic() + 30
    while not responder.ready():
        assert time.monotonic() < until, responder.log.read_text()
        time.sleep(0.05)
    assert responder.get(asked).word == "revoked"


@pytest.mark.rule("SUS-10")
def test_a_deaf_responder_hears_of_changes_all_the_same(registry, start_responder, postgresql_cluster):
    card = a_card(registry)
    responder = start_responder().wait()
    asked = question(registry.office, "xca", card.serials[0])
    assert responder.get(asked).word == "good"
    with postgresql_cluster.connect() as connection:
        listening = "query LIKE 'LISTEN%%' OR query LIKE '%%status_change AS f%%'"
        connection.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND ({listening})",  # noqa: S608
            (registry.engine.url.database,),
        )
    registry.do(SuspendByHolder(**card.proof, reason="遺失"), PUBLIC)
    done = time.monotonic()
    while time.monotonic() <= done + KEPT_SECONDS:
        responder.get(asked)
    assert responder.get(asked).word == "revoked"

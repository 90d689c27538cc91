"""Whatever goes wrong at whichever command, the card is finished afterwards, with one key a slot and secrets we know."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from hardware.errors import HardwareError, SecretRefused
from hardware.piv import FACTORY_PIN, FACTORY_PUK, Algorithm, Slot
from hardware.scripts.personalise import Personalisation, complete, ensure_key, take_over
from hardware.scripts.retire import Retirement, retire
from hardware.scripts.steps import select, verify_pin
from hardware.scripts.unlock import PukChange, activate, unblock
from hardware.secrets_of_card import encode_pin, encode_puk
from hardware.virtual.card import Fault
from tests.hardware.registry_hands import CARD_NUMBER, a_certificate, a_challenge, some_secrets
from tests.hardware.tearing import MISHAP_NAMES, MISHAPS, Bench, torn_everywhere

NEVER = date(2099, 12, 31)
NEXT_PUK = "ABCD2345"
HOLDERS_PIN = "975318"
CHALLENGE = b"c" * 32
SLOTS = (Slot.SIGNATURE, Slot.ENCIPHERMENT)

EVERY_MISHAP = pytest.mark.parametrize("mishap", MISHAPS, ids=MISHAP_NAMES)
CARDS = pytest.mark.parametrize("talks", [True, False], ids=["talkative", "silent"])


@dataclass
class Line:
    """A manufacturing line: what it has stored survives every tear."""

    plan: Personalisation
    recorded: dict = field(default_factory=dict)
    certificates: dict = field(default_factory=dict)

    def make(self, session) -> None:
        session.run(take_over(self.plan, a_challenge()))
        for slot in SLOTS:
            spki = session.run(ensure_key(slot, Algorithm.P256, self.recorded.get(slot)))
            # From here on a certificate may be asked for: the key must never be another one again.
            assert self.recorded.setdefault(slot, spki) == spki
        for slot in SLOTS:
            if slot not in self.certificates:
                self.certificates[slot] = a_certificate(self.recorded[slot], slot, Algorithm.P256)
        session.run(complete(self.certificates, CHALLENGE, self.plan.secrets.pin))


@pytest.fixture
def table():
    """Lend a folder in memory where there is one: thousands of cards are stored here, each to be synced to disk."""
    memory = Path("/dev/shm")  # noqa: S108 - only the folder in which a private one is made
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def new_line(table):
    """Lay a blank on the table and store what is to become of it."""

    def new_line(*, talks):
        bench = Bench.with_blank(table, answers_metadata=talks)
        bench.line = Line(Personalisation(bench.csn, CARD_NUMBER, NEVER, some_secrets()))
        return bench

    return new_line


@pytest.fixture
def taken_over(new_line):
    """A card with secrets of ours, and keys in no slot: enough to be activated."""

    def taken_over(*, talks):
        bench = new_line(talks=talks)
        with bench.plugged() as session:
            session.run(take_over(bench.line.plan, a_challenge()))
        return bench

    return taken_over


def keys_on(bench):
    return {
        slot: load_der_private_key(key.pkcs8, None)
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for slot, key in bench.state.keys.items()
    }


def require_known_secrets(bench, pins, puks):
    """See that the card holds a PIN and a PUK that were stored, with tries to spare."""
    state = bench.state
    assert state.pin.value in {encode_pin(pin) for pin in pins}
    assert state.puk.value in {encode_puk(puk) for puk in puks}
    assert state.puk.left > 0


@EVERY_MISHAP
@CARDS
@pytest.mark.rule("CRD-01", "CRD-02")
def test_a_card_is_finished_wherever_its_making_was_torn(new_line, talks, mishap):
    places = 0
    for bench in torn_everywhere(
        lambda: new_line(talks=talks), lambda bench, session: bench.line.make(session), mishap
    ):
        places += 1
        ours, handed_out = bench.line.plan.secrets, dict(bench.line.recorded)
        require_known_secrets(bench, {FACTORY_PIN, ours.pin}, {FACTORY_PUK, ours.puk})
        with bench.plugged() as session:
            bench.line.make(session)
        require_known_secrets(bench, {ours.pin}, {ours.puk})
        assert keys_on(bench) == bench.line.recorded
        assert handed_out.items() <= bench.line.recorded.items()
    assert places >= 30


@pytest.mark.parametrize("seed", range(30))
def test_a_card_torn_twice_is_finished_or_put_aside_by_name(new_line, seed):
    chance = random.Random(seed)
    bench = new_line(talks=chance.random() < 0.5)
    for _ in range(2):
        kind, sw = chance.choice(MISHAPS)
        bench.torn(Fault(chance.randrange(40), kind, sw), bench.line.make)
    ours = bench.line.plan.secrets
    require_known_secrets(bench, {FACTORY_PIN, ours.pin}, {FACTORY_PUK, ours.puk})
    put_aside = False
    with bench.plugged() as session:
        try:
            bench.line.make(session)
        except SecretRefused:
            put_aside = True
    assert put_aside or keys_on(bench) == bench.line.recorded
    assert not put_aside or 1 in {bench.state.pin.left, bench.state.puk.left}


@EVERY_MISHAP
@CARDS
@pytest.mark.rule("ACT-01")
def test_an_activation_is_finished_wherever_it_was_torn(taken_over, talks, mishap):
    def script(bench):
        return activate(PukChange(bench.line.plan.secrets.puk, NEXT_PUK), HOLDERS_PIN)

    places = 0
    for bench in torn_everywhere(
        lambda: taken_over(talks=talks), lambda bench, session: session.run(script(bench)), mishap
    ):
        places += 1
        ours = bench.line.plan.secrets
        require_known_secrets(bench, {ours.pin, HOLDERS_PIN}, {ours.puk, NEXT_PUK})
        with bench.plugged() as session:
            session.run(script(bench))
        require_known_secrets(bench, {HOLDERS_PIN}, {NEXT_PUK})
    assert places >= 4


@EVERY_MISHAP
@CARDS
@pytest.mark.rule("PIN-02")
def test_an_unblocking_is_finished_wherever_it_was_torn(taken_over, talks, mishap):
    def blocked():
        bench = taken_over(talks=talks)
        with bench.plugged() as session:
            session.run(select())
            for _ in range(3):
                with pytest.raises(SecretRefused):
                    session.run(verify_pin("864209"))
        return bench

    def script(bench):
        return unblock(PukChange(bench.line.plan.secrets.puk, NEXT_PUK), HOLDERS_PIN)

    for bench in torn_everywhere(blocked, lambda bench, session: session.run(script(bench)), mishap):
        ours = bench.line.plan.secrets
        require_known_secrets(bench, {ours.pin, HOLDERS_PIN}, {ours.puk, NEXT_PUK})
        with bench.plugged() as session:
            session.run(script(bench))
            session.run(verify_pin(HOLDERS_PIN))
        assert bench.state.puk.value == encode_puk(NEXT_PUK)


@EVERY_MISHAP
def test_a_retirement_is_finished_wherever_it_was_torn(new_line, mishap):
    def finished():
        bench = new_line(talks=True)
        with bench.plugged() as session:
            bench.line.make(session)
        bench.order = Retirement(bench.line.plan.secrets.management_key, some_secrets().management_key)
        return bench

    for bench in torn_everywhere(
        finished, lambda bench, session: session.run(retire(bench.order, a_challenge())), mishap
    ):
        with bench.plugged() as session:
            assert session.run(retire(bench.order, a_challenge())).is_complete
        state = bench.state
        assert (state.pin.left, state.puk.left) == (0, 0)
        assert not set(keys_on(bench).values()) & set(bench.line.recorded.values())
        assert state.management_key == bench.order.final_key.value


def test_a_card_of_unknown_secrets_is_never_said_to_be_finished(new_line):
    bench = new_line(talks=True)
    with bench.plugged() as session:
        session.run(take_over(Personalisation(bench.csn, CARD_NUMBER, NEVER, some_secrets()), a_challenge()))
        with pytest.raises(HardwareError):
            bench.line.make(session)
    assert not bench.line.recorded

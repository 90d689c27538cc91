"""Lets scripts talk to a card whose answers are damaged on the way: each ends well or with an error of the room.

    python -m tests.fuzz.card_responses --count 100000 --seed 1

Whatever is answered, a script neither runs on for ever nor spends the last try of a PIN or PUK (but for retiring one).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from hardware.chuid import build_chuid
from hardware.errors import HardwareError
from hardware.piv import FACTORY_PIN, Algorithm, Slot
from hardware.scripts.authenticate_management import authenticate_management
from hardware.scripts.certificates import read_certificate
from hardware.scripts.change_pin import change_pin
from hardware.scripts.identify import identify
from hardware.scripts.personalise import (
    Personalisation,
    complete,
    ensure_key,
    read_public_key,
    reopen,
    take_over,
)
from hardware.scripts.possession import verify_possession
from hardware.scripts.retire import Retirement, retire
from hardware.scripts.script import on_the_wire
from hardware.scripts.set_secrets import CardSecrets
from hardware.scripts.sign import SigningKey, sign
from hardware.scripts.unlock import PukChange, activate
from hardware.scripts.view import view
from hardware.secrets_of_card import FACTORY_KEY, ManagementKey
from hardware.virtual.application import PivApplication
from hardware.virtual.power import PoweredCard
from hardware.virtual.state import CardState, blank
from tests.hardware.registry_hands import a_certificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.scripts.script import Script

CSN = bytes(range(16))
OURS = CardSecrets("975318", "ABCD2345", ManagementKey(Algorithm.AES_192, bytes(range(100, 124))))
FINAL = ManagementKey(Algorithm.AES_192, bytes(range(50, 74)))
CHALLENGE, LONG_CHALLENGE = bytes(range(16)), bytes(range(32))
PLAN = Personalisation(CSN.hex(), "XC00000000001168", date(2099, 12, 31), OURS)
MOST_EXCHANGES = 3000  # Retiring may spend 2 × 520 tries, and each answer may be cut into parts.
STATUS_WORDS = (
    0x9000, 0x6100, 0x61FF, 0x6C00, 0x6C08, 0x63C0, 0x63C1, 0x63C3, 0x6700, 0x6882, 0x6982, 0x6983, 0x6985, 0x6A80,
    0x6A82, 0x6A86, 0x6A88, 0x6D00, 0x6E00, 0x6F00, 0x0000, 0xFFFF,
)  # fmt: skip


@dataclass
class Cards:
    """A blank and a finished card, as text; and the finished one's certificates."""

    blank: str
    finished: str
    certificates: dict[Slot, bytes] = field(default_factory=dict)

    @classmethod
    def make(cls) -> Cards:
        state = blank(CSN, build_chuid(CSN, date(2099, 12, 31)))
        text = state.to_json()
        card = PivApplication(PoweredCard(state, random.Random(0).randbytes))
        _hold(take_over(PLAN, CHALLENGE), card.process)
        certificates = {}
        for slot, algorithm in ((Slot.SIGNATURE, Algorithm.P256), (Slot.ENCIPHERMENT, Algorithm.P384)):
            spki = _hold(ensure_key(slot, algorithm, None), card.process)
            certificates[slot] = a_certificate(spki, slot, algorithm)
        _hold(complete(certificates, LONG_CHALLENGE, OURS.pin), card.process)
        return cls(text, state.to_json(), certificates)


def _hold(script: Script[Any], answer: Callable[[bytes], bytes]) -> Any:
    """Hold a conversation to its end; ends it by AssertionError when it never ends by itself."""
    raw = on_the_wire(script)
    try:
        command = next(raw)
        for _ in range(MOST_EXCHANGES):
            command = raw.send(answer(command))
    except StopIteration as end:
        return end.value
    finally:
        raw.close()
    raise AssertionError("the script runs on for ever")


class Line:
    """The way from the card to the script, on which answers are damaged."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.cards = Cards.make()
        self.damaged = self.talks = self.ended_well = 0

    def talk(self) -> None:
        """Run one script against one card, with a share of its answers damaged."""
        is_blank = self.chance.random() < 0.3
        state = CardState.from_json(self.cards.blank if is_blank else self.cards.finished)
        state.answers_metadata = self.chance.random() < 0.7
        card = PivApplication(PoweredCard(state, self.chance.randbytes))
        name, script = self.script()
        share = self.chance.choice([0.05, 0.2, 0.6])
        self.talks += 1
        try:
            _hold(script, lambda command: self.carried(card.process(command), share))
        except HardwareError:
            pass
        else:
            self.ended_well += 1
        if name != "retire":
            assert min(state.pin.left, state.puk.left) > 0, f"{name} blocked the card"
        assert CardState.from_json(state.to_json()) == state

    def script(self) -> tuple[str, Script[Any]]:
        """Take one of the scripts."""
        der = self.cards.certificates
        scripts: dict[str, Callable[[], Script[Any]]] = {
            "identify": identify,
            "view": view,
            "take over": lambda: take_over(PLAN, CHALLENGE),
            "make a key": lambda: _opened(ensure_key(Slot.AUTHENTICATION, Algorithm.P256, None)),
            "read a key": lambda: _opened(read_public_key(Slot.SIGNATURE)),
            "complete": lambda: _opened(complete(der, LONG_CHALLENGE, OURS.pin)),
            "activate": lambda: activate(PukChange(OURS.puk, "WXYZ6789"), "246813"),
            "change": lambda: change_pin(self.chance.choice([OURS.pin, FACTORY_PIN]), "246813"),
            "sign": lambda: sign(SigningKey(Slot.SIGNATURE, Algorithm.P256), bytes(32), OURS.pin),
            "prove 9C": lambda: verify_possession(
                Slot.SIGNATURE, der[Slot.SIGNATURE], LONG_CHALLENGE, OURS.pin
            ),
            "prove 9D": lambda: verify_possession(
                Slot.ENCIPHERMENT, der[Slot.ENCIPHERMENT], LONG_CHALLENGE, OURS.pin
            ),
            "read": lambda: read_certificate(Slot.SIGNATURE),
            "authenticate": lambda: authenticate_management(FACTORY_KEY, CHALLENGE),
            "retire": lambda: retire(Retirement(OURS.management_key, FINAL), CHALLENGE),
        }
        name = self.chance.choice(list(scripts))
        return name, scripts[name]()

    def carried(self, answer: bytes, share: float) -> bytes:
        """Carry an answer over, damaged or not."""
        if self.chance.random() >= share:
            return answer
        self.damaged += 1
        chance, changed = self.chance, bytearray(answer)
        what = chance.randrange(8)
        if what == 0:
            return chance.randbytes(chance.randrange(60))
        if what == 1:
            return bytes(changed[: chance.randrange(len(changed) + 1)])
        if what == 2:
            return bytes(changed[:-2]) + chance.choice(STATUS_WORDS).to_bytes(2, "big")
        if what == 3:
            return chance.choice(STATUS_WORDS).to_bytes(2, "big")
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changed) + 1)
            if what <= 5 and at < len(changed):
                changed[at] = chance.choice([changed[at] ^ (1 << chance.randrange(8)), 0, 0x80, 0xFF])
            elif what == 6:
                changed[at:at] = chance.randbytes(chance.randint(1, 4))
            else:
                del changed[at : at + chance.randint(1, 3)]
        return bytes(changed)


def _opened(script: Script[Any]) -> Script[Any]:
    yield from reopen(PLAN, CHALLENGE)
    return (yield from script)


def run(count: int, seed: int) -> Line:
    """Talk until `count` answers have been damaged; raises whatever is no error of the room."""
    line = Line(seed)
    while line.damaged < count:
        line.talk()
    return line


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Fuzz the card scripts with damaged answers.")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    began = time.monotonic()
    line = run(wanted.count, wanted.seed)
    sys.stdout.write(
        f"{line.damaged} damaged answers in {line.talks} conversations, {time.monotonic() - began:.0f} s:"
        f" {line.ended_well} ended well, the others with an error of the room.\n"
    )


if __name__ == "__main__":
    main()

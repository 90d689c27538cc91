"""Sends random and mutated commands at the card in memory, and after each one sees that it gave nothing away.

    python -m tests.fuzz.card_commands --count 200000 --seed 1

What may be is worked out here from what was sent, not from what the card believes: a key is used only while its PIN has
been proven, what is stored changes only while the management key has been, a counter never rises unearned.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

from hardware.apdu import CommandApdu, ResponseApdu
from hardware.block_ciphers import encrypt_block
from hardware.chuid import build_chuid
from hardware.errors import ApduError
from hardware.piv import AID, Algorithm, DataObject, Ins, Reference, Slot, tries_left
from hardware.tlv import build, find, parse_one
from hardware.virtual.application import PivApplication
from hardware.virtual.key_operations import generate, private_key
from hardware.virtual.power import PoweredCard
from hardware.virtual.state import CardState, blank

if TYPE_CHECKING:
    from collections.abc import Callable

PIN, PUK, WRONG = b"975318\xff\xff", b"ABCD2345", b"864209\xff\xff"
KEY = sha256(b"management key").digest()[:24]
ALGORITHMS = {
    Slot.AUTHENTICATION: Algorithm.P256,
    Slot.SIGNATURE: Algorithm.P256,
    Slot.ENCIPHERMENT: Algorithm.P384,
    Slot.CARD_AUTHENTICATION: Algorithm.P256,
}
SESSION_LENGTHS = (1, 80)
LONGEST_RESPONSE = 65538
GENERATE_BY_CHANCE = 0.02


class Broken(AssertionError):  # noqa: N818 - named as the finding it is
    """An invariant does not hold; the message says which, and what was sent."""


@dataclass
class Known:
    """What the one who sends has proven since the power came on."""

    pin: bool = False
    managed: bool = False
    just_pin: bool = False
    parts: CommandApdu | None = None
    """The parts of a chain so far, put together."""


@dataclass
class Bench:
    """A finished card as it is laid on the table anew: its state written down, and its keys loaded once."""

    text: str
    loaded: dict = field(default_factory=dict)
    private: tuple[bytes, ...] = ()

    @classmethod
    def make(cls) -> Bench:
        state = blank(bytes(range(16)), build_chuid(bytes(range(16)), date(2099, 12, 31)))
        state.pin.value, state.puk.value = PIN, PUK
        state.management_key = KEY
        card = PoweredCard(state, secrets.token_bytes, managed=True)
        for slot, algorithm in ALGORITHMS.items():
            template = build(0xAC, build(0x80, bytes([algorithm])))
            generate(card, CommandApdu(0, Ins.GENERATE_ASYMMETRIC_KEY_PAIR, 0, slot, template))
        state.objects[DataObject.CERTIFICATE_9C] = bytes(range(250)) * 4
        private = tuple(
            private_key(card, slot).private_numbers().private_value.to_bytes(size, "big")
            for slot, size in ((Slot.SIGNATURE, 32), (Slot.ENCIPHERMENT, 48))
        )
        return cls(state.to_json(), dict(card.loaded), private)


class Attack:
    """One power-up of a card after the other, with everything that was sent in between."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.bench = Bench.make()
        self.count = self.uses = self.proofs = 0
        self.lay_down()

    def lay_down(self) -> None:
        """Take the card as it was made, and put the power on."""
        self.state = CardState.from_json(self.bench.text)
        self.loaded = dict(self.bench.loaded)
        self.power_up()

    def power_up(self) -> None:
        """Take the power away and give it back: nothing is proven any more."""
        self.card = PoweredCard(self.state, self.chance.randbytes, loaded=self.loaded)
        self.application = PivApplication(self.card)
        self.known = Known()
        if self.chance.random() < 0.95:
            self.send(CommandApdu(0, Ins.SELECT, 4, 0, AID).encode())

    def session(self, limit: int) -> None:
        """Send one session's commands, at most `limit` of them."""
        if self.chance.random() < 0.3:
            self.lay_down()
        else:
            self.power_up()
        end = min(self.count + self.chance.randint(*SESSION_LENGTHS), limit)
        while self.count < end:
            for raw in self.something():
                self.send(raw)

    def something(self) -> list[bytes]:
        """Make up what to send next: mostly sense, then sense that is damaged, then noise."""
        if self.chance.random() < 0.08:
            self.prove_management_key()
        if self.chance.random() < 0.1:
            return self.signature()
        whole = self.chance.choice(_SENSE)(self.chance)
        kind = self.chance.random()
        if kind < 0.08:
            return [self.chance.randbytes(self.chance.randrange(40))]
        if kind < 0.3 and whole.data:
            return [part.encode() for part in whole.chained(self.chance.randint(1, 255))]
        raw = whole.encode()
        return [self.damaged(raw)] if kind < 0.65 else [raw]

    def signature(self) -> list[bytes]:
        """Present the PIN and use a key, now and then with something in between."""
        verify = CommandApdu(0, Ins.VERIFY, 0, Reference.PIN, PIN).encode()
        between = [self.damaged(_any(self.chance).encode())] if self.chance.random() < 0.4 else []
        slot = self.chance.choice([Slot.SIGNATURE, *Slot])
        parts = [part.encode() for part in _use(slot, self.chance).chained(self.chance.choice([20, 255]))]
        return [verify, *between, *parts, *(parts if self.chance.random() < 0.3 else [])]

    def damaged(self, raw: bytes) -> bytes:
        """Change, drop, double or add a few bytes."""
        chance, changed = self.chance, bytearray(raw)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(changed)) if changed else 0
            what = chance.randrange(4)
            if what == 0 and changed:
                changed[at] = chance.choice([changed[at] ^ (1 << chance.randrange(8)), 0, 0xFF])
            elif what == 1:
                del changed[at : at + chance.randint(1, 4)]
            elif what == 2:
                changed[at:at] = changed[at : at + chance.randint(1, 8)]
            else:
                changed[at:at] = chance.randbytes(chance.randint(1, 3))
        return bytes(changed)

    def prove_management_key(self) -> None:
        """Prove the key in earnest, by the single authentication or with a wrong answer."""
        ask = CommandApdu(0, Ins.GENERAL_AUTHENTICATE, 0, Reference.MANAGEMENT, build(0x7C, build(0x81)), 256)
        answer = ResponseApdu.parse(self.send(ask.encode()))
        if not answer.is_success:
            return
        challenge = find(parse_one(answer.data, 0x7C), 0x81) or b""
        right = self.chance.random() < 0.7
        response = encrypt_block(
            self.state.management_algorithm, self.state.management_key if right else KEY[::-1], challenge
        )
        proof = replace(ask, data=build(0x7C, build(0x82, response)))
        answer = ResponseApdu.parse(self.send(proof.encode()))
        self.known.managed = answer.is_success and (right or self.state.management_key == KEY[::-1])
        if self.known.managed:
            self.proofs += 1

    def send(self, raw: bytes) -> bytes:
        """Send one raw command and look at everything afterwards."""
        self.count += 1
        before = CardState.from_json(self.state.to_json())
        answer = self.application.process(raw)
        try:
            self._look(raw, ResponseApdu.parse(answer), before)
        except AssertionError as broken:
            raise Broken(
                f"command {self.count}: {raw.hex()} answered {answer.hex()[:80]}: {broken}"
            ) from broken
        return answer

    def _look(self, raw: bytes, response: ResponseApdu, before: CardState) -> None:
        state, known = self.state, self.known
        assert len(response.data) <= LONGEST_RESPONSE, "the answer is too long"
        for secret in (*self.bench.private, state.management_key, before.management_key):
            assert secret not in response.data, "a secret went out"
        assert CardState.from_json(state.to_json()) == state, "the state cannot be stored"
        command = self._whole(_parsed(raw))
        self._look_at_keys(command, response)
        self._look_at_counters(command, response, before)
        if not known.managed:
            writable = (state.keys, state.objects, state.management_key, state.management_algorithm)
            was = (before.keys, before.objects, before.management_key, before.management_algorithm)
            assert writable == was, "something was written without the management key"
        self._learn(command, response, before)

    def _whole(self, command: CommandApdu | None) -> CommandApdu | None:
        """Put the parts of a chain together; until its last one a part stands for itself."""
        before, self.known.parts = self.known.parts, None
        if command is None or command.ins == Ins.GET_RESPONSE:
            # Neither is a part of a chain, and neither ends one.
            self.known.parts = before
            return command
        single = replace(command, cla=command.cla & ~0x10)
        if before is not None and before.header_values == single.header_values:
            single = replace(single, data=before.data + single.data)
        if command.is_chained:
            self.known.parts = single
            return command
        return single

    def _look_at_keys(self, command: CommandApdu | None, response: ResponseApdu) -> None:
        """See that no key was used without what its slot asks for (SP 800-73-4 part 1 table 4b)."""
        if command is None or command.ins != Ins.GENERAL_AUTHENTICATE or command.is_chained:
            return
        if command.p2 not in set(Slot) or not (response.is_success or response.sw1 == 0x61):
            return
        self.uses += 1
        if command.p2 == Slot.SIGNATURE:
            assert self.known.just_pin, "9C signed without a PIN right before"
        elif command.p2 != Slot.CARD_AUTHENTICATION:
            assert self.known.pin, "a key was used without the PIN"

    def _look_at_counters(
        self, command: CommandApdu | None, response: ResponseApdu, before: CardState
    ) -> None:
        state = self.state
        for now, was in ((state.pin, before.pin), (state.puk, before.puk)):
            assert 0 <= now.left <= now.limit == was.limit, "a counter is out of its bounds"
            if now.left > was.left or now.value != was.value:
                assert command is not None, "a secret or its counter changed by nothing that is a command"
                assert response.is_success, "a secret or its counter changed by what was refused"
                assert was.left > 0 or (now is state.pin and before.puk.left > 0), (
                    "a blocked secret came back"
                )
        for now, was in ((state.pin, before.pin), (state.puk, before.puk)):
            assert was.left - now.left <= 1, "more than one try was taken"

    def _learn(self, command: CommandApdu | None, response: ResponseApdu, before: CardState) -> None:
        """Note what has been proven by this command, or is no longer."""
        known = self.known
        chains_to_a_key = (
            command is not None and command.ins == Ins.GENERAL_AUTHENTICATE and command.is_chained
        )
        known.just_pin = known.just_pin and chains_to_a_key and response.is_success
        if command is None or command.is_chained:
            return
        if command.ins == Ins.VERIFY and command.p2 == Reference.PIN:
            self._learn_from_verify(command, response, before)
        if command.ins == Ins.CHANGE_REFERENCE_DATA and command.p2 == Reference.PIN:
            known.pin = response.is_success or (known.pin and tries_left(response.sw) is None)

    def _learn_from_verify(self, command: CommandApdu, response: ResponseApdu, before: CardState) -> None:
        if command.p1 == 0xFF:
            self.known.pin = self.known.pin and not response.is_success
        elif response.is_success and not command.data:
            assert self.known.pin, "the card says a PIN was proven that was not"
        elif response.is_success:
            assert before.pin.value == command.data, "a wrong PIN was accepted"
            assert before.pin.left > 0, "a blocked PIN was accepted"
            self.known.pin = self.known.just_pin = True
        elif tries_left(response.sw) is not None and command.data:
            left = self.state.pin.left
            assert left == max(before.pin.left - 1, 0) == tries_left(response.sw), (
                "a wrong PIN was not counted"
            )
            self.known.pin = False


def _parsed(raw: bytes) -> CommandApdu | None:
    try:
        return CommandApdu.parse(raw)
    except ApduError:
        return None


def _use(slot: Slot, chance: random.Random) -> CommandApdu:
    algorithm = ALGORITHMS[slot] if chance.random() < 0.9 else chance.choice(list(Algorithm))
    data = build(0x7C, build(0x82), build(0x81, chance.randbytes(chance.choice([32, 48, 1, 0, 60]))))
    return CommandApdu(0, Ins.GENERAL_AUTHENTICATE, algorithm, slot, data, chance.choice([256, None, 4]))


def _verify(chance: random.Random) -> CommandApdu:
    data = chance.choice([PIN, PIN, PIN, WRONG, b"", chance.randbytes(8)])
    return CommandApdu(0, Ins.VERIFY, chance.choice([0, 0, 0, 0, 0xFF]), Reference.PIN, data)


def _change(chance: random.Random) -> CommandApdu:
    reference = chance.choice([Reference.PIN, Reference.PUK])
    old = chance.choice([PIN, PUK, WRONG])
    # The secrets stay what they are, so that the next sessions know them too.
    new = {Reference.PIN: PIN, Reference.PUK: PUK}[reference]
    return CommandApdu(0, Ins.CHANGE_REFERENCE_DATA, 0, reference, old + new)


def _reset(chance: random.Random) -> CommandApdu:
    return CommandApdu(0, Ins.RESET_RETRY_COUNTER, 0, Reference.PIN, chance.choice([PUK, PUK, WRONG]) + PIN)


def _tag(chance: random.Random) -> bytes:
    tag = chance.choice([*DataObject, chance.randrange(0x600000)])
    return build(0x5C, tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big"))


def _read(chance: random.Random) -> CommandApdu:
    return CommandApdu(0, Ins.GET_DATA, 0x3F, 0xFF, _tag(chance), chance.choice([256, 8, None, 5000]))


def _write(chance: random.Random) -> CommandApdu:
    content = build(0x53, chance.randbytes(chance.choice([0, 5, 300])))
    return CommandApdu(0, Ins.PUT_DATA, 0x3F, 0xFF, _tag(chance) + content)


def _generate(chance: random.Random) -> CommandApdu:
    # Elliptic curves only: an RSA key takes longer than a thousand other commands.
    algorithm = chance.choice([Algorithm.P256, Algorithm.P384, Algorithm.AES_128])
    data = build(0xAC, build(0x80, bytes([algorithm])))
    slot = chance.choice([Slot.AUTHENTICATION, Slot.CARD_AUTHENTICATION, Reference.PIN])
    if chance.random() < GENERATE_BY_CHANCE:
        return CommandApdu(0, Ins.GENERATE_ASYMMETRIC_KEY_PAIR, 0, slot, data, 256)
    return CommandApdu(0, Ins.GENERATE_ASYMMETRIC_KEY_PAIR, 0, slot, data[:-1], 256)


def _set_key(chance: random.Random) -> CommandApdu:
    data = bytes([chance.choice(list(Algorithm)), Reference.MANAGEMENT, 24]) + KEY
    return CommandApdu(0, Ins.SET_MANAGEMENT_KEY, 0xFF, chance.choice([0xFF, 0xFE, 0]), data)


def _any(chance: random.Random) -> CommandApdu:
    numbers = (chance.choice([0, 0, 0x10, 0x80]), chance.choice([*Ins, chance.randrange(256)]))
    places = [chance.choice([0, 0xFF, 0x3F, 4, *Reference, *Slot, *Algorithm]) for _ in range(2)]
    return CommandApdu(
        *numbers, *places, chance.randbytes(chance.choice([0, 1, 8, 16, 300])), chance.choice([None, 256])
    )


_SENSE: tuple[Callable[[random.Random], CommandApdu], ...] = (
    *(lambda chance, slot=slot: _use(slot, chance) for slot in Slot),
    lambda chance: _use(Slot.SIGNATURE, chance),
    _verify, _verify, _verify, _change, _reset, _reset, _read, _read, _write, _generate, _set_key, _any, _any,
    lambda chance: CommandApdu(0, Ins.GET_RESPONSE, 0, 0, le=chance.choice([256, 1, 50])),
    lambda chance: CommandApdu(0, Ins.GET_METADATA, 0, chance.choice([*Slot, *Reference]), le=256),
    lambda chance: CommandApdu(0, Ins.SELECT, 4, 0, AID[: chance.randint(1, len(AID))], 256),
)  # fmt: skip


def run(count: int, seed: int) -> Attack:
    """Send `count` commands; raises Broken at the first that breaks an invariant."""
    attack = Attack(seed)
    while attack.count < count:
        attack.session(count)
    return attack


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Fuzz the card in memory with commands.")
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    began = time.monotonic()
    attack = run(wanted.count, wanted.seed)
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{attack.count} commands in {seconds:.0f} s, keys used {attack.uses} times, management key proven"
        f" {attack.proofs} times: every invariant held.\n"
    )


if __name__ == "__main__":
    main()

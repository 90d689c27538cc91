"""Conversations with the card in the holder's own reader: which script each errand runs, and what the browser is told.

The script runs here; the holder's browser carries its commands to the card and the answers back. Between two steps
nothing is kept but the transcript and one random secret, from which all that the script needs at random follows, so
that any process goes on where another left off (design 3.6).

The holder's PIN never comes here: where it belongs in a command, the command has a hole, `{pin}` or `{new_pin}`, which
the page fills on the holder's machine. Only the PIN of an activation is made here, as ACT-01 wants it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from hardware.apdu import CommandApdu
from hardware.errors import (
    CardRefused,
    HardwareError,
    ManagementKeyRefused,
    SecretRefused,
    TranscriptDiverged,
)
from hardware.piv import PIN_LENGTH, Ins, Reference
from hardware.scripts.transcript import Finished, Pending, Transcript, resume
from hardware.scripts.view import view
from hardware.scripts.with_the_holder import (
    AnotherCard,
    CardKeys,
    NoCertificate,
    change_pin_of,
    set_pin,
    sign_as_holder,
)
from hardware.secrets_of_card import encode_pin, new_pin
from workflow.errors import Refused, Words
from workflow.vocabulary import CardErrand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hardware.scripts.script import Script

MANAGEMENT_CHALLENGE_BYTES: Final = 16
CHALLENGE_BYTES: Final = 32
SECRET_BYTES: Final = 32
LOG_IN_PREFIX: Final = b"guanfang staff log-in 1\0"
OF_STAFF: Final = frozenset({CardErrand.LOG_IN, CardErrand.SIGN})
NEED_KEYS: Final = frozenset({CardErrand.ACTIVATE, CardErrand.UNBLOCK})
# Stand in a command where the holder's own PIN will stand; they never reach a card.
_OLD_IN_PLACE: Final = "000000"
_NEW_IN_PLACE: Final = "111111"


@dataclass(frozen=True, slots=True)
class Talk:
    """What a conversation's script is made of; `keys` only where the errand needs the PUK."""

    errand: CardErrand
    csn: str
    secret: bytes = field(repr=False)
    keys: CardKeys | None = field(default=None, repr=False)
    statement: bytes = field(default=b"", repr=False)
    """What the card signs in place of a challenge: a decision (RV1-07)."""

    def derived(self, label: str, length: int) -> bytes:
        """Return bytes that follow from the secret, the same at each replay."""
        parts: list[bytes] = []
        for number in count():
            if len(parts) * hashlib.sha256().digest_size >= length:
                break
            parts.append(hmac.digest(self.secret, f"{label}:{number}".encode(), "sha256"))
        return b"".join(parts)[:length]

    @property
    def challenge(self) -> bytes:
        """What the card's signature key signs; one over a log-in can't be taken for one over anything else."""
        if self.errand is CardErrand.SIGN:
            return self.statement
        if self.errand is CardErrand.LOG_IN:
            return LOG_IN_PREFIX + self.derived("challenge", CHALLENGE_BYTES)
        return self.derived("challenge", CHALLENGE_BYTES)

    @property
    def activation_pin(self) -> str:
        """The PIN that an activation gives the card (ACT-01)."""
        return new_pin(self._randbelow("pin"))

    def transcript(self, stored: str) -> Transcript:
        """Return the stored transcript; raises hardware's TranscriptDamaged."""
        key = self.derived("transcript", SECRET_BYTES)
        return Transcript.from_json(key, stored) if stored else Transcript(key)

    def script(self) -> Script[Any]:
        """Return a fresh script of the errand."""
        match self.errand:
            case CardErrand.LOOK:
                return view()
            case CardErrand.CHANGE_PIN:
                return change_pin_of(self.csn, _OLD_IN_PLACE, _NEW_IN_PLACE)
            case CardErrand.TEST | CardErrand.PROVE | CardErrand.LOG_IN | CardErrand.SIGN:
                return sign_as_holder(self.csn, self.challenge, _OLD_IN_PLACE)
            case CardErrand.ACTIVATE | CardErrand.UNBLOCK:
                return self._set_pin()

    def _set_pin(self) -> Script[None]:
        assert self.keys is not None  # noqa: S101 - whoever opens such a talk gives the keys.
        pin = self.activation_pin if self.errand is CardErrand.ACTIVATE else _NEW_IN_PLACE
        challenge = self.derived("management", MANAGEMENT_CHALLENGE_BYTES)
        return set_pin(self.csn, self.keys, challenge, pin)

    def _randbelow(self, label: str) -> Callable[[int], int]:
        numbers = self._numbers(label)
        # 128 bits under a bound of ten: the bias is beyond measure.
        return lambda bound: next(numbers) % bound

    def _numbers(self, label: str) -> Iterator[int]:
        for number in count():
            yield int.from_bytes(hmac.digest(self.secret, f"{label}:{number}".encode(), "sha256")[:16], "big")


@dataclass(frozen=True, slots=True)
class CardTurn:
    """What the browser is to do next: send `command` (hex, with holes for PINs) as `step`, or show the `answer`."""

    errand: CardErrand
    step: int
    command: str = field(default="", repr=False)
    answer: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def done(self) -> bool:
        """Whether the conversation has come to its end."""
        return self.answer is not None


def come_to(talk: Talk, transcript: Transcript) -> Pending | Finished[Any]:
    """Replay a conversation and say what comes next; Refused in the holder's words when the card refused.

    The refusal is final for this conversation; the holder begins another.
    """
    try:
        return resume(talk.script(), transcript)
    except HardwareError as error:
        raise refusal_of(error, talk.errand) from error


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def with_holes(errand: CardErrand, command: bytes) -> str:
    """Return a command in hex, with holes where the holder's PINs belong; ValueError for one that has none there."""
    plain = command.hex()
    parsed = CommandApdu.parse(command)
    if parsed.p2 != Reference.PIN or not parsed.data or errand is CardErrand.ACTIVATE:
        return plain
    head, first, rest = command[:5].hex(), parsed.data[:PIN_LENGTH], parsed.data[PIN_LENGTH:]
    old, new = encode_pin(_OLD_IN_PLACE), encode_pin(_NEW_IN_PLACE)
    match parsed.ins:
        case Ins.VERIFY if (first, rest) == (old, b""):
            return head + "{pin}"
        case Ins.CHANGE_REFERENCE_DATA if (first, rest) == (old, new):
            return head + "{pin}{new_pin}"
        case Ins.RESET_RETRY_COUNTER if rest == new:
            return head + first.hex() + "{new_pin}"
        case _:
            raise ValueError("a command with a PIN that has no place for the holder's")


_IN_WORDS: Final = (
    (AnotherCard, "card.exchanged"),
    (NoCertificate, "card.no_certificate"),
    (ManagementKeyRefused, "card.not_proved"),
    (TranscriptDiverged, "card.session_over"),
)


def refusal_of(error: HardwareError, errand: CardErrand) -> Refused:
    """Say in the holder's words what a card refused."""
    for kind, code in _IN_WORDS:
        if isinstance(error, kind):
            return Refused(code)
    if isinstance(error, SecretRefused):
        if errand in NEED_KEYS:
            return Refused("card.puk_refused")
        left = error.tries_left
        return Refused("card.pin_wrong", left=left) if left else Refused("card.pin_locked")
    said = Words("回應內容不符", "its answer does not hold")
    if isinstance(error, CardRefused):
        said = Words(f"狀態碼 {error.sw:04X}", f"status {error.sw:04X}")
    return Refused("card.failed", detail=said)

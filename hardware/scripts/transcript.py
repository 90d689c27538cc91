"""Records the exchanges of a script, so that any process can take it up where another left it.

A transcript holds the card's raw responses and, for each, a seal (HMAC-SHA256 under the session's key) of the raw
command that was answered. The commands themselves are not kept, since PINs are in them; the seal is enough to see
that a replayed script says the same again.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from hardware.errors import HardwareError, TranscriptDiverged
from hardware.scripts.script import on_the_wire
from hardware.transport import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from hardware.scripts.script import Script
    from hardware.transport import Transport

T = TypeVar("T")


class TranscriptDamaged(HardwareError):  # noqa: N818 - named as the finding it is
    """Stored text is not a transcript."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One raw exchange: the seal of the command and the card's answer."""

    seal: bytes
    response: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was exchanged so far. `key` is the session's secret and is never part of the stored text."""

    key: bytes = field(repr=False)
    exchanges: tuple[Exchange, ...] = ()

    def seal(self, command: bytes) -> bytes:
        """Return the seal of a raw command."""
        return hmac.digest(self.key, command, "sha256")

    def answered(self, command: bytes, response: bytes) -> Transcript:
        """Return the transcript with one more exchange."""
        return Transcript(self.key, (*self.exchanges, Exchange(self.seal(command), response)))

    def to_json(self) -> str:
        """Write the exchanges down, without the key."""
        return json.dumps([[item.seal.hex(), item.response.hex()] for item in self.exchanges])

    @classmethod
    def from_json(cls, key: bytes, text: str) -> Transcript:
        """Read what `to_json` wrote; raises TranscriptDamaged on anything else."""
        try:
            pairs = [(bytes.fromhex(seal), bytes.fromhex(response)) for seal, response in json.loads(text)]
        except (ValueError, TypeError) as error:
            raise TranscriptDamaged("The stored transcript cannot be read.") from error
        return cls(key, tuple(Exchange(seal, response) for seal, response in pairs))


@dataclass(frozen=True, slots=True)
class Pending:
    """The script waits for the card's answer to this raw command."""

    command: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished(Generic[T]):
    """The script has ended with this result."""

    result: T


def resume(script: Script[T], transcript: Transcript) -> Pending | Finished[T]:
    """Replay a fresh script through its transcript and say what comes next.

    Raises TranscriptDiverged when the script is not the one recorded, and whatever refusal the script itself
    came to.
    """
    raw = on_the_wire(script)
    try:
        command = next(raw)
        for item in transcript.exchanges:
            if not hmac.compare_digest(item.seal, transcript.seal(command)):
                raise TranscriptDiverged("The script sends something other than what was recorded.")
            command = raw.send(item.response)
    except StopIteration as end:
        return Finished(end.value)
    finally:
        raw.close()
    return Pending(command)


def record(
    script: Script[T], transport: Transport, transcript: Transcript, timeout: float = DEFAULT_TIMEOUT
) -> tuple[T, Transcript]:
    """Run a script over a transport; return its result and the transcript with all exchanges added."""
    raw = on_the_wire(script)
    try:
        command = next(raw)
        while True:
            response = transport.transmit(command, timeout)
            transcript = transcript.answered(command, response)
            command = raw.send(response)
    except StopIteration as end:
        return end.value, transcript
    finally:
        raw.close()

"""Defines `Script` and the ways to run one."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeVar

from hardware.apdu import CommandApdu, ResponseApdu
from hardware.exchange import exchange
from hardware.transport import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from hardware.transport import Transport

T = TypeVar("T")

Script = Generator[CommandApdu, ResponseApdu, T]
RawScript = Generator[bytes, bytes, T]


def on_the_wire(script: Script[T]) -> RawScript[T]:
    """Turn a script of whole commands into one of raw exchanges, as a reader or the holder's agent carries them."""
    try:
        command = next(script)
        while True:
            response = yield from exchange(command)
            command = script.send(response)
    except StopIteration as end:
        result: T = end.value
        return result


def run(script: Script[T], transport: Transport, timeout: float = DEFAULT_TIMEOUT) -> T:
    """Run a script to its end over a transport; `timeout` is in seconds for each raw exchange.

    Raises what the transport raises, and the script's own refusals.
    """
    raw = on_the_wire(script)
    try:
        command = next(raw)
        while True:
            command = raw.send(transport.transmit(command, timeout))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        raw.close()

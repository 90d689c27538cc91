"""Puts a virtual card into vsmartcard's virtual reader (vpcd), and so before any PC/SC program on the machine.

The protocol: two bytes of length, then a body. A body of one byte is a control: 0 power off, 1 power on, 2 reset,
4 "send the ATR", and only that one is answered. Anything else is a command to answer.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from hardware.errors import CardRemoved, HardwareError, ReaderTimeout
from hardware.virtual.card import CardProtocol, VirtualCard

if TYPE_CHECKING:
    from threading import Event

    from hardware.virtual.card import Fault
    from hardware.virtual.card_file import CardFile

_LENGTH_BYTES: Final = 2
_POLL_SECONDS: Final = 0.1
_POWER_CONTROLS: Final = {b"\x00", b"\x01", b"\x02"}
_SEND_ATR: Final = b"\x04"


class ReaderUnreachable(HardwareError):  # noqa: N818 - named as the state it is
    """No vpcd listens at the address given."""


class _Unplugged(Exception):  # noqa: N818 - named as the event it is
    """The reader closed the connection, or the card is to be pulled out."""


def serve(
    file: CardFile,
    address: tuple[str, int],
    stop: Event,
    *,
    plugged: Event | None = None,
    fault: Fault | None = None,
    protocol: CardProtocol = CardProtocol.T1,
) -> None:
    """Keep the card in the virtual reader at `address` until `stop` is set, the reader goes away or the card is torn.

    `plugged` is set once the connection stands. Raises ReaderUnreachable, ReaderBusy or CardFileError at the start.
    """
    card = VirtualCard(file, fault, protocol)
    try:
        with _connect(address) as connection:
            if plugged is not None:
                plugged.set()
            _answer_until_unplugged(card, connection, stop)
    finally:
        card.close()


def _connect(address: tuple[str, int]) -> socket.socket:
    try:
        connection = socket.create_connection(address, timeout=_POLL_SECONDS)
    except OSError as error:
        raise ReaderUnreachable(f"No virtual reader answers at {address[0]} port {address[1]}.") from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _answer_until_unplugged(card: VirtualCard, connection: socket.socket, stop: Event) -> None:
    try:
        while not stop.is_set():
            length = int.from_bytes(_receive(connection, _LENGTH_BYTES, stop), "big")
            answer = _answer(card, _receive(connection, length, stop))
            if answer is not None:
                connection.sendall(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
    except (_Unplugged, ConnectionError):
        return


def _answer(card: VirtualCard, body: bytes) -> bytes | None:
    if body in _POWER_CONTROLS:
        card.reset()
        return None
    if body == _SEND_ATR:
        return card.atr
    try:
        return card.transmit(body)
    except CardRemoved:
        raise _Unplugged from None
    except ReaderTimeout:
        return None


def _receive(connection: socket.socket, count: int, stop: Event) -> bytes:
    """Receive exactly `count` bytes, looking at `stop` now and then."""
    received = b""
    while len(received) < count:
        try:
            piece = connection.recv(count - len(received))
        except TimeoutError:
            if stop.is_set():
                raise _Unplugged from None
            continue
        if not piece:
            raise _Unplugged
        # Linux forgets this option: without it after each receipt, every command waits 40 ms for an acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        received += piece
    return received

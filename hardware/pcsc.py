"""Real readers through PC/SC: the only importer of pyscard (`smartcard`), and a late one.

pyscard's low-level calls are used, because they return codes that tell a removed card from a reset one. Each call has
a time limit; each transport has its own PC/SC context and thread, since a context serves one caller at a time.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hardware.apdu import CommandApdu
from hardware.call_thread import CallThread
from hardware.errors import (
    CardRemoved,
    CardWasReset,
    NoCard,
    NoReader,
    ReaderBusy,
    ReaderServiceDown,
    ReaderTimeout,
    TransportError,
)
from hardware.transport import DEFAULT_TIMEOUT, ClosingTransport

if TYPE_CHECKING:
    from types import ModuleType

CALL_TIMEOUT: Final = 10.0  # Seconds for everything but an exchange with the card.
_CODE_MASK: Final = 0xFFFFFFFF


def _scard() -> ModuleType:
    """Import pyscard's bindings; a machine without them starts all the same, and has no readers."""
    try:
        from smartcard import scard
    except ImportError as error:
        raise ReaderServiceDown("pyscard is not installed on this machine.") from error
    module: ModuleType = scard
    return module


@cache
def _error_classes() -> dict[int, type[TransportError]]:
    scard = _scard()
    names: dict[str, type[TransportError]] = {
        "SCARD_W_REMOVED_CARD": CardRemoved,
        "SCARD_E_READER_UNAVAILABLE": CardRemoved,
        "SCARD_W_UNPOWERED_CARD": CardRemoved,
        "SCARD_E_NOT_TRANSACTED": CardRemoved,
        "SCARD_W_UNRESPONSIVE_CARD": CardRemoved,
        "SCARD_W_RESET_CARD": CardWasReset,
        "SCARD_E_SHARING_VIOLATION": ReaderBusy,
        "SCARD_E_NO_SMARTCARD": NoCard,
        "SCARD_E_UNKNOWN_READER": NoReader,
        "SCARD_E_TIMEOUT": ReaderTimeout,
        "SCARD_E_CANCELLED": ReaderTimeout,
        "SCARD_E_NO_SERVICE": ReaderServiceDown,
        "SCARD_E_SERVICE_STOPPED": ReaderServiceDown,
    }
    return {getattr(scard, name) & _CODE_MASK: kind for name, kind in names.items()}


def _require(code: int, doing: str) -> None:
    """Raise the error that a PC/SC return code means."""
    scard = _scard()
    if code == scard.SCARD_S_SUCCESS:
        return
    kind = _error_classes().get(code & _CODE_MASK, TransportError)
    raise kind(f"PC/SC could not {doing}: {scard.SCardGetErrorMessage(code)}")


def _establish() -> Any:
    scard = _scard()
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _require(code, "reach the smart-card service")
    return context


@dataclass(frozen=True, slots=True)
class ReaderState:
    """A reader by its PC/SC name, and whether a card is in it."""

    name: str
    card_present: bool


def list_readers(timeout: float = CALL_TIMEOUT) -> tuple[ReaderState, ...]:
    """List the readers of this machine and whether each holds a card.

    Raises ReaderServiceDown without pcscd or pyscard, and ReaderTimeout when pcscd hangs.
    """
    thread = CallThread("pcsc-list")
    try:
        return thread.call(timeout, _list_readers)
    finally:
        thread.finish()


def _list_readers() -> tuple[ReaderState, ...]:
    scard = _scard()
    context = _establish()
    try:
        code, names = scard.SCardListReaders(context, [])
        if code == scard.SCARD_E_NO_READERS_AVAILABLE or (code == scard.SCARD_S_SUCCESS and not names):
            return ()
        _require(code, "list the readers")
        asked = [(name, scard.SCARD_STATE_UNAWARE) for name in names]
        code, states = scard.SCardGetStatusChange(context, 0, asked)
        _require(code, "look into the readers")
        return tuple(ReaderState(name, bool(state & scard.SCARD_STATE_PRESENT)) for name, state, _ in states)
    finally:
        scard.SCardReleaseContext(context)


@dataclass(frozen=True, slots=True)
class _Link:
    """An open connection: PC/SC context, card handle, protocol, answer to reset."""

    context: Any
    handle: Any
    protocol: int
    atr: bytes


class PcscTransport(ClosingTransport):
    """A `Transport` to the card in a PC/SC reader, held exclusively; the card is reset when it is let go."""

    def __init__(self, reader: str, timeout: float = CALL_TIMEOUT) -> None:
        self._thread = CallThread(f"pcsc {reader}")
        self._closed = False
        with ExitStack() as cleanup:
            cleanup.callback(self._thread.finish)
            self._link = self._thread.call(timeout, _connect, reader)
            cleanup.pop_all()

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._link.atr

    def transmit(self, command: bytes, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Make one raw exchange; see `hardware.transport.Transport`.

        After CardWasReset the connection stands again, and the script may be started anew on it. After ReaderTimeout
        the transport is of no more use.
        """
        if self._closed:
            raise CardRemoved("The session with this card is closed.")
        return self._thread.call(timeout, _transmit, self._link, command)

    def close(self) -> None:
        """Let the card go, so that another session may have it; a reader that hangs is left to itself."""
        if self._closed:
            return
        self._closed = True
        with suppress(ReaderTimeout):
            self._thread.call(CALL_TIMEOUT, _disconnect, self._link)
        self._thread.finish()


def _connect(reader: str) -> _Link:
    scard = _scard()
    context = _establish()
    with ExitStack() as cleanup:
        cleanup.callback(scard.SCardReleaseContext, context)
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        code, handle, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols)
        _require(code, f"open {reader}")
        code, _, _, _, atr = scard.SCardStatus(handle)
        _require(code, f"read the answer to reset in {reader}")
        cleanup.pop_all()
    return _Link(context, handle, protocol, bytes(atr))


def _transmit(link: _Link, command: bytes) -> bytes:
    scard = _scard()
    is_t0 = link.protocol == scard.SCARD_PROTOCOL_T0
    header = scard.SCARD_PCI_T0 if is_t0 else scard.SCARD_PCI_T1
    code, response = scard.SCardTransmit(link.handle, header, list(_for_t0(command) if is_t0 else command))
    if code == scard.SCARD_W_RESET_CARD:
        _reconnect(link)
    _require(code, "exchange with the card")
    if not response:
        # Some drivers report success and no answer when the card leaves in the middle of an exchange.
        raise CardRemoved("The card left the reader without an answer.")
    return bytes(response)


def _for_t0(command: bytes) -> bytes:
    """Leave out the Le of a command that carries data: T=0 has no room for both (ISO/IEC 7816-3 §12.2)."""
    parsed = CommandApdu.parse(command)
    return command[:-1] if parsed.data and parsed.le is not None else command


def _reconnect(link: _Link) -> None:
    scard = _scard()
    code, _ = scard.SCardReconnect(
        link.handle, scard.SCARD_SHARE_EXCLUSIVE, link.protocol, scard.SCARD_LEAVE_CARD
    )
    _require(code, "open the reader again")


def _disconnect(link: _Link) -> None:
    scard = _scard()
    scard.SCardDisconnect(link.handle, scard.SCARD_RESET_CARD)
    scard.SCardReleaseContext(link.context)

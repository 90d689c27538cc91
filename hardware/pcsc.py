"""Real readers through PC/SC: the only importer of pyscard (`smartcard`), and a late one.

pyscard's low-level calls are used, because they return codes that tell a removed card from a reset one. Each call has
a time limit; each transport has its own PC/SC context and thread, since a context serves one caller at a time.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hardware.apdu import SHORT_DATA_LIMIT, SHORT_LE_LIMIT, CommandApdu
from hardware.call_thread import CallThread
from hardware.errors import (
    ApduError,
    CardRemoved,
    CardUnsupported,
    CardWasReset,
    NoCard,
    NoReader,
    ReaderBusy,
    ReaderGone,
    ReaderServiceDown,
    ReaderTimeout,
    TransportError,
)
from hardware.transport import DEFAULT_TIMEOUT, ClosingTransport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

CALL_TIMEOUT: Final = 10.0  # Seconds for everything but an exchange with the card.
_CODE_MASK: Final = 0xFFFFFFFF
_ANY_READER: Final = r"\\?PnP?\Notification"
_COUNT_SHIFT: Final = 16


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
        "SCARD_E_READER_UNAVAILABLE": ReaderGone,
        "SCARD_W_UNPOWERED_CARD": CardRemoved,
        "SCARD_E_NOT_TRANSACTED": CardRemoved,
        "SCARD_W_UNRESPONSIVE_CARD": CardRemoved,
        "SCARD_W_RESET_CARD": CardWasReset,
        "SCARD_E_SHARING_VIOLATION": ReaderBusy,
        "SCARD_E_NO_SMARTCARD": NoCard,
        "SCARD_E_UNKNOWN_READER": NoReader,
        "SCARD_E_TIMEOUT": ReaderTimeout,
        "SCARD_E_CANCELLED": ReaderTimeout,
        "SCARD_W_UNSUPPORTED_CARD": CardUnsupported,
        "SCARD_E_PROTO_MISMATCH": CardUnsupported,
        "SCARD_E_NO_SERVICE": ReaderServiceDown,
        # What is left of a session when the service was ended and started again beneath it.
        "SCARD_E_INVALID_HANDLE": ReaderServiceDown,
        "SCARD_F_COMM_ERROR": ReaderServiceDown,
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
        names = _names_of_readers(context)
        if not names:
            return ()
        asked = [(name, scard.SCARD_STATE_UNAWARE) for name in names]
        code, states = scard.SCardGetStatusChange(context, 0, asked)
        _require(code, "look into the readers")
        return tuple(ReaderState(name, bool(state & scard.SCARD_STATE_PRESENT)) for name, state, _ in states)
    finally:
        scard.SCardReleaseContext(context)


class ReaderWatch:
    """Waits for something to happen at any reader of the machine; `hardware.reader_monitor` makes sense of it."""

    def __init__(self, timeout: float = CALL_TIMEOUT) -> None:
        self._thread = CallThread("pcsc-watch")
        with ExitStack() as cleanup:
            cleanup.callback(self._thread.finish)
            self._context = self._thread.call(timeout, _establish)
            cleanup.pop_all()

    def states(self, known: Mapping[str, int], seconds: float) -> dict[str, int]:
        """Return each reader's state, as soon as one differs from what is known, or after `seconds` at the latest.

        A state is PC/SC's: flags in the lower half, in the upper one a count of how often the card was moved. Raises
        ReaderServiceDown when pcscd ends, ReaderTimeout when it hangs.
        """
        return self._thread.call(seconds + CALL_TIMEOUT, _changed_states, self._context, dict(known), seconds)

    def close(self) -> None:
        """End the watch."""
        with suppress(ReaderTimeout):
            self._thread.call(CALL_TIMEOUT, _scard().SCardReleaseContext, self._context)
        self._thread.finish()


def is_present(state: int) -> bool:
    """Whether a reader's state says that a card is in it."""
    return bool(state & _scard().SCARD_STATE_PRESENT)


def _changed_states(context: Any, known: dict[str, int], seconds: float) -> dict[str, int]:
    scard = _scard()
    names = _names_of_readers(context)
    if set(names) == set(known):
        asked = [(name, known[name]) for name in names]
        # A reader of this name stands for all that may come or go (PC/SC part 5, pcsc-lite).
        waited = [*asked, (_ANY_READER, len(names) << _COUNT_SHIFT)]
        code, _ = scard.SCardGetStatusChange(context, int(seconds * 1000), waited)
        if code not in {scard.SCARD_E_TIMEOUT, scard.SCARD_E_UNKNOWN_READER}:
            _require(code, "wait for the readers")
        names = _names_of_readers(context)
    code, states = scard.SCardGetStatusChange(
        context, 0, [(name, scard.SCARD_STATE_UNAWARE) for name in names]
    )
    if code == scard.SCARD_E_UNKNOWN_READER:
        return {}
    _require(code, "look into the readers")
    return {name: state & ~scard.SCARD_STATE_CHANGED for name, state, _ in states}


def _names_of_readers(context: Any) -> list[str]:
    scard = _scard()
    code, names = scard.SCardListReaders(context, [])
    if code == scard.SCARD_E_NO_READERS_AVAILABLE:
        return []
    _require(code, "list the readers")
    return list(names)


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
        links: list[_Link] = []
        with ExitStack() as cleanup:
            cleanup.callback(self._thread.finish)
            # A connection that comes about after we stopped waiting would hold the card for ever.
            cleanup.callback(self._let_go, links)
            self._thread.call(timeout, lambda: links.append(_connect(reader)))
            cleanup.pop_all()
        self._link = links[0]

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

    def reset(self, timeout: float = CALL_TIMEOUT) -> None:
        """Reset the card without letting it go: what was proven to it is forgotten, and a script starts anew.

        Raises CardRemoved or ReaderGone when there is no card any more; then a new transport has to be opened.
        """
        if self._closed:
            raise CardRemoved("The session with this card is closed.")
        self._thread.call(timeout, _reset, self._link)

    def close(self) -> None:
        """Let the card go, so that another session may have it; a reader that hangs is left to itself."""
        if self._closed:
            return
        self._closed = True
        self._let_go([self._link])
        self._thread.finish()

    def _let_go(self, links: list[_Link]) -> None:
        with suppress(ReaderTimeout):
            self._thread.call(CALL_TIMEOUT, _disconnect, links)


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
    if len(parsed.data) > SHORT_DATA_LIMIT or (parsed.le or 0) > SHORT_LE_LIMIT:
        raise ApduError("T=0 has no extended commands; long ones go in a chain.")
    return command[:-1] if parsed.data and parsed.le is not None else command


def _reconnect(link: _Link) -> None:
    _connect_again(link, _scard().SCARD_LEAVE_CARD)


def _reset(link: _Link) -> None:
    _connect_again(link, _scard().SCARD_RESET_CARD)


def _connect_again(link: _Link, disposition: int) -> None:
    scard = _scard()
    code, _ = scard.SCardReconnect(link.handle, scard.SCARD_SHARE_EXCLUSIVE, link.protocol, disposition)
    _require(code, "open the reader again")


def _disconnect(links: list[_Link]) -> None:
    """Let go of the links that came about, which is one or, after a connection that failed, none."""
    scard = _scard()
    for link in links:
        scard.SCardDisconnect(link.handle, scard.SCARD_RESET_CARD)
        scard.SCardReleaseContext(link.context)

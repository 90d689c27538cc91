"""The station of real life: the PC/SC readers of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hardware.errors import ApduError, CardAnswerWrong, CardRefused, NoReader, TransportError
from hardware.pcsc import CALL_TIMEOUT, PcscTransport, list_readers
from hardware.scripts.identify import read_csn
from hardware.station import ReaderStatus, Session
from hardware.transport import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from hardware.pcsc import ReaderState


class PcscStation:
    """A `CardStation` over PC/SC. `prefix` limits it to readers whose name begins so."""

    def __init__(self, prefix: str = "", timeout: float = DEFAULT_TIMEOUT) -> None:
        self._prefix = prefix
        self._timeout = timeout

    def readers(self) -> tuple[ReaderStatus, ...]:
        """List the readers, reading each free card's serial number; raises ReaderServiceDown without pcscd."""
        states = [state for state in list_readers() if state.name.startswith(self._prefix)]
        return tuple(self._looked_into(state) for state in states)

    def open_session(self, reader: str) -> Session:
        """Take hold of the card in a reader."""
        if not reader.startswith(self._prefix):
            raise NoReader(f"{reader} is not one of this place's readers.")
        return Session(PcscTransport(reader), self._timeout)

    def _looked_into(self, state: ReaderState) -> ReaderStatus:
        if not state.card_present:
            return ReaderStatus(state.name, card_present=False)
        try:
            with Session(PcscTransport(state.name), CALL_TIMEOUT) as session:
                return ReaderStatus(state.name, card_present=True, csn=session.run(read_csn()))
        except (TransportError, ApduError, CardRefused, CardAnswerWrong):
            # In use elsewhere, being pulled out, or no PIV card: it is there, and we cannot name it.
            return ReaderStatus(state.name, card_present=True)

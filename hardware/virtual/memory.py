"""The transport to a virtual card in the same process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hardware.transport import DEFAULT_TIMEOUT, ClosingTransport

if TYPE_CHECKING:
    from hardware.virtual.card import VirtualCard


class MemoryTransport(ClosingTransport):
    """A `Transport` around a plugged-in virtual card; closing it pulls the card out."""

    def __init__(self, card: VirtualCard) -> None:
        self._card = card

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._card.atr

    def transmit(self, command: bytes, timeout: float = DEFAULT_TIMEOUT) -> bytes:  # noqa: ARG002 - the card answers at once, so there is nothing to wait for
        """Hand the command to the card."""
        return self._card.transmit(command)

    def close(self) -> None:
        """Pull the card out."""
        self._card.close()

"""Defines `Transport`, the wire to one card: raw bytes out, raw bytes back.

Nothing is interpreted here: 61xx, 6Cxx and chaining belong to `hardware.exchange`, so that every transport
behaves alike. The errors a transport raises are the `TransportError` family of `hardware.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

DEFAULT_TIMEOUT = 30.0  # Seconds; a real card may take that long to make an RSA key.


class Transport(Protocol):
    """The wire to one card, held exclusively until it is closed."""

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        ...

    def transmit(self, command: bytes, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """One raw exchange within `timeout` seconds.

        Raises CardRemoved, CardWasReset or ReaderTimeout: in each case whether the card acted is not known.
        """
        ...

    def close(self) -> None:
        """Let the card go; doing so twice is harmless."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ClosingTransport:
    """The context-manager half of a transport, for the classes that are one."""

    def close(self) -> None:
        """Let the card go."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

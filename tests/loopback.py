"""A guard that lets the tests talk to this machine alone."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_GUARDED = ("connect", "connect_ex", "sendto")


class OutsideWorldError(RuntimeError):
    """A test tried to reach something beyond the loopback interface."""


def refuse_unless_local(family: int, address: object) -> None:
    """Raise OutsideWorldError for an address of another machine, or a name that would need a look-up."""
    if family not in {socket.AF_INET, socket.AF_INET6}:
        return
    host = address[0] if isinstance(address, tuple) and address else address
    if host == "localhost":
        return
    try:
        local = ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        local = False
    if not local:
        raise OutsideWorldError(f"a test tried to reach {host!r}; tests touch nothing but loopback")


class LoopbackGuard:
    """Replaces the socket methods that reach out; install() and remove() bracket a run."""

    def __init__(self) -> None:
        self._own: dict[str, Any] = {}

    def install(self) -> None:
        """Put the guard before the socket methods."""
        for name in _GUARDED:
            # Absent means inherited from the C class: removing the guard then uncovers it again.
            self._own[name] = socket.socket.__dict__.get(name)
            setattr(socket.socket, name, self._guarded(getattr(socket.socket, name)))

    def remove(self) -> None:
        """Give the socket class its own methods back."""
        for name, method in self._own.items():
            if method is None:
                delattr(socket.socket, name)
            else:
                setattr(socket.socket, name, method)
        self._own.clear()

    @staticmethod
    def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, *arguments: Any) -> Any:
            # The address is the last argument of connect, connect_ex and sendto alike.
            refuse_unless_local(self.family, arguments[-1])
            return method(self, *arguments)

        return call

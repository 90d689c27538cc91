"""Before anything is served: is the address there, and free?"""

from __future__ import annotations

import os
import socket
from ipaddress import IPv6Address, ip_address

from ops.cli.group import FoundError


def require_free(host: str, port: int) -> None:
    """Raise FoundError where nobody can listen at an address, or somebody does already, and for a host's name.

    The server itself would share the port with another of its kind, which may serve another registry, so that half of
    all requests would go astray and no one be told; over any other program's port it ends in a stack trace.
    """
    family = _family_of(host)
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # Connections of a server that has just ended are in nobody's way.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise FoundError(
            f"無法在 {host} 的 {port} 埠提供服務：{why}。 Can't listen on {host}, port {port}: {why}."
        ) from error


def _family_of(host: str) -> socket.AddressFamily:
    """Tell the kind of an address; the server takes numbers alone, and over a name or a zone ends in a stack trace."""
    try:
        number = ip_address(host)
    except ValueError:
        number = None
    if number is None or getattr(number, "scope_id", None):
        raise FoundError(
            f"提供服務的位址須為 IP 位址，例如 127.0.0.1 或 ::1，不能是「{host}」。"
            f" The address to listen on is an IP address such as 127.0.0.1 or ::1, not {host!r}."
        )
    return socket.AF_INET6 if isinstance(number, IPv6Address) else socket.AF_INET

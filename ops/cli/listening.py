"""Before anything is served: is the address there, and free?"""

from __future__ import annotations

import os
import socket

from ops.cli.group import FoundError


def require_free(host: str, port: int) -> None:
    """Raise FoundError where nobody can listen at an address, or somebody does already.

    The server itself would share the port with another of its kind, which may serve another registry, so that half of
    all requests would go astray and no one be told; over any other program's port it ends in a stack trace.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # Connections of a server that has just ended are in nobody's way.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        # What a name server says has numbers of its own.
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise FoundError(
            f"無法在 {host} 的 {port} 埠提供服務：{why}。 Can't listen on {host}, port {port}: {why}."
        ) from error

"""A request as WSGI knows it (PEP 3333), from granian's own description of it (RSGI)."""

from __future__ import annotations

import sys
from typing import IO, Any

_JOINED_BY = {"COOKIE": "; "}


def environ_of(scope: Any, body: IO[bytes]) -> dict[str, Any]:
    """Return the variables of a request."""
    address, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _octets(scope.path),
        "QUERY_STRING": _octets(scope.query_string),
        "SERVER_NAME": address.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        # The body is whole and ends by itself, whether its head says how long it is or not.
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority and "host" not in scope.headers:
        # HTTP/2 says the host apart from the headers (RFC 9113 §8.3.1).
        environ["HTTP_HOST"] = scope.authority
    # granian has left out values that are not ASCII.
    for name, value in scope.headers.items():
        _add(environ, name, value)
    return environ


def _octets(text: str) -> str:
    """Return a text as WSGI has it: each octet of its UTF-8 as the character of that number."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _add(environ: dict[str, Any], name: str, value: str) -> None:
    """Add a header; one that comes twice is joined (RFC 9110 §5.3)."""
    if "_" in name:
        # It would pass for another header: X_Forwarded_For for the one that a proxy sets.
        return
    variable = name.upper().replace("-", "_")
    if variable not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        variable = f"HTTP_{variable}"
    if variable in environ and variable.startswith("HTTP_") and variable != "HTTP_HOST":
        value = f"{environ[variable]}{_JOINED_BY.get(variable.removeprefix('HTTP_'), ',')}{value}"
    environ[variable] = value

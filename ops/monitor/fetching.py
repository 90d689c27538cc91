"""Fetching over plain HTTP as a relying party does: no redirects, no cookies, a limit in time and one in size."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

PATIENCE_SECONDS: Final = 10.0
"""Rule CRL-04: an answer within ten seconds."""
LARGEST: Final = 128 * 1024 * 1024
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Asked:
    """What is sent: an address, and the body of a POST if there is one."""

    url: str
    body: bytes | None = None
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. `failure` is why nothing did; `status` is then 0."""

    status: int = 0
    media_type: str = ""
    body: bytes = b""
    seconds: float = 0.0
    failure: str = ""
    location: str = ""


def fetch(asked: Asked, host: str = "") -> Fetched:
    """Fetch one address; `host` (`name:port`) is connected to in place of the address's own, whose name is still sent."""
    begun = perf_counter()
    try:
        # A name that is no host, a port that is no number and a torn answer are all failures to fetch.
        return _fetch(asked, host, begun)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Fetched(seconds=perf_counter() - begun, failure=f"{type(error).__name__}: {error}")


def _fetch(asked: Asked, host: str, begun: float) -> Fetched:
    parts = urlsplit(asked.url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc, "User-Agent": "guanfang-monitor", "Connection": "close"}
    if asked.body is not None:
        headers["Content-Type"] = asked.media_type
    connection = http.client.HTTPConnection(host or parts.netloc, timeout=PATIENCE_SECONDS)
    try:
        connection.request("POST" if asked.body is not None else "GET", path or "/", asked.body, headers)
        return _read(connection.getresponse(), begun)
    finally:
        connection.close()


def _read(answer: http.client.HTTPResponse, begun: float) -> Fetched:
    pieces, size = [], 0
    # What is there is taken at once: waiting for a whole piece would forget the clock.
    while piece := answer.read1(_CHUNK):
        size += len(piece)
        if size > LARGEST:
            return Fetched(failure=f"more than {LARGEST} bytes", seconds=perf_counter() - begun)
        if perf_counter() - begun > PATIENCE_SECONDS:
            return Fetched(
                failure=f"not all there after {PATIENCE_SECONDS:g} s", seconds=perf_counter() - begun
            )
        pieces.append(piece)
    if answer.length:
        return Fetched(failure=f"cut off, {answer.length} bytes are missing", seconds=perf_counter() - begun)
    media = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return Fetched(
        answer.status,
        media,
        b"".join(pieces),
        perf_counter() - begun,
        location=answer.getheader("Location") or "",
    )

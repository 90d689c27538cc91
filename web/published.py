"""Sending what is published: validators, answers to conditional requests, caching and file names (RFC 9110, RFC 9111)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Response, request

if TYPE_CHECKING:
    from datetime import datetime

YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Publication:
    """Bytes to be sent, to everybody unless they are `private`. `max_age` is in seconds; `file_name` makes browsers keep them as a file of that name.

    `immutable` is for addresses that name the content itself, so that no cache ever needs to ask again.
    """

    content: bytes
    media_type: str
    modified: datetime | None = None
    max_age: int = 60
    immutable: bool = False
    file_name: str = ""
    private: bool = False
    """Whether it is for the asker alone, so that no cache keeps it."""


def send(publication: Publication) -> Response:
    """Answer GET and HEAD with the bytes, or 304 when the asker has them already."""
    response = Response(publication.content, content_type=publication.media_type)
    if publication.private:
        response.cache_control.no_store = True
        return response
    response.set_etag(hashlib.sha256(publication.content).hexdigest()[:32])
    response.last_modified = publication.modified
    response.cache_control.public = True
    response.cache_control.max_age = YEAR_SECONDS if publication.immutable else publication.max_age
    if publication.immutable:
        response.cache_control.immutable = True
    if publication.file_name:
        response.headers["Content-Disposition"] = disposition(publication.file_name)
    response.make_conditional(request)
    return response


def disposition(file_name: str) -> str:
    """Return a Content-Disposition for a download under any name (RFC 6266 §4.3, RFC 8187)."""
    ascii_name = "".join(
        one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in file_name
    )
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(file_name, safe='')}"

"""Sending revocation lists: validators from what is known of a list, so that only the octets that are sent are read.

A list may be fifty megabytes, and most who ask have it already (RFC 9110 §13 and §14, RFC 9111 §5.2).
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, cast

from flask import Response, abort, request
from werkzeug.wsgi import FileWrapper

from web.list_file import SLICE, ListFile
from web.ports import office
from workflow.views import repository

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.views.repository import PublishedList

CRL = "application/pkix-crl"
NOT_MODIFIED = 304


def send_list(authority: str, partition: int) -> Response:
    """Answer GET and HEAD with an authority's newest list, 304 when the asker has it, 404 before the first."""
    found = repository.newest(office(), authority, partition)
    if found is None:
        abort(404)
    response = _described(found, office().clock.now())
    response.make_conditional(request)
    if response.status_code == NOT_MODIFIED:
        return response
    size = repository.size_of(office(), found)
    response.content_length = size
    response.accept_ranges = "bytes"
    if request.method == "HEAD":
        return response
    response.response = FileWrapper(cast("IO[bytes]", ListFile(found, size)), SLICE)
    # Asked again now that there are octets: a torn download of a large list goes on where it stopped.
    response.make_conditional(request, accept_ranges=True, complete_length=size)
    return response


def _described(found: PublishedList, now: datetime) -> Response:
    """Return an answer without bytes, good for as long as the list is; an expired one is asked for again each time."""
    response = Response(content_type=CRL)
    # A number is never used twice, so it names the bytes.
    response.set_etag(f"{found.authority}-{found.partition}-{found.number}")
    response.last_modified = found.this_update
    response.expires = found.next_update
    response.cache_control.public = True
    response.cache_control.must_revalidate = True
    response.cache_control.max_age = max(0, int(found.left(now).total_seconds()))
    return response

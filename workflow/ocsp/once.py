"""Answering one request at a time, with nothing kept from one to the next: for the process of the screens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pki.errors import OcspMalformedError
from pki.ocsp import OcspError
from pki.ocsp_request import decode_get_path, parse_request
from workflow.ocsp.answering import Answer, answer_all, refusal, try_later
from workflow.ocsp.responders import keep_desk
from workflow.ocsp.statuses import UnreachableError, meaning, reader

if TYPE_CHECKING:
    from pki.ocsp import Status
    from workflow.office import Office


def answer(office: Office, request_der: bytes) -> Answer:
    """Return the answer to a request's bytes, from the responder of the authority it asks about."""
    try:
        request = parse_request(request_der)
    except OcspMalformedError:
        return refusal(OcspError.MALFORMED_REQUEST)
    desk = keep_desk(office)
    if not desk.responders:
        return try_later()
    try:
        with reader(office.engine) as statuses:
            return answer_all(desk, statuses, office.clock, [request])[0]
    except UnreachableError:
        return try_later()


def answer_get(office: Office, path: str) -> Answer:
    """Return the answer to a request in a GET path (RFC 5019 §5)."""
    try:
        request = decode_get_path(path)
    except OcspMalformedError:
        return refusal(OcspError.MALFORMED_REQUEST)
    return answer(office, request)


def status(office: Office, authority: str, serial: int) -> Status:
    """Return how a certificate stands; UnreachableError when the database does not tell."""
    with reader(office.engine) as statuses:
        return meaning(statuses.read({authority: [serial]}).get((authority, serial)))

"""Answering OCSP requests from the very rows that the CRL is made of (CRL-05, SUS-10).

A certificate whose signature is not recorded is unknown; one that was never issued is never good.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.errors import OcspMalformedError
from pki.issuing import serial_text
from pki.ocsp import NotRevoked, OcspError, Revoked, Status, error_response, respond
from pki.ocsp_request import decode_get_path, parse_request
from workflow.acts.crls import LISTED, crl_reason
from workflow.authorities import responder
from workflow.store import schema as t
from workflow.vocabulary import Ca, CertificateStatus

if TYPE_CHECKING:
    from workflow.office import Office

C = t.certificate.c
ISSUED = (str(CertificateStatus.ISSUED), str(CertificateStatus.VALID))


def answer(office: Office, request_der: bytes) -> bytes:
    """Return the response to a request's bytes, from the responder of the CA it asks about."""
    try:
        request = parse_request(request_der)
    except OcspMalformedError:
        return error_response(OcspError.MALFORMED_REQUEST)
    try:
        for ca in Ca:
            chosen = responder(office, ca)
            if any(chosen.is_asked_about_own(asked) for asked in request.certificates):
                return respond(request, partial(status, office, ca), chosen, office.clock.now())
        # Nobody here answers for that issuer: unknown, signed by the first CA's responder (never good).
        return respond(
            request, lambda _serial: NotRevoked.UNKNOWN, responder(office, Ca.GCA), office.clock.now()
        )
    except LookupError:
        return error_response(OcspError.TRY_LATER)


def answer_get(office: Office, path: str) -> bytes:
    """Return the response to a request in a GET path (RFC 5019 §5)."""
    try:
        request = decode_get_path(path)
    except OcspMalformedError:
        return error_response(OcspError.MALFORMED_REQUEST)
    return answer(office, request)


def status(office: Office, ca: Ca, serial: int) -> Status:
    """Return the status of one serial of a CA."""
    with office.reading() as connection:
        row = connection.execute(
            sa.select(C.status, C.status_at, C.reason).where(C.ca == str(ca), C.serial == serial_text(serial))
        ).first()
    if row is not None and row.status in LISTED:
        return Revoked(row.status_at, crl_reason(row.reason))
    if row is not None and row.status in ISSUED:
        return NotRevoked.GOOD
    return NotRevoked.UNKNOWN

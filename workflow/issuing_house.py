"""Certificates of the house itself, such as an RA's or a staff card's: one at a time, through the steps of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.certificates import read_tbs
from pki.errors import PkiError
from pki.issuing import new_serial, prepare, serial_text
from pki.keygate import spki_sha256
from pki.names import describe_name
from workflow.authorities import issuing_now
from workflow.commands_of_registration import IntendHouseCertificate, SignCertificates
from workflow.errors import Refused, Unavailable
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.store.sealing import require_sealing
from workflow.tickets import seal_label
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.orders import CertificateOrder
    from workflow.office import Office
    from workflow.vocabulary import Ca

    Order = Callable[[int, str], CertificateOrder]

C = t.certificate.c


def issue_house_certificate(
    office: Office, ca: Ca, spki: bytes, order: Order, csn: str | None = None
) -> bytes:
    """Return the certificate of a key that the house has on record, issuing it if it is not there yet.

    `order` makes the order for a serial and the name of the authority that will issue it; `csn` is the card that the key
    lies on. Refused for a key that is nobody's, or whose certificate was revoked; Unavailable when nothing may be issued.
    """
    from workflow.handlers import handle  # The door imports the acts, which come here.

    row = certificate_of_key(office, spki)
    if row is None:
        require_sealing(office)
        try:
            handle(office, _intent(office, ca, order, csn), SYSTEM)
        except Refused as refusal:
            # Another process was quicker with the same key; its certificate is the one.
            if refusal.code != "certificate.key_reused":
                raise
        row = certificate_of_key(office, spki)
    if row.der is None and row.status == str(CertificateStatus.INTENDED):
        require_sealing(office)
        handle(office, SignCertificates(serials=(row.serial,)), SYSTEM)
        row = certificate_of_key(office, spki)
    if row.der is None:
        raise Refused("certificate.revoked_already", serial=row.serial)
    return bytes(row.der)


def certificate_of_key(office: Office, spki: bytes) -> Any:
    """Return the one certificate row of a key; None when it has none."""
    with office.asking() as connection:
        query = sa.select(C.serial, C.status, C.der, C.not_after).where(
            C.spki_sha256 == spki_sha256(spki).hex()
        )
        return connection.execute(query).first()


def _intent(office: Office, ca: Ca, order: Order, csn: str | None) -> IntendHouseCertificate:
    try:
        authority = issuing_now(office, ca)
        ordered = order(new_serial(), authority.name)
        prepared = prepare(ordered, authority.issuer)
    except LookupError as error:
        raise Unavailable("authority.key_unavailable", authority=ca, detail=str(error)) from error
    except PkiError as error:
        raise Refused("certificate.not_issuable", detail=error.message) from error
    serial = serial_text(prepared.serial)
    return IntendHouseCertificate(
        ca=ca,
        authority=authority.name,
        csn=csn,
        purpose=ordered.profile.purpose.label,
        profile=prepared.profile_name,
        serial=serial,
        tbs=prepared.tbs_der,
        tbs_sha256=prepared.tbs_sha256.hex(),
        tbs_seal=office.sealer.seal(prepared.tbs_sha256, seal_label(serial)),
        spki_sha256=prepared.spki_sha256.hex(),
        subject=describe_name(read_tbs(prepared.tbs_der).subject_name),
        not_before=prepared.not_before,
        not_after=prepared.not_after,
    )

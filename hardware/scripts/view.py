"""Shows a holder what is on the card (rules VEW-01, CRD-09): number, certificates, validity, tries left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import NameOID

from hardware.errors import CardAnswerWrong
from hardware.piv import CERTIFICATE_OBJECTS, Reference
from hardware.scripts.card_number import read_card_number
from hardware.scripts.certificates import read_certificate
from hardware.scripts.identify import read_csn
from hardware.scripts.steps import standing_of

if TYPE_CHECKING:
    from datetime import datetime

    from hardware.piv import Slot
    from hardware.scripts.script import Script

# RFC 4514 §3 names few attributes, and would have a citizen's or officer's number stand behind dotted digits.
_NAMED = {NameOID.SERIAL_NUMBER: "serialNumber"}


@dataclass(frozen=True, slots=True)
class CertificateOnCard:
    """One certificate: its slot, names as RFC 4514 strings, serial number, validity in UTC, and the DER itself."""

    slot: Slot
    subject: str
    issuer: str
    serial_number: int
    not_before: datetime
    not_after: datetime
    der: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardDetails:
    """What a card shows without its PIN; the counter is None where the card does not tell it."""

    csn: str
    card_number: str | None
    pin_tries: int | None
    certificates: tuple[CertificateOnCard, ...]


def view() -> Script[CardDetails]:
    """Select the application and read what is free to read; harmless to run at any time."""
    csn = yield from read_csn()
    number = yield from read_card_number()
    standing = yield from standing_of(Reference.PIN)
    certificates = []
    for slot in CERTIFICATE_OBJECTS:
        der = yield from read_certificate(slot)
        if der is not None:
            certificates.append(_described(slot, der))
    return CardDetails(csn, number, standing.left, tuple(certificates))


def _described(slot: Slot, der: bytes) -> CertificateOnCard:
    try:
        certificate = x509.load_der_x509_certificate(der)
        return CertificateOnCard(
            slot,
            certificate.subject.rfc4514_string(_NAMED),
            certificate.issuer.rfc4514_string(_NAMED),
            certificate.serial_number,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            der,
        )
    except ValueError as error:
        raise CardAnswerWrong(f"The certificate in slot {slot:X} cannot be read.") from error

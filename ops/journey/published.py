"""What the repository publishes, fetched as a relying party does: certificates, lists and OCSP answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ops.journey.pages import JourneyError

if TYPE_CHECKING:
    from ops.journey.house import House
    from workflow.vocabulary import Ca

_GOOD = 200


def certificate(house: House, authority: str) -> bytes:
    """Fetch an authority's certificate in DER."""
    found = _fetched(house, f"/repository/{authority}/Certs/{authority}.crt")
    if found is None:
        raise JourneyError(f"the repository has no certificate of {authority}")
    return found


def complete_list(house: House, authority: str) -> bytes | None:
    """Fetch an authority's complete list; None before the first."""
    return _fetched(house, f"/repository/{authority}/CRL2/complete.crl")


def is_listed(house: House, ca: Ca, serial: int) -> bool:
    """Tell whether the complete list names a certificate."""
    der = complete_list(house, str(ca))
    if der is None:
        return False
    return x509.load_der_x509_crl(der).get_revoked_certificate_by_serial_number(serial) is not None


def ocsp_answer(house: House, subject: bytes, issuer: bytes) -> bytes:
    """Ask by POST how a certificate stands."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        x509.load_der_x509_certificate(subject),
        x509.load_der_x509_certificate(issuer),
        SHA1(),  # noqa: S303 - names the issuer as RFC 5019 §2.1.1 has it; nothing is signed with it.
    )
    client = house.visitor("relying party").client
    answer = client.post(
        "/OCSP/ocsp",
        content=builder.build().public_bytes(Encoding.DER),
        headers={"Content-Type": "application/ocsp-request"},
    )
    if answer.status_code != _GOOD:
        raise JourneyError(f"the OCSP responder answers {answer.status_code}")
    return answer.content


def _fetched(house: House, path: str) -> bytes | None:
    answer = house.visitor("relying party").client.get(path)
    return answer.content if answer.status_code == _GOOD else None

"""Whether a card's certificate was suspended or revoked: by the register, or by OCSP or the list that it names.

Nothing is taken for good that did not say so: what can't be looked up is told with the reason, and does not verify.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, CRLEntryExtensionOID

from ops.cli.reading import reading
from ops.monitor.fetching import Asked, fetch
from ops.monitor.judging import Bar, judge
from ops.monitor.targets import Kind, Target
from workflow.store.roots import FIRST_ROOT
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ops.monitor.fetching import Fetched

GOOD: Final = "ok"
_REQUEST: Final = "application/ocsp-request"
# What an operator mends and a relying party may overlook; a nonce is no duty of a responder (RFC 9654 §2.1).
_OVERLOOKED: Final = frozenset({"responder.half_life", "ocsp.nonce", "slow", "media_type"})
_ISSUER: Final = "issuer"


@dataclass(frozen=True, slots=True)
class LookUp:
    """What a status is looked up with: the chain from the certificate's issuer to the root, in DER, and the time."""

    chain: tuple[bytes, ...]
    at: datetime
    fetch: Callable[[Asked], Fetched] = fetch


def in_the_register(der: bytes) -> str:
    """Return "ok" for a certificate that the register has in force, else what it says of it."""
    from workflow.views.issued import by_serial

    serial = f"{x509.load_der_x509_certificate(der).serial_number:032x}"
    with reading() as (connection, _clock):
        found = next((one for one in by_serial(connection, serial) if one.der == der), None)
    if found is None:
        return "登記系統查無此憑證 the register has not issued it"
    if found.status is CertificateStatus.VALID:
        return GOOD
    return f"{found.status.zh} {found.status.en} ({found.status_at.isoformat()})"


def by_its_addresses(der: bytes, look_up: LookUp) -> str:
    """Return "ok" when OCSP or the list that the certificate names says so, else what was found or what went wrong."""
    certificate = x509.load_der_x509_certificate(der)
    issuer = x509.load_der_x509_certificate(look_up.chain[0])
    said = []
    for url in _ocsp_addresses(certificate):
        answer, final = _ask(certificate, issuer, url, look_up)
        if final:
            return answer
        said.append(answer)
    for url in _list_addresses(certificate):
        answer, final = _read_list(certificate, issuer, url, look_up)
        if final:
            return answer
        said.append(answer)
    return "; ".join(said) or "憑證未載明查詢網址 the certificate names neither OCSP nor a list"


def _ocsp_addresses(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    return [
        str(one.access_location.value)
        for one in found
        if one.access_method == AuthorityInformationAccessOID.OCSP
    ]


def _list_addresses(certificate: x509.Certificate) -> list[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for point in points for name in point.full_name or ()]


def _ask(
    certificate: x509.Certificate, issuer: x509.Certificate, url: str, look_up: LookUp
) -> tuple[str, bool]:
    """Ask a responder; returns what came, and whether that settles it."""
    # SHA-1 only names the issuer here, and every responder knows it (RFC 5019 §2.1.1).
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1())  # noqa: S303 - see above.
    fetched = look_up.fetch(Asked(url, asked.build().public_bytes(Encoding.DER), _REQUEST))
    der = certificate.public_bytes(Encoding.DER)
    by_root = len(look_up.chain) == 1
    target = Target(
        Kind.OCSP,
        url,
        FIRST_ROOT if by_root else _ISSUER,
        certificate=der,
        serial=certificate.serial_number,
    )
    known = {_ISSUER: look_up.chain[0], FIRST_ROOT: look_up.chain[-1]}
    wrong = [one for one in judge(target, fetched, Bar(known, look_up.at)) if one.code not in _OVERLOOKED]
    if wrong:
        return f"OCSP {url}: {' '.join(one.en for one in wrong)}", False
    response = ocsp.load_der_ocsp_response(fetched.body)
    if response.certificate_status is ocsp.OCSPCertStatus.GOOD:
        return GOOD, True
    reason = response.revocation_reason
    return _revoked(response.revocation_time_utc, reason.value if reason else ""), True


def _read_list(
    certificate: x509.Certificate, issuer: x509.Certificate, url: str, look_up: LookUp
) -> tuple[str, bool]:
    """Fetch a list and look the serial up in it; returns what came, and whether that settles it."""
    fetched = look_up.fetch(Asked(url))
    if fetched.failure or fetched.status != 200:  # noqa: PLR2004 - HTTP's OK.
        return f"CRL {url}: {fetched.failure or fetched.status}", False
    try:
        crl = x509.load_der_x509_crl(fetched.body)
        wrong = _wrong_with(crl, issuer, url, look_up.at)
    except (ValueError, TypeError) as error:
        return f"CRL {url}: {error}", False
    if wrong:
        return f"CRL {url}: {wrong}", False
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return GOOD, True
    reasons = [
        one.value.reason.value for one in entry.extensions if one.oid == CRLEntryExtensionOID.CRL_REASON
    ]
    return _revoked(entry.revocation_date_utc, reasons[0] if reasons else ""), True


def _wrong_with(crl: x509.CertificateRevocationList, issuer: x509.Certificate, url: str, at: datetime) -> str:
    """Say why a list says nothing of this issuer's certificates now (RFC 5280 §6.3.3); empty when it does."""
    if crl.issuer != issuer.subject or not crl.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]  # another kind of key raises the TypeError that is caught
        return "not signed by the certificate's issuer"
    if crl.next_update_utc is None or not crl.last_update_utc <= at < crl.next_update_utc:
        return "not in force now"
    try:
        scope = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return ""
    names = {str(name.value) for name in scope.full_name or ()}
    if scope.indirect_crl or scope.only_some_reasons or scope.only_contains_ca_certs:
        return "its scope is not that of card certificates"
    return "" if not names or url in names else "it is another part of the list"


def _revoked(at: datetime | None, reason: str) -> str:
    word = CertificateStatus.SUSPENDED if reason == "certificateHold" else CertificateStatus.REVOKED
    since = f" ({at.isoformat()}{', ' + reason if reason else ''})" if at else ""
    return f"{word.zh} {word.en}{since}"

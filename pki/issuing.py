"""Issue certificates: prepare and lint, let the caller store, then sign exactly what was linted.

`prepare` returns the to-be-signed bytes after linting them under a throw-away key; the caller stores them with
their digest before the CA key is used; `sign` takes the stored bytes, refuses when anything does not match, and wraps
the CA's signature around those very bytes. Order as in the practice of large public CAs: a certificate that was
signed but not recorded can still be revoked by the serial that was stored first.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pki import der
from pki.certificates import read_tbs
from pki.errors import IssuingRefusedError, LintRefusedError, ProfileRefusedError
from pki.extensions import encode_extensions
from pki.keygate import examine_key, spki_sha256
from pki.keys import (
    KeyKind,
    SignatureAlgorithm,
    Signer,
    SoftwareSigner,
    algorithm_for,
    load_public_key,
    verify_signature,
)
from pki.lint.run import LintReport, run_lints

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pki.orders import CertificateOrder, Issuer

SERIAL_OCTETS: Final = 16
_SERIAL_FLOOR: Final = 1 << 64
_VERSION_3: Final = der.explicit(0, der.integer(2))

_THROW_AWAY_KINDS: Final = {
    SignatureAlgorithm.SHA256_WITH_RSA: KeyKind.RSA_2048,
    SignatureAlgorithm.ECDSA_WITH_SHA256: KeyKind.P256,
    SignatureAlgorithm.ECDSA_WITH_SHA384: KeyKind.P384,
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A linted certificate that waits for its signature; store all of it before the CA key is used."""

    tbs_der: bytes
    tbs_sha256: bytes
    serial: int
    subject_name: bytes
    spki_sha256: bytes
    profile_name: str
    not_before: datetime
    not_after: datetime
    lint_report: LintReport


def new_serial(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> int:
    """Return a serial of 128 bits with the top bit clear: 127 random bits, never below 2**64."""
    while True:
        serial = int.from_bytes(random_bytes(SERIAL_OCTETS), "big") & ~(1 << (8 * SERIAL_OCTETS - 1))
        if serial >= _SERIAL_FLOOR:
            return serial


def serial_text(serial: int) -> str:
    """Return the one canonical form of a serial: 32 lower-case hexadecimal digits."""
    return f"{serial:032x}"


def prepare(order: CertificateOrder, issuer: Issuer) -> Prepared:
    """Build and lint the to-be-signed bytes of a certificate.

    Raises ProfileRefusedError or NameRefusedError for an order that does not fit, IssuingRefusedError for a key that
    fails the gate or a life that the issuer does not cover, and LintRefusedError for any finding.
    """
    if order.not_before.tzinfo is None:
        raise IssuingRefusedError("pki.issue.time", "notBefore needs a time zone")
    faults = examine_key(order.spki_der, order.profile.keys)
    if faults:
        raise IssuingRefusedError("pki.issue.key", ", ".join(fault.code for fault in faults))
    _check_subject(order)
    not_after = order.profile.life.end(order.not_before)
    _check_within_issuer(order, not_after, issuer)
    tbs = _build_tbs(order, not_after, issuer)
    report = _lint_under_throw_away_key(tbs, order, issuer)
    if report.findings:
        raise LintRefusedError(tuple(finding.sentence for finding in report.findings))
    return Prepared(
        tbs,
        hashlib.sha256(tbs).digest(),
        order.serial,
        order.subject.to_der(order.profile.naming.printable),
        spki_sha256(order.spki_der),
        order.profile.name,
        order.not_before.replace(microsecond=0),
        not_after,
        report,
    )


def sign(tbs_der: bytes, tbs_sha256: bytes, issuer: Issuer, signer: Signer) -> bytes:
    """Return the certificate: the CA's signature around exactly the stored bytes.

    Raises IssuingRefusedError when the bytes are not those whose digest was stored, when they name another issuer,
    issuing key or algorithm, when the signer does not hold the issuer's key, or when the signature does not verify.
    """
    if not hmac.compare_digest(hashlib.sha256(tbs_der).digest(), tbs_sha256):
        raise IssuingRefusedError("pki.sign.altered", "the bytes are not those that were linted and stored")
    fields = read_tbs(tbs_der)
    if fields.issuer_name != issuer.name_der or fields.authority_key_identifier != issuer.key_identifier:
        raise IssuingRefusedError("pki.sign.issuer", "the certificate was prepared for another issuer")
    if signer.spki_der != issuer.spki_der:
        raise IssuingRefusedError("pki.sign.key", "the signer does not hold the issuer's key")
    if fields.algorithm != signer.algorithm.identifier:
        raise IssuingRefusedError("pki.sign.algorithm", "the certificate names another signature algorithm")
    signature = signer.sign(tbs_der)
    # A faulty signature from broken hardware can give an RSA key away, so none leaves unverified.
    verify_signature(load_public_key(issuer.spki_der), tbs_der, signature)
    return der.sequence(tbs_der, fields.algorithm, der.bit_string(signature))


def _check_within_issuer(order: CertificateOrder, not_after: datetime, issuer: Issuer) -> None:
    if not _SERIAL_FLOOR <= order.serial < 1 << (8 * SERIAL_OCTETS - 1):
        raise IssuingRefusedError("pki.issue.serial", "a serial comes from new_serial()")
    if issuer.fields is None:
        return
    if not issuer.fields.may_certify:
        raise IssuingRefusedError("pki.issue.not_a_ca", "the issuer may not certify")
    if order.profile.is_ca and issuer.fields.path_length == 0:
        raise IssuingRefusedError("pki.issue.path_length", "the issuer may certify holders but no other CA")
    if order.not_before < issuer.fields.not_before or not_after > issuer.fields.not_after:
        raise IssuingRefusedError("pki.issue.outlives_issuer", "the certificate would outlive its issuer")
    if order.spki_der == issuer.spki_der:
        raise IssuingRefusedError("pki.issue.issuers_key", "the subject's key is the issuer's own")


def _check_subject(order: CertificateOrder) -> None:
    faults = order.profile.naming.faults(order.subject)
    if faults:
        raise ProfileRefusedError(
            "pki.order.subject", " ".join(fault.en for fault in faults), profile=order.profile.name
        )


def _build_tbs(order: CertificateOrder, not_after: datetime, issuer: Issuer) -> bytes:
    algorithm = algorithm_for(load_public_key(issuer.spki_der))
    return der.sequence(
        _VERSION_3,
        der.integer(order.serial),
        algorithm.identifier,
        issuer.name_der,
        der.sequence(der.time(order.not_before), der.time(not_after)),
        order.subject.to_der(order.profile.naming.printable),
        order.spki_der,
        der.explicit(3, encode_extensions(order, issuer)),
    )


def _lint_under_throw_away_key(tbs: bytes, order: CertificateOrder, issuer: Issuer) -> LintReport:
    algorithm = algorithm_for(load_public_key(issuer.spki_der))
    signature = _throw_away_signer(algorithm).sign(tbs)
    certificate = der.sequence(tbs, algorithm.identifier, der.bit_string(signature))
    return run_lints(certificate, order.profile)


@lru_cache
def _throw_away_signer(algorithm: SignatureAlgorithm) -> SoftwareSigner:
    """Return a key that signs what is only to be linted; it lives as long as the process and is trusted by no one."""
    return SoftwareSigner.generate(_THROW_AWAY_KINDS[algorithm])

"""Certificate revocation lists, version 2 (RFC 5280 §5).

Two kinds are made: the complete list of a CA, without issuingDistributionPoint, and partition lists, with a critical
one that names the partition's address. A suspended certificate stands as certificateHold and leaves the list when
it is resumed (policy question P-16).

Entries are encoded by hand and once: whoever keeps them encoded has a list of a million signed in half a second
(`sign_list`), where encoding them anew takes two seconds and the certificate library's builder six.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509

from pki import der
from pki.certificates import CertificateFields, read_certificate
from pki.errors import CrlRefusedError, PkiError
from pki.extensions import authority_key_identifier
from pki.keys import PublicKey, Signer, algorithm_for, load_public_key, verify_signature
from pki.reasons import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pki.orders import Issuer

# Rule CRL-01: a list lives at most 36 hours; we make one a day, so an early failure leaves half a day to mend it.
DEFAULT_LIFE: Final = timedelta(hours=24)
LONGEST_LIFE: Final = timedelta(hours=36)

_VERSION_2: Final = der.integer(1)
_AKI_OID: Final = der.oid("2.5.29.35")
_NUMBER_OID: Final = der.oid("2.5.29.20")
_REASON_OID: Final = der.oid("2.5.29.21")
_DISTRIBUTION_POINT_OID: Final = der.oid("2.5.29.28")
# RFC 5280 §5.2.3: a list number has at most 20 octets.
_NUMBER_LIMIT: Final = 1 << 159


@dataclass(frozen=True, slots=True)
class RevokedEntry:
    """One certificate on the list: since when and why."""

    serial: int
    revoked_at: datetime
    reason: RevocationReason


@dataclass(frozen=True, slots=True)
class CrlPlan:
    """What a list says about itself; `partition_url` is None for the complete list.

    A longer `longest_life` is for the lists of an offline root alone.
    """

    number: int
    this_update: datetime
    next_update: datetime
    partition_url: str | None = None
    longest_life: timedelta = LONGEST_LIFE

    @classmethod
    def daily(cls, number: int, this_update: datetime, partition_url: str | None = None) -> CrlPlan:
        """Return the plan of an ordinary list that lives 24 hours."""
        return cls(number, this_update, this_update + DEFAULT_LIFE, partition_url)


@dataclass(frozen=True, slots=True)
class CrlExpectation:
    """What must hold before a list is published: the number of the one before, how many entries, the time, and
    the partition's address (None for the complete list).
    """

    previous_number: int
    entries: int
    now: datetime
    partition_url: str | None = None
    longest_life: timedelta = LONGEST_LIFE


def partition_of(serial: int, partitions: int) -> int:
    """Return the partition, from 0, whose list a certificate belongs to; it follows from the serial alone."""
    return serial % partitions


def build_crl(issuer: Issuer, signer: Signer, plan: CrlPlan, entries: Iterable[RevokedEntry]) -> bytes:
    """Return a signed list in DER.

    Raises CrlRefusedError for a life that is empty or too long, a serial that stands twice, an entry from the future,
    or a signer that does not hold the issuer's key.
    """
    crl = sign_list(issuer, signer, plan, _encode_entries(entries, plan.this_update))
    _verify(crl, load_public_key(issuer.spki_der))
    return crl


def sign_list(issuer: Issuer, signer: Signer, plan: CrlPlan, encoded: Iterable[bytes]) -> bytes:
    """Return a signed list in DER over entries that are encoded already, joined in pieces of any size.

    The pieces are copied, not read: `check_crl` is for the finished list, and has to come before it is published.
    Memory: twice the size of the list beyond the pieces. Raises CrlRefusedError for a life that is empty or too
    long, or a signer that does not hold the issuer's key.
    """
    _check_plan(plan)
    if signer.spki_der != issuer.spki_der:
        raise CrlRefusedError("pki.crl.key", "the signer does not hold the issuer's key")
    tbs = _encode_tbs(issuer, signer, plan, list(encoded))
    tail = (signer.algorithm.identifier, der.bit_string(signer.sign(tbs)))
    return der.sequence(tbs, *tail)


def _encode_tbs(issuer: Issuer, signer: Signer, plan: CrlPlan, encoded: list[bytes]) -> bytes:
    length = sum(map(len, encoded))
    return der.sequence(
        _VERSION_2,
        signer.algorithm.identifier,
        issuer.name_der,
        der.time(plan.this_update),
        der.time(plan.next_update),
        # RFC 5280 §5.1.2.6: where nothing is revoked, the list of entries must be absent.
        *((der.header(der.SEQUENCE, length), *encoded) if length else ()),
        der.explicit(0, _encode_extensions(plan, issuer)),
    )


def encode_entry(entry: RevokedEntry) -> bytes:
    """Return one entry in DER, as it stands on every list from now on (RFC 5280 §5.1.2.6)."""
    return der.sequence(der.integer(entry.serial), der.time(entry.revoked_at), _REASONS[entry.reason])


def check_crl(crl_der: bytes, issuer_certificate_der: bytes, expected: CrlExpectation) -> None:
    """Raise CrlRefusedError unless the list may be published: the last look, from the finished bytes alone.

    The certificate library parses every entry and counts them; the signature is verified over the bytes as they
    stand. For a million entries both together take a third of the time that making the list took.
    """
    try:
        issuer = read_certificate(issuer_certificate_der)
        _check_signature(crl_der, issuer)
        crl = x509.load_der_x509_crl(crl_der)
        _check_times(crl, expected)
        _check_extensions(crl, issuer.subject_key_identifier, expected)
    except CrlRefusedError:
        raise
    except (PkiError, ValueError, x509.ExtensionNotFound) as error:
        raise CrlRefusedError("pki.crl.unsound", f"the list cannot be read or verified: {error}") from error
    if len(crl) != expected.entries:
        raise CrlRefusedError(
            "pki.crl.count", "the number of entries is not the expected one", found=len(crl)
        )


def list_number(crl_der: bytes, issuer_certificate_der: bytes) -> int:
    """Return the number of a list in DER that an issuer signed, however old; CrlRefusedError for any other bytes."""
    try:
        _check_signature(crl_der, read_certificate(issuer_certificate_der))
        crl = x509.load_der_x509_crl(crl_der)
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except CrlRefusedError:
        raise
    except (PkiError, ValueError, x509.ExtensionNotFound) as error:
        raise CrlRefusedError("pki.crl.unsound", f"the list cannot be read or verified: {error}") from error


def _verify(crl_der: bytes, public_key: PublicKey) -> tuple[bytes, list[bytes]]:
    """Verify the signature over the bytes as they stand; returns the algorithm beside it and the list's first fields.

    The list is looked at in place, for it may be large.
    """
    view = memoryview(crl_der)
    tag, begin, end = der.span(view, 0)
    _tbs, inner, tbs_end = der.span(view, begin)
    algorithm, signature = der.read_all(bytes(view[tbs_end:end]))
    if tag != der.SEQUENCE or end != len(view) or signature.expect(der.BIT_STRING).content[:1] != b"\x00":
        raise CrlRefusedError("pki.crl.unsound", "not a signed list")
    verify_signature(public_key, view[begin:tbs_end], signature.content[1:])
    head = []
    for _field in range(3):
        field_end = der.span(view, inner)[2]
        head.append(bytes(view[inner:field_end]))
        inner = field_end
    return algorithm.encoded, head


def _check_signature(crl_der: bytes, issuer: CertificateFields) -> None:
    public_key = load_public_key(issuer.spki_der)
    algorithm, head = _verify(crl_der, public_key)
    if (
        head != [_VERSION_2, algorithm, issuer.subject_name]
        or algorithm != algorithm_for(public_key).identifier
    ):
        raise CrlRefusedError("pki.crl.issuer", "version, algorithm or issuer is another one")


def _check_plan(plan: CrlPlan) -> None:
    if not 0 < plan.number < _NUMBER_LIMIT:
        raise CrlRefusedError("pki.crl.number", "a list number is positive and has at most 20 octets")
    if not timedelta(0) < plan.next_update - plan.this_update <= plan.longest_life:
        raise CrlRefusedError("pki.crl.life", "the life of the list is empty or too long")


def _encode_entries(entries: Iterable[RevokedEntry], this_update: datetime) -> Iterator[bytes]:
    seen = set[int]()
    for entry in entries:
        if entry.serial in seen:
            raise CrlRefusedError("pki.crl.repeated", "a serial stands twice", serial=f"{entry.serial:032x}")
        if entry.revoked_at > this_update:
            raise CrlRefusedError(
                "pki.crl.future", "an entry is from the future", serial=f"{entry.serial:032x}"
            )
        seen.add(entry.serial)
        yield encode_entry(entry)


def _reason_extension(reason: RevocationReason) -> bytes:
    # RFC 5280 §5.3.1: the reason is left out rather than given as unspecified.
    if reason is RevocationReason.UNSPECIFIED:
        return b""
    value = der.integer(reason, der.ENUMERATED)
    return der.sequence(der.sequence(_REASON_OID, der.octet_string(value)))


_REASONS: Final = {reason: _reason_extension(reason) for reason in RevocationReason}


def _encode_extensions(plan: CrlPlan, issuer: Issuer) -> bytes:
    extensions = [
        der.sequence(_AKI_OID, der.octet_string(authority_key_identifier(issuer.key_identifier))),
        der.sequence(_NUMBER_OID, der.octet_string(der.integer(plan.number))),
    ]
    if plan.partition_url is not None:
        point = x509.IssuingDistributionPoint(
            full_name=[x509.UniformResourceIdentifier(plan.partition_url)],
            relative_name=None,
            only_contains_user_certs=False,
            only_contains_ca_certs=False,
            only_some_reasons=None,
            indirect_crl=False,
            only_contains_attribute_certs=False,
        )
        value = der.octet_string(point.public_bytes())
        extensions.append(der.sequence(_DISTRIBUTION_POINT_OID, der.boolean(value=True), value))
    return der.sequence(*extensions)


def _check_times(crl: x509.CertificateRevocationList, expected: CrlExpectation) -> None:
    begins, ends = crl.last_update_utc, crl.next_update_utc
    if ends is None or not begins <= expected.now < ends:
        raise CrlRefusedError("pki.crl.stale", "the list is not in force now")
    if ends - begins > expected.longest_life:
        raise CrlRefusedError("pki.crl.life", "the life of the list is too long")


def _check_extensions(
    crl: x509.CertificateRevocationList, key_identifier: bytes | None, expected: CrlExpectation
) -> None:
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    if number <= expected.previous_number:
        raise CrlRefusedError("pki.crl.number", "the list number does not rise", number=number)
    if _partition_url(crl) != expected.partition_url:
        raise CrlRefusedError("pki.crl.partition", "the list covers another part of the certificates")
    authority = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    if authority.key_identifier != key_identifier:
        raise CrlRefusedError("pki.crl.issuer", "the list names another issuing key")


def _partition_url(crl: x509.CertificateRevocationList) -> str | None:
    try:
        point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return None
    names = [name.value for name in point.full_name or ()]
    return str(names[0]) if len(names) == 1 else ""

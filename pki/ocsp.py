"""Answer OCSP requests (RFC 6960, RFC 5019): what is the status of these certificates right now?

One `Responder` answers for one CA, with a short-lived certificate that this CA gave it. A certificate that was never
issued, and one of any other CA, is unknown and never good (rule CRL-05). The caller's lookup reads the status from
the same rows as the CRL; when that lookup fails, `error_response` says so without a signature.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from pki import der
from pki.certificates import read_certificate, verify_issued_by
from pki.errors import ChainRefusedError, OcspMalformedError, ResponderRefusedError
from pki.extensions import authority_key_identifier
from pki.ocsp_request import HASHES, CertId, OcspRequest, decode_get_path, parse_request
from pki.reasons import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.keys import Signer

__all__ = [
    "CertId",
    "NotRevoked",
    "OcspError",
    "OcspRequest",
    "Responder",
    "Revoked",
    "Status",
    "answer",
    "decode_get_path",
    "error_response",
    "issuer_hashes",
    "next_update",
    "parse_request",
    "respond",
]

DEFAULT_LIFE: Final = timedelta(hours=12)
_BASIC_RESPONSE: Final = der.oid("1.3.6.1.5.5.7.48.1.1")
_NONCE_OID: Final = der.oid("1.3.6.1.5.5.7.48.1.2")
_AKI_OID: Final = der.oid("2.5.29.35")
_OCSP_SIGNING: Final = der.sequence(der.oid("1.3.6.1.5.5.7.3.9"))
_EXTENDED_KEY_USAGE: Final = "2.5.29.37"


class OcspError(IntEnum):
    """Answers without a status (RFC 6960 §4.2.1)."""

    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


class NotRevoked(Enum):
    """A certificate that was issued and stands, or one that was never issued."""

    GOOD = "good"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Revoked:
    """A certificate that is revoked, or on hold while suspended; time and reason equal those on the CRL."""

    at: datetime
    reason: RevocationReason


Status: TypeAlias = NotRevoked | Revoked


class Responder:
    """The key and certificate that answer for one CA; make it once, since it prepares all that never changes."""

    def __init__(self, signer: Signer, certificate_der: bytes, issuer_certificate_der: bytes) -> None:
        """Refuse (ResponderRefusedError) a key or certificate that relying parties would not accept."""
        self.signer = signer
        self.certificate_der = certificate_der
        self.fields = read_certificate(certificate_der)
        issuer = read_certificate(issuer_certificate_der)
        if self.fields.spki_der != signer.spki_der:
            raise ResponderRefusedError("pki.responder.key", "the certificate is for another key")
        usage = self.fields.extensions.get(_EXTENDED_KEY_USAGE)
        if usage is None or usage.value != _OCSP_SIGNING:
            raise ResponderRefusedError("pki.responder.usage", "the certificate is not for OCSP signing")
        try:
            verify_issued_by(certificate_der, issuer)
        except ChainRefusedError as error:
            raise ResponderRefusedError("pki.responder.issuer", error.message) from error
        self._issuer_hashes = issuer_hashes(issuer_certificate_der)
        self.authority_key = self.fields.authority_key_identifier or b""

    def is_asked_about_own(self, certificate: CertId) -> bool:
        """Return whether the CertID names the CA that this responder answers for."""
        if certificate.hash_name is None:
            return False
        asked = (certificate.issuer_name_hash, certificate.issuer_key_hash)
        return self._issuer_hashes[certificate.hash_name] == asked


def issuer_hashes(certificate_der: bytes) -> dict[str, tuple[bytes, bytes]]:
    """Return the hashes of an issuer's name and key by which a CertID names it, for each hash that is known here."""
    issuer = read_certificate(certificate_der)
    key_bits = der.read(issuer.spki_der).children()[1].content[1:]
    return {
        name: (_digest(name, issuer.subject_name), _digest(name, key_bits)) for name, _ in HASHES.values()
    }


def next_update(responder: Responder, now: datetime, life: timedelta) -> datetime:
    """Return until when a response that is signed now may hold: never beyond the responder's certificate."""
    return min(now + life, responder.fields.not_after)


def answer(
    request_der: bytes,
    lookup: Callable[[int], Status],
    responder: Responder,
    now: datetime,
    life: timedelta = DEFAULT_LIFE,
) -> bytes:
    """Return the response to raw request bytes; bytes that are no request get `malformedRequest`."""
    try:
        request = parse_request(request_der)
    except OcspMalformedError:
        return error_response(OcspError.MALFORMED_REQUEST)
    return respond(request, lookup, responder, now, life)


def respond(
    request: OcspRequest,
    lookup: Callable[[int], Status],
    responder: Responder,
    now: datetime,
    life: timedelta = DEFAULT_LIFE,
) -> bytes:
    """Return a signed response in DER: every status asked for, the nonce echoed, the responder's certificate included.

    `lookup` gives the status of a serial of the responder's CA and is asked for no other. The response holds for
    `life`, but never beyond the responder's certificate. Raises ResponderRefusedError outside that certificate's life.
    """
    if not responder.fields.not_before <= now < responder.fields.not_after:
        raise ResponderRefusedError("pki.responder.expired", "the responder's certificate is not valid now")
    until = next_update(responder, now, life)
    singles = []
    for asked in request.certificates:
        own = responder.is_asked_about_own(asked)
        status = lookup(asked.serial) if own else NotRevoked.UNKNOWN
        singles.append(_single(asked, status, now, until))
    return _sign(
        der.sequence(
            der.explicit(1, responder.fields.subject_name),
            der.generalized_time(now),
            der.sequence(*singles),
            der.explicit(1, _extensions(request, responder)),
        ),
        responder,
    )


def error_response(error: OcspError) -> bytes:
    """Return an unsigned response that only says why there is no answer."""
    return der.sequence(der.integer(error, der.ENUMERATED))


def _sign(response_data: bytes, responder: Responder) -> bytes:
    basic = der.sequence(
        response_data,
        responder.signer.algorithm.identifier,
        der.bit_string(responder.signer.sign(response_data)),
        der.explicit(0, der.sequence(responder.certificate_der)),
    )
    body = der.explicit(0, der.sequence(_BASIC_RESPONSE, der.octet_string(basic)))
    return der.sequence(der.integer(0, der.ENUMERATED), body)


def _single(asked: CertId, status: Status, now: datetime, until: datetime) -> bytes:
    return der.sequence(
        asked.encoded,
        _status(status),
        der.generalized_time(now),
        der.explicit(0, der.generalized_time(until)),
    )


def _status(status: Status) -> bytes:
    if isinstance(status, Revoked):
        # As on the CRL, the reason is left out rather than given as unspecified.
        unspecified = status.reason is RevocationReason.UNSPECIFIED
        reason = b"" if unspecified else der.explicit(0, der.integer(status.reason, der.ENUMERATED))
        return der.explicit(1, der.generalized_time(status.at), reason)
    return der.tlv(0x80 if status is NotRevoked.GOOD else 0x82)


def _extensions(request: OcspRequest, responder: Responder) -> bytes:
    # The MOICA practice statement §7.3.2 wants the responder's authority key identifier in the response.
    authority = der.octet_string(authority_key_identifier(responder.authority_key))
    extensions = [der.sequence(_AKI_OID, authority)]
    if request.nonce is not None:
        extensions.append(der.sequence(_NONCE_OID, der.octet_string(request.nonce)))
    return der.sequence(*extensions)


def _digest(name: str, data: bytes) -> bytes:
    # SHA-1 only names an issuer here, as RFC 5019 clients do; nothing is protected by it.
    return hashlib.new(name, data, usedforsecurity=False).digest()

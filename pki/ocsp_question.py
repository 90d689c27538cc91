"""Ask an OCSP responder as a client does (RFC 6960 §4.1): one serial, its issuer named by SHA-256, and a nonce."""

from __future__ import annotations

from typing import Final

from pki import der
from pki.ocsp import issuer_hashes

_SHA256: Final = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
_NONCE: Final = der.oid("1.3.6.1.5.5.7.48.1.2")


def question(issuer_certificate_der: bytes, serial: int, nonce: bytes = b"") -> bytes:
    """Return a request about a serial of an issuer; without a nonce where none is given (RFC 9654 for its length)."""
    name_hash, key_hash = issuer_hashes(issuer_certificate_der)["sha256"]
    asked = der.sequence(
        _SHA256, der.octet_string(name_hash), der.octet_string(key_hash), der.integer(serial)
    )
    extension = der.sequence(_NONCE, der.octet_string(der.octet_string(nonce)))
    extensions = (der.explicit(2, der.sequence(extension)),) if nonce else ()
    return der.sequence(der.sequence(der.sequence(der.sequence(asked)), *extensions))

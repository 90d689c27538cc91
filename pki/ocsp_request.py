"""Read OCSP requests (RFC 6960 §4.1), posted or in a GET path (RFC 5019 §5).

A request comes from anyone on the network: whatever is not exactly a request raises OcspMalformedError and nothing
else. A signature on the request is not asked for and not looked at.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from pki import der
from pki.errors import DerRefusedError, OcspMalformedError

# Enough for any honest client, and little enough that one request cannot buy much work.
MOST_CERTIFICATES: Final = 32
MOST_OCTETS: Final = 16384
# RFC 9654 §2.1: a nonce has 1 to 128 octets.
_LONGEST_NONCE: Final = 128
_NONCE_OID: Final = "1.3.6.1.5.5.7.48.1.2"
_VERSION_1: Final = der.explicit(0, der.integer(0))
_EXPLICIT_0, _EXPLICIT_1, _EXPLICIT_2 = 0xA0, 0xA1, 0xA2

_NO_PARAMETERS: Final = der.null()
_ONE_ALPHABET: Final = bytes.maketrans(b" -_", b"++/")

# OID of the hash, its name for hashlib, and the octets of a digest.
HASHES: Final = {
    "1.3.14.3.2.26": ("sha1", 20),
    "2.16.840.1.101.3.4.2.1": ("sha256", 32),
    "2.16.840.1.101.3.4.2.2": ("sha384", 48),
    "2.16.840.1.101.3.4.2.3": ("sha512", 64),
}


@dataclass(frozen=True, slots=True)
class CertId:
    """Which certificate is asked about; `hash_name` is None for a hash that we do not know."""

    hash_name: str | None
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int
    encoded: bytes


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """A request: the certificates in the order asked, and the nonce extension's value to be echoed."""

    certificates: tuple[CertId, ...]
    nonce: bytes | None = None


def decode_get_path(path: str) -> bytes:
    """Return the request that a GET path carries after the responder's own prefix.

    Clients differ: `/`, `+` and `=` come percent-encoded or bare, `+` may have become a blank, the padding may be
    missing, the alphabet may be that of URLs (RFC 4648 §5), and a web server may have decoded the path already.
    """
    if len(path) > 2 * MOST_OCTETS:
        raise OcspMalformedError("pki.ocsp.too_long", "the path is too long")
    # A request is a SEQUENCE, whose base64 begins with M, so a slash in front belongs to the path.
    text = (
        unquote_to_bytes(path.encode(errors="replace"))
        .lstrip(b"/")
        .replace(b"\r\n", b"")
        .rstrip(b"=")
        .translate(_ONE_ALPHABET)
    )
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise OcspMalformedError("pki.ocsp.base64", "the path is not base64") from error


def parse_request(request_der: bytes) -> OcspRequest:
    """Return what is asked; raises OcspMalformedError for anything that is not an OCSPRequest in DER."""
    if len(request_der) > MOST_OCTETS:
        raise OcspMalformedError("pki.ocsp.too_long", "the request is too long")
    try:
        return _read_request(der.read(request_der).expect(der.SEQUENCE))
    except DerRefusedError as error:
        raise OcspMalformedError("pki.ocsp.der", error.message) from error


def _read_request(root: der.Element) -> OcspRequest:
    tbs, *signature = root.fields(1, 2)
    for element in signature:
        element.expect(_EXPLICIT_0)
    fields = list(tbs.fields(1, 4))
    if fields[0].tag == _EXPLICIT_0 and fields.pop(0).encoded != _VERSION_1:
        raise OcspMalformedError("pki.ocsp.version", "not a version 1 request")
    if fields and fields[0].tag == _EXPLICIT_1:
        # The requestor's name says nothing that we would act on.
        fields.pop(0)
    nonce = _read_nonce(fields.pop().expect(_EXPLICIT_2)) if len(fields) > 1 else None
    if len(fields) != 1:
        raise OcspMalformedError("pki.ocsp.shape", "not one list of certificates")
    return OcspRequest(tuple(_read_single(asked) for asked in fields[0].fields(1, MOST_CERTIFICATES)), nonce)


def _read_single(element: der.Element) -> CertId:
    cert_id, *extensions = element.fields(1, 2)
    for extension in extensions:
        _refuse_critical(_read_extensions(extension.expect(_EXPLICIT_0)))
    algorithm, *digests, serial = cert_id.fields(4)
    oid, *parameters = algorithm.fields(1, 2)
    if parameters and parameters[0].encoded != _NO_PARAMETERS:
        # They would be echoed in the answer, which others have to read.
        raise OcspMalformedError("pki.ocsp.hash", "a hash has no parameters")
    name, size = HASHES.get(oid.as_oid(), (None, None))
    name_hash, key_hash = (digest.expect(der.OCTET_STRING).content for digest in digests)
    if size is not None and not len(name_hash) == len(key_hash) == size:
        raise OcspMalformedError("pki.ocsp.hash", "a hash has the wrong length")
    return CertId(name, name_hash, key_hash, serial.as_integer(), cert_id.encoded)


def _read_nonce(element: der.Element) -> bytes | None:
    extensions = _read_extensions(element)
    nonce = extensions.pop(_NONCE_OID, None)
    _refuse_critical(extensions)
    if nonce is None:
        return None
    if not 0 < len(der.read(nonce[1]).expect(der.OCTET_STRING).content) <= _LONGEST_NONCE:
        raise OcspMalformedError("pki.ocsp.nonce", "a nonce has 1 to 128 octets")
    return nonce[1]


def _refuse_critical(extensions: dict[str, tuple[bool, bytes]]) -> None:
    # RFC 6960 §4.4: what is critical and unknown must not be passed over.
    if any(critical for critical, _ in extensions.values()):
        raise OcspMalformedError("pki.ocsp.critical", "a critical extension is unknown")


def _read_extensions(element: der.Element) -> dict[str, tuple[bool, bytes]]:
    found: dict[str, tuple[bool, bytes]] = {}
    inner = element.children()
    if len(inner) != 1:
        raise OcspMalformedError("pki.ocsp.extensions", "extensions are one sequence")
    for sequence in inner[0].expect(der.SEQUENCE).children():
        parts = sequence.fields(2, 3)
        critical = parts[1].tag == der.BOOLEAN and parts[1].content != b"\x00"
        kind = parts[0].as_oid()
        if kind in found:
            raise OcspMalformedError("pki.ocsp.extensions", "an extension stands twice")
        found[kind] = (critical, parts[-1].expect(der.OCTET_STRING).content)
    return found

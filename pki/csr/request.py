"""The fields of a request (RFC 2986 §4), byte for byte, and the proof that its sender holds the private key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from pki import der
from pki.csr.findings import Verdict
from pki.errors import DerRefusedError, KeyRefusedError
from pki.keys import load_public_key

_ATTRIBUTES_TAG: Final = 0xA0
_FEWEST_FIELDS: Final = 3
_RSA: Final = "1.2.840.113549.1.1."
_ECDSA: Final = "1.2.840.10045.4.3."
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    _RSA + "11": hashes.SHA256(),
    _RSA + "12": hashes.SHA384(),
    _RSA + "13": hashes.SHA512(),
    _ECDSA + "2": hashes.SHA256(),
    _ECDSA + "3": hashes.SHA384(),
    _ECDSA + "4": hashes.SHA512(),
}
# MD2, MD5 and SHA-1 with RSA, in two numberings, and SHA-1 with ECDSA and DSA.
_WEAK: Final = frozenset(
    {_RSA + "2", _RSA + "4", _RSA + "5", "1.3.14.3.2.29", "1.2.840.10045.4.1", "1.2.840.10040.4.3"}
)


@dataclass(frozen=True, slots=True)
class CertificationRequest:
    """A request as it stands: each field in its exact bytes, attributes as OID and values."""

    signed: bytes
    version: int
    subject_name: bytes
    spki_der: bytes
    attributes: tuple[tuple[str, tuple[der.Element, ...]], ...]
    algorithm: str
    signature: bytes


def read_request(data: bytes) -> CertificationRequest:
    """Return the fields of a request; raises DerRefusedError when it cannot be read."""
    info, algorithm, signature = der.read(data).fields(3)
    parts = info.fields(_FEWEST_FIELDS, _FEWEST_FIELDS + 1)
    bits = signature.expect(der.BIT_STRING).content
    if bits[:1] != b"\x00":
        raise DerRefusedError("pki.csr.signature", "a signature fills whole octets")
    # Some tools leave the attributes out although they are not optional; nothing is lost by it.
    attributes = parts[3].expect(_ATTRIBUTES_TAG).children() if len(parts) > _FEWEST_FIELDS else ()
    return CertificationRequest(
        info.encoded,
        parts[0].as_integer(),
        parts[1].expect(der.SEQUENCE).encoded,
        parts[2].expect(der.SEQUENCE).encoded,
        tuple(_attribute(element) for element in attributes),
        algorithm.fields(1, 2)[0].as_oid(),
        bits[1:],
    )


def _attribute(element: der.Element) -> tuple[str, tuple[der.Element, ...]]:
    kind, values = element.fields(2)
    return kind.as_oid(), values.expect(der.SET).children()


def possession_fault(request: CertificationRequest) -> Verdict | None:
    """Return why the signature proves no possession of the private key, or None (RFC 2986 §3)."""
    if request.algorithm in _WEAK:
        return Verdict.WEAK_HASH
    digest = _HASHES.get(request.algorithm)
    if digest is None:
        return Verdict.SIGNATURE_ALGORITHM
    try:
        key = load_public_key(request.spki_der)
        if isinstance(key, rsa.RSAPublicKey) and request.algorithm.startswith(_RSA):
            key.verify(request.signature, request.signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and request.algorithm.startswith(_ECDSA):
            key.verify(request.signature, request.signed, ec.ECDSA(digest))
        else:
            return Verdict.POSSESSION
    except (InvalidSignature, KeyRefusedError, UnsupportedAlgorithm, ValueError):
        return Verdict.POSSESSION
    return None

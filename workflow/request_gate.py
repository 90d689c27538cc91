"""What a signing request itself is refused for: it can't be read, its signature does not hold, its key is unfit.

Every fault is found at once, each with a sentence that says what would be right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pki.keygate import examine_key

if TYPE_CHECKING:
    from collections.abc import Mapping

Found = tuple["Mapping[str, str]", ...]


@dataclass(frozen=True, slots=True)
class Gated:
    """What the gate made of a signing request: its key when it can be read, and every fault."""

    spki: bytes | None
    findings: Found = field(default=())


def finding(code: str, zh: str, en: str, where: str = "csr") -> Mapping[str, str]:
    """Return a finding as it is stored: a code, the field it is about, and a sentence in each language."""
    return {"code": code, "field": where, "zh": zh, "en": en}


def gate(csr: bytes) -> Gated:
    """Examine a signing request in PEM or DER."""
    try:
        pem = b"-----BEGIN" in csr
        request = x509.load_pem_x509_csr(csr) if pem else x509.load_der_x509_csr(csr)
        spki = request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        holds = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Gated(
            None,
            (
                finding(
                    "csr.unreadable",
                    "憑證請求檔無法讀取，請以 PKCS#10 格式（PEM 或 DER）重新產製。",
                    "The signing request can't be read. Make it again as PKCS#10, in PEM or DER.",
                ),
            ),
        )
    found = [finding(fault.code, fault.zh, fault.en) for fault in examine_key(spki)]
    if not holds:
        found.append(
            finding(
                "csr.signature",
                "憑證請求檔的簽章驗證不符，請以對應的私密金鑰重新產製。",
                "The request's signature does not verify. Make it again with the key it is for.",
            )
        )
    return Gated(spki, tuple(found))

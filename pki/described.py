"""A certificate in words: what its key, usages and extensions say, in zh-TW and English, for people who look at it.

Only for showing: nothing is decided by what is read here, so unknown things are shown by their number, not refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asn1crypto import x509

from pki.errors import AttributesRefusedError, DerRefusedError
from pki.profiles import CLASS_3_ASSURANCE, TEST_ASSURANCE
from pki.sda import EXTENSION_OID, CardRank, read_attributes
from pki.search_terms import Term, name_terms
from pki.subject_types import ALL_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ExtensionWords:
    """One extension: its OID, its name and what it says, one pair (zh, en) a line."""

    oid: str
    name: Pair
    critical: bool
    lines: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class CertificateWords:
    """A certificate for people. Fingerprints are lower-case hexadecimal, over the DER."""

    serial: str
    subject: tuple[Term, ...]
    issuer: tuple[Term, ...]
    key: str
    signature: str
    extensions: tuple[ExtensionWords, ...]
    sha256: str
    sha1: str


_NAMES: Final[dict[str, Pair]] = {
    "2.5.29.9": ("用戶目錄屬性", "Subject directory attributes"),
    "2.5.29.14": ("主體金鑰識別碼", "Subject key identifier"),
    "2.5.29.15": ("金鑰用途", "Key usage"),
    "2.5.29.17": ("主體別名", "Subject alternative name"),
    "2.5.29.19": ("基本限制", "Basic constraints"),
    "2.5.29.31": ("憑證廢止清冊發布點", "CRL distribution points"),
    "2.5.29.32": ("憑證政策", "Certificate policies"),
    "2.5.29.35": ("簽發者金鑰識別碼", "Authority key identifier"),
    "2.5.29.37": ("擴充金鑰用途", "Extended key usage"),
    "1.3.6.1.5.5.7.1.1": ("憑證機構資訊存取", "Authority information access"),
    "1.3.6.1.5.5.7.48.1.5": ("OCSP 免查驗", "OCSP no check"),
}
_USAGES: Final[dict[str, Pair]] = {
    "digital_signature": ("數位簽章", "Digital signature"),
    "non_repudiation": ("不可否認", "Non-repudiation"),
    "key_encipherment": ("金鑰加密", "Key encipherment"),
    "data_encipherment": ("資料加密", "Data encipherment"),
    "key_agreement": ("金鑰協議", "Key agreement"),
    "key_cert_sign": ("簽發憑證", "Certificate signing"),
    "crl_sign": ("簽發廢止清冊", "CRL signing"),
    "encipher_only": ("僅加密", "Encipher only"),
    "decipher_only": ("僅解密", "Decipher only"),
    "server_auth": ("伺服器鑑別", "TLS server authentication"),
    "client_auth": ("用戶端鑑別", "TLS client authentication"),
    "ocsp_signing": ("簽發 OCSP 回應", "OCSP signing"),
    "email_protection": ("電子郵件保護", "E-mail protection"),
    "time_stamping": ("時戳", "Time stamping"),
}
_POLICIES: Final[dict[str, Pair]] = {
    TEST_ASSURANCE: ("測試級", "test assurance"),
    CLASS_3_ASSURANCE: ("保證等級第 3 級", "assurance level 3"),
}
_RANKS: Final[dict[CardRank, Pair]] = {
    CardRank.PRIMARY: ("正卡", "Primary card"),
    CardRank.SECONDARY: ("附卡", "Secondary card"),
    CardRank.MOBILE: ("行動裝置", "Mobile device"),
}
_ACCESS: Final[dict[str, Pair]] = {
    "ocsp": ("線上憑證狀態查詢（OCSP）", "OCSP"),
    "ca_issuers": ("上層憑證", "CA issuers"),
}


def describe(certificate_der: bytes) -> CertificateWords:
    """Return a certificate in words; DerRefusedError when it can't be read at all."""
    try:
        certificate = x509.Certificate.load(certificate_der, strict=True)
        tbs = certificate["tbs_certificate"]
        return CertificateWords(
            serial=f"{tbs['serial_number'].native:032x}",
            subject=tuple(name_terms(tbs["subject"])),
            issuer=tuple(name_terms(tbs["issuer"])),
            key=_key(tbs["subject_public_key_info"]),
            signature=str(certificate["signature_algorithm"]["algorithm"].native),
            extensions=tuple(_extension(one) for one in tbs["extensions"]),
            sha256=hashlib.sha256(certificate_der).hexdigest(),
            sha1=hashlib.sha1(certificate_der, usedforsecurity=False).hexdigest(),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise DerRefusedError("pki.certificate.shape", "not a certificate") from error


def _key(info: Any) -> str:
    kind = str(info["algorithm"]["algorithm"].native)
    if kind == "rsa":
        return f"RSA {info.bit_size}"
    if kind == "ec":
        return f"EC {info['algorithm']['parameters'].native}"
    return kind.upper()


def _extension(extension: Any) -> ExtensionWords:
    kind = extension["extn_id"].dotted
    encoded = bytes(extension["extn_value"])
    try:
        lines = _LINES[kind](extension["extn_value"].parsed, encoded) if kind in _LINES else [_bytes(encoded)]
    except (ValueError, TypeError, KeyError, AttributesRefusedError):
        lines = [_bytes(encoded)]
    name = _NAMES.get(kind, (f"其他擴充欄位 {kind}", f"Other extension {kind}"))
    return ExtensionWords(kind, name, bool(extension["critical"].native), tuple(lines))


def _bytes(encoded: bytes) -> Pair:
    return f"{len(encoded)} 位元組", f"{len(encoded)} bytes"


def _same(text: str) -> Pair:
    return text, text


def _uses(value: Any, _encoded: bytes) -> list[Pair]:
    native = value.native
    ordered = [name for name in _USAGES if name in native]
    return [_USAGES[name] for name in ordered] + [_same(str(one)) for one in native if one not in _USAGES]


def _policies(value: Any, _encoded: bytes) -> list[Pair]:
    found = []
    for one in value:
        oid = one["policy_identifier"].dotted
        zh, en = _POLICIES.get(oid, ("", ""))
        found.append((f"{oid}（{zh}）", f"{oid} ({en})") if zh else _same(oid))
    return found


def _names(value: Any, _encoded: bytes) -> list[Pair]:
    return [_same(str(one.native)) for one in value]


def _points(value: Any, _encoded: bytes) -> list[Pair]:
    return [_same(str(name.native)) for point in value for name in point["distribution_point"].chosen]


def _access(value: Any, _encoded: bytes) -> list[Pair]:
    found = []
    for one in value:
        method = str(one["access_method"].native)
        zh, en = _ACCESS.get(method, _same(method))
        where = one["access_location"].native
        found.append((f"{zh}：{where}", f"{en}: {where}"))
    return found


def _key_id(value: Any, _encoded: bytes) -> list[Pair]:
    native = value.native
    identifier = native.get("key_identifier") if isinstance(native, dict) else native
    return [_same(identifier.hex(" ") if identifier else "—")]


def _basic(value: Any, _encoded: bytes) -> list[Pair]:
    if not value["ca"].native:
        return [("終端用戶憑證", "End-entity certificate")]
    length = value["path_len_constraint"].native
    limit = ("", "") if length is None else (f"，下層最多 {length} 層", f", path length {length}")
    return [(f"憑證機構憑證{limit[0]}", f"CA certificate{limit[1]}")]


def _attributes(_value: Any, encoded: bytes) -> list[Pair]:
    said = read_attributes(encoded)
    kind = next((one for one in ALL_TYPES if one.oid == said.subject_type), None)
    zh, en = (f"（{kind.zh}）", f" ({kind.en})") if kind else ("", "")
    found = [(f"用戶類別：{said.subject_type}{zh}", f"Subject type: {said.subject_type}{en}")]
    if said.rank is not None:
        zh, en = _RANKS[said.rank]
        found.append((f"卡別：{zh}", f"Card rank: {en}"))
    if said.organisation_oid:
        found.append((f"組織 OID：{said.organisation_oid}", f"Organisation OID: {said.organisation_oid}"))
    if said.enterprise_number:
        found.append((f"統一編號：{said.enterprise_number}", f"Enterprise number: {said.enterprise_number}"))
    return found


_LINES: Final[dict[str, Callable[[Any, bytes], list[Pair]]]] = {
    EXTENSION_OID: _attributes,
    "2.5.29.14": _key_id,
    "2.5.29.15": _uses,
    "2.5.29.17": _names,
    "2.5.29.19": _basic,
    "2.5.29.31": _points,
    "2.5.29.32": _policies,
    "2.5.29.35": _key_id,
    "2.5.29.37": _uses,
    "1.3.6.1.5.5.7.1.1": _access,
    "1.3.6.1.5.5.7.48.1.5": lambda _value, _encoded: [
        ("不必查驗此憑證的狀態", "Its own status need not be checked")
    ],
}

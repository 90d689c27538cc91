"""Judging what came from an address: its HTTP form, DER, the chain to the root, signatures and freshness. No network here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from ops.monitor.fetching import PATIENCE_SECONDS
from ops.monitor.targets import Kind
from pki.certificates import read_certificate, verify_chain
from pki.crl import CrlExpectation, check_crl
from pki.errors import ChainRefusedError, CrlRefusedError, PkiError
from pki.keys import load_public_key, verify_signature
from workflow.crl_making import ROOT_LIFE
from workflow.crl_scope import COMPLETE
from workflow.store.roots import is_root, signer_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.monitor.fetching import Fetched
    from ops.monitor.targets import Target

GRACE: Final = timedelta(minutes=30)
CLOCKS_APART: Final = timedelta(minutes=5)
_OK: Final = 200
_LONGEST: Final = timedelta(hours=36)
# RFC 2585 §4.2 and RFC 6960 appendix C; bundles of certificates are seen under both names.
MEDIA_TYPES: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.CRL: frozenset({"application/pkix-crl"}),
    Kind.CERTIFICATE: frozenset({"application/pkix-cert"}),
    Kind.BUNDLE: frozenset({"application/pkcs7-mime", "application/x-pkcs7-certificates"}),
    Kind.OCSP: frozenset({"application/ocsp-response"}),
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one address: a stable code, and a sentence in each language."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What a relying party goes by: the authorities' certificates, the time, and the nonce it sent."""

    certificates: Mapping[str, bytes]
    now: datetime
    nonce: bytes = b""


def judge(target: Target, fetched: Fetched, bar: Bar) -> tuple[Complaint, ...]:
    """Return everything that is wrong; what cannot be read is not judged further."""
    form = tuple(_form(target, fetched))
    if fetched.failure or fetched.status != _OK:
        return form
    if fetched.body.lstrip().startswith(b"-----BEGIN"):
        said = Complaint("pem", "內容是 PEM，不是 DER，信賴方無法讀取。", "It is PEM where DER belongs.")
        return (*form, said)
    judges = {Kind.CRL: _crl, Kind.CERTIFICATE: _certificate, Kind.BUNDLE: _bundle, Kind.OCSP: _ocsp}
    try:
        return (*form, *judges[target.kind](target, fetched.body, bar))
    except (PkiError, ValueError, x509.ExtensionNotFound) as error:
        why = f"{type(error).__name__}: {error}"
        return (*form, Complaint("unreadable", f"內容無法解讀（{why}）。", f"It can't be read: {why}"))


def _form(target: Target, fetched: Fetched) -> Iterator[Complaint]:
    if not target.url.startswith("http://"):
        yield Complaint("not_http", "網址不是 http。", "The address is not plain http.")
    if fetched.failure:
        yield Complaint("unreachable", f"無法取得（{fetched.failure}）。", f"Nothing came: {fetched.failure}")
    elif fetched.location:
        yield Complaint("redirect", f"轉址至 {fetched.location}。", f"It redirects to {fetched.location}.")
    elif fetched.status != _OK:
        yield Complaint("status", f"HTTP 狀態 {fetched.status}。", f"HTTP status {fetched.status}.")
    elif fetched.media_type not in MEDIA_TYPES[target.kind]:
        said = fetched.media_type or "—"
        yield Complaint("media_type", f"媒體類型不符：{said}。", f"The media type is {said}.")
    if not fetched.failure and fetched.seconds > PATIENCE_SECONDS:
        yield Complaint("slow", f"費時 {fetched.seconds:.1f} 秒。", f"It took {fetched.seconds:.1f} s.")


def _crl(target: Target, body: bytes, bar: Bar) -> Iterator[Complaint]:
    crl = x509.load_der_x509_crl(body)
    url = target.url if target.partition != COMPLETE else None
    life = ROOT_LIFE if is_root(target.authority) else _LONGEST
    # The newest number itself is right, one below it fell.
    expected = CrlExpectation(target.number - 1, len(crl), bar.now, url, life)
    try:
        check_crl(body, bar.certificates[target.authority], expected)
    except CrlRefusedError as error:
        code = error.code.rpartition(".")[2]
        yield Complaint(
            f"crl.{code}", f"清冊不可信賴：{error.message}。", f"The list is refused: {error.message}."
        )
        return
    ends = crl.next_update_utc
    half = crl.last_update_utc + (ends - crl.last_update_utc) / 2 if ends else bar.now
    if bar.now >= half + GRACE:
        yield Complaint("crl.half_life", "清冊效期已過半而未更新。", "The list is past half its life.")


def _certificate(target: Target, body: bytes, bar: Bar) -> Iterator[Complaint]:
    if body != (target.certificate or bar.certificates[target.authority]):
        yield Complaint(
            "certificate.other",
            "不是該機構的憑證或連結憑證。",
            "It is not that authority's certificate or link.",
        )
    yield from _chain(_up_from(body, bar), bar)


def _bundle(target: Target, body: bytes, bar: Bar) -> Iterator[Complaint]:
    found = [one.public_bytes(Encoding.DER) for one in pkcs7.load_der_pkcs7_certificates(body)]
    wanted = bar.certificates[target.authority]
    if wanted not in found:
        yield Complaint(
            "bundle.issuer_missing", "檔中沒有簽發者憑證。", "The issuer's certificate is not in it."
        )
    yield from _chain(_up_from(wanted, bar), bar)


def _up_from(certificate: bytes, bar: Bar) -> tuple[bytes, ...]:
    """Return an authority's certificate and, unless it is a root's own, that of the authority that signed it."""
    signer = signer_of(certificate, bar.certificates)
    above = bar.certificates[signer] if signer is not None else certificate
    return (certificate,) if above == certificate else (certificate, above)


def _chain(chain: tuple[bytes, ...], bar: Bar) -> Iterator[Complaint]:
    try:
        verify_chain(chain, bar.now)
    except ChainRefusedError as error:
        yield Complaint(
            "chain", f"憑證鏈驗證失敗：{error.message}。", f"The chain does not hold: {error.message}."
        )


def _ocsp(target: Target, body: bytes, bar: Bar) -> Iterator[Complaint]:
    response = ocsp.load_der_ocsp_response(body)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        said = response.response_status.name.lower()
        yield Complaint("ocsp.error", f"回應服務答覆 {said}。", f"The responder says {said}.")
        return
    yield from _ocsp_signature(target, response, bar)
    yield from _ocsp_status(target, response)
    yield from _ocsp_times(response, bar)
    if bar.nonce and bar.nonce not in body:
        yield Complaint("ocsp.nonce", "未回傳 nonce。", "The nonce does not come back (CRL-05).")


def _ocsp_signature(target: Target, response: ocsp.OCSPResponse, bar: Bar) -> Iterator[Complaint]:
    if not response.certificates:
        yield Complaint("ocsp.no_certificate", "未附回應者憑證。", "The responder's certificate is missing.")
        return
    responder = response.certificates[0]
    chain = (responder.public_bytes(Encoding.DER), *_up_from(bar.certificates[target.authority], bar))
    yield from _chain(chain, bar)
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
        yield Complaint("ocsp.usage", "憑證用途不含 OCSP 簽章。", "Its certificate is not for OCSP signing.")
    fields = read_certificate(chain[0])
    key = load_public_key(fields.spki_der)
    try:
        verify_signature(key, response.tbs_response_bytes, response.signature)
    except PkiError as error:
        yield Complaint(
            "ocsp.signature", "簽章驗證失敗。", f"The signature does not verify: {error.message}."
        )
    if bar.now >= fields.not_before + (fields.not_after - fields.not_before) / 2 + GRACE:
        yield Complaint(
            "responder.half_life",
            "回應者憑證效期已過半。",
            "The responder's certificate is past half its life.",
        )


def _ocsp_status(target: Target, response: ocsp.OCSPResponse) -> Iterator[Complaint]:
    status = response.certificate_status
    if response.serial_number != target.serial:
        yield Complaint("ocsp.other_serial", "答覆的是另一張憑證。", "It answers for another certificate.")
    if target.certificate is None and status is not ocsp.OCSPCertStatus.UNKNOWN:
        yield Complaint(
            "ocsp.never_issued",
            f"從未簽發的序號卻答覆 {status.name.lower()}。",
            f"It says {status.name.lower()} of a certificate that was never issued (CRL-05).",
        )
    if target.certificate is not None and status is ocsp.OCSPCertStatus.UNKNOWN:
        yield Complaint(
            "ocsp.unknown", "已簽發的憑證卻答覆未知。", "It does not know a certificate we issued."
        )


def _ocsp_times(response: ocsp.OCSPResponse, bar: Bar) -> Iterator[Complaint]:
    begins, ends = response.this_update_utc, response.next_update_utc
    if begins > bar.now + CLOCKS_APART or (ends is not None and ends <= bar.now):
        yield Complaint(
            "ocsp.stale",
            f"答覆效期不含現在（{begins.isoformat()} 至 {ends.isoformat() if ends else '—'}）。",
            f"The answer is not in force now: {begins.isoformat()} to {ends.isoformat() if ends else '—'}.",
        )

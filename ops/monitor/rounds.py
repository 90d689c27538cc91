"""One round: fetch each target, judge what came, compare lists with OCSP answers, and hand the findings on."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from cryptography import x509
from cryptography.x509 import ocsp

from ops.monitor.fetching import Asked, Fetched, fetch
from ops.monitor.judging import Bar, Complaint, judge
from ops.monitor.targets import Kind, Target, known
from pki.ocsp_question import question
from workflow.commands_of_watches import Found, RecordWatch
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.vocabulary import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workflow.facts import Actor
    from workflow.office import Office

_OCSP_REQUEST = "application/ocsp-request"
_NONCE_OCTETS = 16
Fetch: TypeAlias = Callable[[Asked, str], Fetched]


@dataclass(frozen=True, slots=True)
class Seen:
    """One target, what came of it, and what is wrong with it."""

    target: Target
    status: int
    seconds: float
    size: int
    complaints: tuple[Complaint, ...]


def look_around(office: Office, host: str = "", get: Fetch = fetch) -> tuple[Seen, ...]:
    """Fetch and judge everything that certificates name; `host` (`name:port`) is asked in place of their host."""
    plan = known(office)
    seen, bodies = [], {}
    for target in plan.targets:
        nonce = secrets.token_bytes(_NONCE_OCTETS) if target.kind is Kind.OCSP else b""
        fetched = get(_asked(target, plan.certificates, nonce), host)
        bar = Bar(plan.certificates, office.clock.now(), nonce)
        bodies[target] = fetched.body
        complaints = judge(target, fetched, bar)
        seen.append(Seen(target, fetched.status, fetched.seconds, len(fetched.body), complaints))
    return tuple(_with_disagreements(seen, bodies))


def _asked(target: Target, certificates: Mapping[str, bytes], nonce: bytes) -> Asked:
    if target.kind is not Kind.OCSP:
        return Asked(target.url)
    return Asked(target.url, question(certificates[target.authority], target.serial, nonce), _OCSP_REQUEST)


def _with_disagreements(seen: Sequence[Seen], bodies: Mapping[Target, bytes]) -> list[Seen]:
    """Add a complaint where an OCSP answer and the complete list, both sound, say different things (CRL-05)."""
    lists = {}
    for one in seen:
        if one.target.kind is Kind.CRL and not one.target.partition and not one.complaints:
            lists[one.target.authority] = x509.load_der_x509_crl(bodies[one.target])
    judged = []
    for one in seen:
        crl = lists.get(one.target.authority)
        if one.target.kind is Kind.OCSP and not one.complaints and crl is not None:
            judged.append(_compared(one, ocsp.load_der_ocsp_response(bodies[one.target]), crl))
        else:
            judged.append(one)
    return judged


def _compared(one: Seen, response: ocsp.OCSPResponse, crl: x509.CertificateRevocationList) -> Seen:
    listed = crl.get_revoked_certificate_by_serial_number(one.target.serial)
    said = response.revocation_time_utc
    # A change after the list was made is on the next one; a list made after the change has to know it.
    known_later = said is not None and said > crl.last_update_utc
    if (listed is None) == (said is None) or known_later:
        return one
    if listed is not None and response.this_update_utc > crl.last_update_utc and _on_hold(listed):
        return one
    complaint = Complaint(
        "ocsp.disagrees",
        f"OCSP 答覆 {response.certificate_status.name.lower()}，清冊則{'列有' if listed else '未列'}該憑證。",
        f"OCSP says {response.certificate_status.name.lower()}; the list {'names' if listed else 'does not name'} it.",
    )
    return Seen(one.target, one.status, one.seconds, one.size, (*one.complaints, complaint))


def _on_hold(listed: x509.RevokedCertificate) -> bool:
    """Tell whether the entry is a hold, which a resumption may have lifted since."""
    try:
        reason = listed.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return False
    return reason is x509.ReasonFlags.certificate_hold


def watch_publication(
    office: Office, host: str = "", actor: Actor = SYSTEM, get: Fetch = fetch
) -> tuple[Seen, ...]:
    """Make a round and record what was found."""
    seen = look_around(office, host, get)
    found = {
        (complaint.code, one.target.url): _found(one.target, complaint)
        for one in seen
        for complaint in one.complaints
    }
    handle(office, RecordWatch(watch=Watch.MONITOR, examined=len(seen), found=tuple(found.values())), actor)
    return seen


def _found(target: Target, complaint: Complaint) -> Found:
    return Found(
        code=f"published.{complaint.code}",
        subject=target.url,
        zh=f"{target.kind.value} {target.url}：{complaint.zh}",
        en=f"{target.kind.value} {target.url}: {complaint.en}",
        rows=(f"authority:{target.authority}",),
    )

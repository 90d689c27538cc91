"""Examine a request under a profile: all findings, not only the first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pki.csr.attributes import Wishes, read_wishes
from pki.csr.domains import canonical_domain, common_name_of, looks_like_a_domain
from pki.csr.findings import Finding, Verdict
from pki.csr.reading import NoRequestError, request_der
from pki.csr.request import CertificationRequest, possession_fault, read_request
from pki.csr.subject import ProposedSubject, read_subject
from pki.errors import DerRefusedError, NameRefusedError
from pki.keygate import NO_RECORDS, KeyFault, KeyRecords, examine_key, spki_sha256
from pki.names import NameAttribute, check_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pki.names import Subject
    from pki.profiles import Profile


@dataclass(frozen=True, slots=True)
class GateContext:
    """What the gate cannot see in a request.

    `records` knows the keys that were certified before or are compromised, `domains` are those of the application
    (empty: the request's own count), `subject` is the name that the certificate is going to carry, where it is known.
    """

    records: KeyRecords = NO_RECORDS
    domains: tuple[str, ...] = ()
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class AcceptedRequest:
    """A request that may become a certificate.

    `domains` are distinct lower-case A-labels, the one for the CN first; `proposed` is the subject as the request has
    it, for the reviewer's eyes: the register decides the name. `remarks` say what was ignored or changed.
    """

    request_der: bytes
    spki_der: bytes
    spki_sha256: bytes
    domains: tuple[str, ...]
    proposed: tuple[tuple[NameAttribute, str], ...]
    remarks: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that may not; `refusals` is never empty."""

    refusals: tuple[Finding, ...]
    remarks: tuple[Finding, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the refusals, in their order."""
        return tuple(finding.code for finding in self.refusals)


@dataclass(slots=True)
class _Findings:
    refusals: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)


def examine_csr(
    data: bytes, profile: Profile, context: GateContext | None = None
) -> AcceptedRequest | RefusedRequest:
    """Return the accepted request, or everything for which it is refused; never raises for any bytes.

    `data` is the file as it was sent, PEM or DER. Rules: CSR-03 to CSR-06, RV2-07, RV2-11.
    """
    context = context or GateContext()
    try:
        encoded = request_der(data)
        request = read_request(encoded)
    except NoRequestError as error:
        return RefusedRequest((error.verdict.at(),))
    except DerRefusedError:
        return RefusedRequest((Verdict.UNREADABLE.at(),))
    found = _Findings()
    found.refusals += _of_form(request, profile)
    found.refusals += _of_key(request, profile, context.records)
    proposed = read_subject(request.subject_name, profile.naming)
    wishes = read_wishes(request)
    found.refusals += proposed.refusals
    found.remarks += [*proposed.remarks, *wishes.remarks]
    domains = _domains(proposed, wishes, profile, context, found)
    found.refusals += _of_subject(profile, context.subject)
    refusals, remarks = tuple(dict.fromkeys(found.refusals)), tuple(dict.fromkeys(found.remarks))
    if refusals:
        return RefusedRequest(refusals, remarks)
    spki = request.spki_der
    return AcceptedRequest(encoded, spki, spki_sha256(spki), domains, proposed.pairs, remarks)


def _of_form(request: CertificationRequest, profile: Profile) -> list[Finding]:
    rules = (
        (profile.takes_requests, Verdict.NOT_BY_REQUEST),
        (request.version == 0, Verdict.VERSION),
    )
    return [verdict.at() for holds, verdict in rules if not holds]


def _of_key(request: CertificationRequest, profile: Profile, records: KeyRecords) -> list[Finding]:
    faults = examine_key(request.spki_der, profile.keys, records)
    found = [Finding(fault.code, fault.zh, fault.en) for fault in faults]
    # A key that cannot be read or is out of all size proves nothing, and trying would only cost time.
    if not {KeyFault.UNREADABLE, KeyFault.TOO_LONG} & set(faults):
        fault = possession_fault(request)
        # A key too short for the library was named as such already.
        if fault is not None and not (fault is Verdict.POSSESSION and KeyFault.TOO_SHORT in faults):
            found.append(fault.at())
    return found


def _of_subject(profile: Profile, subject: Subject | None) -> list[Finding]:
    if subject is None:
        return []
    found = [
        Finding(f"csr.{fault.code}", fault.zh, fault.en, fault.attribute)
        for fault in profile.naming.faults(subject)
    ]
    for kind, value in subject.pairs():
        try:
            check_value(kind, value)
        except NameRefusedError:
            found.append(Verdict.NAME_VALUE.at(kind.label))
    return found


def _domains(
    proposed: ProposedSubject, wishes: Wishes, profile: Profile, context: GateContext, found: _Findings
) -> tuple[str, ...]:
    if not profile.alternative_names.are_domains:
        found.remarks += [
            Verdict.ALTERNATIVE_IGNORED.at(name) for name in (*wishes.domains, *wishes.addresses)
        ]
        return ()
    if wishes.unreadable:
        found.refusals.append(Verdict.EXTENSIONS.at())
    found.refusals += [Verdict.ADDRESS.at(address) for address in wishes.addresses]
    # A CN that is some other name is left out, unless it is all that there is: then it is judged as the domain.
    sole = not wishes.domains and not context.domains
    hosts = [name for name in proposed.common_names if looks_like_a_domain(name, lenient=sole)]
    if len(hosts) < len(proposed.common_names):
        found.remarks.append(Verdict.NAME_IGNORED.at(NameAttribute.COMMON_NAME.label))
    in_common_name = _canonical(hosts, found)
    asked = tuple(dict.fromkeys((*in_common_name, *_distinct(_canonical(wishes.domains, found), found))))
    applied = tuple(dict.fromkeys(_canonical(context.domains, found)))
    if applied:
        found.refusals += [Verdict.DOMAIN_NOT_APPLIED.at(name) for name in asked if name not in applied]
        asked = (*(name for name in asked if name in applied), *(n for n in applied if n not in asked))
    if not asked and not found.refusals:
        found.refusals.append(Verdict.DOMAIN_MISSING.at())
    if len(asked) > profile.alternative_names.most:
        found.refusals.append(Verdict.DOMAIN_COUNT.at(str(len(asked))))
    return _for_common_name_first(asked, found)


def _for_common_name_first(asked: tuple[str, ...], found: _Findings) -> tuple[str, ...]:
    name = common_name_of(asked)
    if name is None:
        found.refusals += [Verdict.COMMON_NAME_LENGTH.at(domain) for domain in asked[:1]]
        return asked
    return (name, *(domain for domain in asked if domain != name))


def _canonical(names: Iterable[str], found: _Findings) -> list[str]:
    """Return the domains among the names, in one form; what is none goes to the findings."""
    domains = []
    for name in names:
        domain = canonical_domain(name)
        if isinstance(domain, Verdict):
            found.refusals.append(domain.at(name))
            continue
        if not name.isascii():
            found.remarks.append(Verdict.CONVERTED.at(domain))
        domains.append(domain)
    return domains


def _distinct(domains: list[str], found: _Findings) -> list[str]:
    distinct = dict.fromkeys(domains)
    found.remarks += [Verdict.DOMAIN_REPEATED.at(name) for name in distinct if domains.count(name) > 1]
    return list(distinct)

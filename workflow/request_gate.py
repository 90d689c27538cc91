"""What is found on a signing request, as it is stored and shown: refusals, and remarks that stand in nobody's way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pki.csr import AcceptedRequest, Finding, GateContext, RefusedRequest, examine_csr
from pki.csr.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pki.keygate import KeyRecords
    from pki.names import Subject
    from pki.profiles import Profile

Found = tuple[Mapping[str, str], ...]
REMARK = "remark"


def finding(code: str, zh: str, en: str, where: str = "") -> Mapping[str, str]:
    """Return a refusal as it is stored: a code, what it is about, and a sentence in each language."""
    return {"code": code, "field": where, "zh": zh, "en": en, "severity": "refusal"}


def refusals(found: Sequence[Mapping[str, str]]) -> Found:
    """Return what stands in the way of a certificate, without the remarks."""
    return tuple(one for one in found if one.get("severity") != REMARK)


def pass_gate(
    csr: bytes, profile: Profile, records: KeyRecords, domains: tuple[str, ...], subject: Subject | None
) -> tuple[AcceptedRequest | None, Found]:
    """Examine a signing request in any form; returns it when it was accepted, and everything that was found."""
    result = examine_csr(csr, profile, GateContext(records, domains, subject))
    remarks = tuple({**_stored(one), "severity": REMARK} for one in result.remarks)
    if isinstance(result, RefusedRequest):
        return None, (*map(_stored, result.refusals), *remarks)
    return result, remarks


def email_unfit(email: str) -> Mapping[str, str]:
    """Return the refusal of an e-mail that no certificate can carry."""
    return _stored(Verdict.EMAIL.at(email))


def _stored(one: Finding) -> Mapping[str, str]:
    return finding(one.code, one.zh, one.en, one.place)

"""Lint policy_is_the_profiles: certificatePolicies holds the profile's OIDs, in their order, and no qualifiers.

Source: rule RV2-07 (no policyQualifiers), the GPKI certificate policy arc, and for TLS CA/Browser Forum BR §7.1.6.1. In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki import der
from pki.lint.subject import Lint, LintSubject
from pki.profiles import Extension


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    found = subject.fields.extensions.get(Extension.CERTIFICATE_POLICIES.value)
    if not subject.profile.policies:
        return None if found is None else "the profile has no policy"
    if found is None:
        return "the policy is missing"
    policies = [policy.children() for policy in der.read(found.value).children()]
    oids = [
        [part.as_oid() if part.tag == der.OBJECT_IDENTIFIER else "qualifier" for part in p] for p in policies
    ]
    wanted = [[policy] for policy in subject.profile.policies]
    return None if oids == wanted else f"policies are {oids}, the profile wants {wanted}"


LINT: Final = Lint("policy_is_the_profiles", "RV2-07", date(2026, 11, 21), check)

"""Run all lints over one certificate and gather what they found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pki.certificates import read_certificate
from pki.lint import (
    alternative_names,
    basic_constraints_in_ca_only,
    criticality,
    extended_key_usage,
    extension_order,
    key_is_the_profiles,
    key_usage_single_purpose,
    no_constraints,
    pkix,
    policy_is_the_profiles,
    sda_present,
    serial_entropy,
    subject_follows_naming,
    urls_are_plain_http,
    validity_ends_in_taipei,
)
from pki.lint.subject import Lint, LintSubject

if TYPE_CHECKING:
    from pki.profiles import Profile

OUR_LINTS: Final[tuple[Lint, ...]] = (
    alternative_names.LINT,
    basic_constraints_in_ca_only.LINT,
    criticality.LINT,
    extended_key_usage.LINT,
    extension_order.LINT,
    key_is_the_profiles.LINT,
    key_usage_single_purpose.LINT,
    no_constraints.LINT,
    policy_is_the_profiles.LINT,
    sda_present.LINT,
    serial_entropy.LINT,
    subject_follows_naming.LINT,
    urls_are_plain_http.LINT,
    validity_ends_in_taipei.LINT,
)


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing that a lint found wrong."""

    lint: str
    message: str

    @property
    def sentence(self) -> str:
        """The finding in one line."""
        return f"{self.lint}: {self.message}"


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was run and what it found; a certificate is signed only when `findings` is empty."""

    lints_run: tuple[str, ...]
    findings: tuple[LintFinding, ...]


def run_lints(certificate_der: bytes, profile: Profile) -> LintReport:
    """Lint a certificate against RFC 5280 and its profile; takes some 3 ms, nearly all of it in pkilint."""
    subject = LintSubject(certificate_der, read_certificate(certificate_der), profile)
    found = [LintFinding(pkix.NAME, message) for message in pkix.findings(certificate_der)]
    for lint in OUR_LINTS:
        message = lint.check(subject)
        if message is not None:
            found.append(LintFinding(lint.name, message))
    return LintReport((pkix.NAME, *(lint.name for lint in OUR_LINTS)), tuple(found))

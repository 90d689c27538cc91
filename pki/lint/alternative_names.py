"""Lint alternative_names: an e-mail address for holders, domains for TLS servers, nothing else and none twice.

Source: GPKI profile as seen in the field; rule CSR-06 (no wildcard; subject and alternative name carry the domain);
CA/Browser Forum BR §7.1.2.7.12 and §7.1.4.2 (lower-case A-labels, no underscore, no address).
In force since 2026-11-21.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from pki import der
from pki.errors import NameRefusedError
from pki.lint.subject import Lint, LintSubject
from pki.names import read_name
from pki.profiles import AlternativeNames, Extension

# rfc822Name is [1] and dNSName [2] in a GeneralName.
_EMAIL_TAG: Final = 0x81
_DOMAIN_TAG: Final = 0x82
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label has a letter, so an IPv4 address is no domain.
_DOMAIN: Final = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?=[0-9-]*[a-z]){_LABEL}")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    form = subject.profile.alternative_names
    found = subject.fields.extensions.get(Extension.SUBJECT_ALTERNATIVE_NAME.value)
    names = () if found is None else der.read(found.value).children()
    values = [name.content.decode("ascii", errors="replace") for name in names]
    if found is not None and not names:
        return "the extension holds no name"
    if not form.fewest <= len(names) <= form.most or len(set(values)) != len(values):
        return f"{len(names)} names, or one twice; the profile wants {form.fewest} to {form.most}"
    tag, pattern = (_DOMAIN_TAG, _DOMAIN) if form.are_domains else (_EMAIL_TAG, _EMAIL)
    for name, value in zip(names, values, strict=True):
        if name.tag != tag or not pattern.fullmatch(value):
            return f"{value} is no name of the form {form.label}"
    return _common_name_fault(subject, values) if form is not AlternativeNames.NONE else None


def _common_name_fault(subject: LintSubject, values: list[str]) -> str | None:
    if not subject.profile.alternative_names.are_domains:
        return None
    try:
        common_name = read_name(subject.fields.subject_name).common_name
    except NameRefusedError as error:
        return error.message
    return None if common_name in values else "the CN is none of the domains"


LINT: Final = Lint("alternative_names", "CSR-06; CA/Browser Forum BR §7.1.2.7.12", date(2026, 11, 21), check)

"""Lint subject_follows_naming: the subject has the attributes, order, string types and lengths of its profile.

Source: MOICA CPS §3.1 (rules RV2-08 to RV2-10), X.520 upper bounds in characters as in RFC 5280 appendix A, and
certificates seen in the field (UTF8String but for C, serialNumber and a server's domain). In force since 2026-11-21.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pki import der
from pki.errors import NameRefusedError
from pki.lint.subject import Lint, LintSubject
from pki.names import check_value, read_name


def check(subject: LintSubject) -> str | None:
    """Return what is wrong, or None."""
    naming = subject.profile.naming
    try:
        name = read_name(subject.fields.subject_name)
        for kind, value in name.pairs():
            check_value(kind, value)
    except NameRefusedError as error:
        return error.message
    faults = naming.faults(name)
    if faults:
        return " ".join(fault.en for fault in faults)
    rdns = der.read(subject.fields.subject_name).children()
    tags = [rdn.children()[0].fields(2)[1].tag for rdn in rdns]
    wanted = [naming.tag_of(kind) for kind, _ in name.pairs()]
    return None if tags == wanted else f"string types are {tags}, the profile wants {wanted}"


LINT: Final = Lint("subject_follows_naming", "RV2-08; X.520; GPKI profile", date(2026, 11, 21), check)

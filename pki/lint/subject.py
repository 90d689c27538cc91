"""What a lint looks at, and how it is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from pki.certificates import CertificateFields
    from pki.profiles import Profile


@dataclass(frozen=True, slots=True)
class LintSubject:
    """A certificate as a lint sees it, with the profile that it claims to follow."""

    certificate_der: bytes
    fields: CertificateFields
    profile: Profile


@dataclass(frozen=True, slots=True)
class Lint:
    """A lint: its name, where its rule comes from, since when it holds, and the check.

    The check returns a sentence that says what is wrong, or None.
    """

    name: str
    source: str
    since: date
    check: Callable[[LintSubject], str | None]

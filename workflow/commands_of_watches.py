"""What a watch reports: the one command through which findings are kept, told and cleared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflow.commands import Command

if TYPE_CHECKING:
    from workflow.vocabulary import Watch


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thing that is wrong: a stable code, what it is about, a sentence in each language, and the rows it is in."""

    code: str
    subject: str
    zh: str
    en: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A certificate that was linted again for a quarter's sample, and what the lints said of it (AUD-07)."""

    certificate_id: int
    quarter: str
    findings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RecordWatch(Command):
    """Keep what a watch found over all it looks at: what it no longer finds is cleared."""

    watch: Watch
    examined: int
    found: tuple[Found, ...] = field(repr=False)
    samples: tuple[Sampled, ...] = field(default=(), repr=False)
    report_sha256: str = ""

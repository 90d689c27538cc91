"""Reading an electronic letter into a proposal: what to log, which cases it names, how many cards it says."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forms.letters import IncomingLetter, LetterError, open_upload
from forms.letters.findings import Counts, find_case_numbers, read_counts
from workflow.commands import LogLetter
from workflow.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Mapping

PDF_SECONDS = 20
PDF_BYTES = 1_000_000
PDF_MEMORY = 1 << 30


@dataclass(frozen=True)
class Proposal:
    """What an electronic letter would be logged as, before the clerk confirms it."""

    command: LogLetter
    found: tuple[tuple[str, str], ...]
    """(case number, where it stands) in the order of the letter."""
    counts: Counts


def read_upload(files: Mapping[str, bytes]) -> Proposal:
    """Read an uploaded letter, loose files or one zip; "letter.unreadable" says in words what is wrong with it."""
    try:
        letter = open_upload(files)
    except LetterError as error:
        raise RegistryError("letter.unreadable", detail=error.zh) from error
    found = tuple((one.number, str(one.where.value)) for one in find_case_numbers(letter, pdf_text))
    counts = read_counts(letter)
    command = LogLetter(
        sender_name=letter.sender_name,
        sender_code=letter.sender_code,
        number=letter.number.raw,
        dated=letter.date,
        subject=letter.subject,
        explanation=_explanation(letter),
        said_primary=counts.primary,
        said_secondary=counts.secondary,
        proposed=tuple(dict.fromkeys(number for number, _where in found)),
        files=_files(files),
    )
    return Proposal(command, found, counts)


def _explanation(letter: IncomingLetter) -> str:
    return "\n".join(text for paragraph in letter.paragraphs for text in paragraph.texts() if text)


def _files(files: Mapping[str, bytes]) -> tuple[tuple[str, str, bytes], ...]:
    """Keep what came exactly as it came; its types were checked on reading."""
    types = {
        "pdf": "application/pdf",
        "di": "application/xml",
        "sw": "application/xml",
        "zip": "application/zip",
    }
    named = ((name.replace("\\", "/").rsplit("/", 1)[-1], content) for name, content in files.items())
    return tuple(
        (name, types.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream"), content)
        for name, content in named
    )


def pdf_text(content: bytes) -> str:
    """Return the text of a PDF attachment through poppler, in a process of its own; empty when it can't be read."""
    program, limiter = shutil.which("pdftotext"), shutil.which("prlimit")
    if program is None or limiter is None:
        return ""
    try:
        result = subprocess.run(
            # A file made to eat memory ends its own reader, not the office.
            [limiter, f"--as={PDF_MEMORY}", "--", program, "-l", "20", "-", "-"],
            input=content,
            capture_output=True,
            timeout=PDF_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):
        return ""
    return result.stdout[:PDF_BYTES].decode("utf-8", "replace")

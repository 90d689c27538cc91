"""Every command that a document names is one of the program's, with the options that the document gives it."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from tests.house.test_commands import ALL

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
    # What commands were called in earlier versions stays in the history.
    if page.name not in {"CHANGELOG.md", "errors.md", "rules.md"}
)
_CODE = re.compile(r"`([^`\n]+)`|^(?: {4}|\t)(.+)$|^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"(?<![\w/.-])(?:\.venv/bin/)?guanfang +([a-z][^#|;&`]*)")
_OPTION = re.compile(r"--?[a-z][\w-]*")


def commands(text):
    """Yield what follows the program's name in the code of a document."""
    for found in _CODE.finditer(text.replace("\\\n", " ")):
        for line in (found[1] or found[2] or found[3] or "").splitlines():
            yield from _CALL.findall(line)


def wrong(said):
    """Return what a command line says that the program does not know."""
    words = re.sub(r"[\[\](),.…]+(?=\s|$)|[\[(]", " ", said).split()
    path = []
    while words and isinstance(ALL[" ".join(path) or "guanfang"], click.Group):
        if " ".join((*path, words[0])) not in ALL:
            return f"{' '.join(path)} has no {words[0]}"
        path.append(words.pop(0))
    command = ALL[" ".join(path)]
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    unknown = [word for word in words if _OPTION.fullmatch(word) and word not in known]
    return f"{' '.join(path)} has no {', '.join(unknown)}" if unknown else ""


@pytest.mark.parametrize("page", PAGES)
def test_a_document_names_only_commands_and_options_that_exist(page):
    said = list(commands((ROOT / page).read_text(encoding="utf-8")))
    assert [(one, fault) for one in said if (fault := wrong(one))] == []


def test_commands_are_found_wherever_a_document_writes_them():
    text = "`guanfang a b` and\n\n    .venv/bin/guanfang c --d \\\n        --e  # why\n\n```sh\nX=1 guanfang f | jq\n```\n"
    assert [" ".join(one.split()) for one in commands(text)] == ["a b", "c --d --e", "f"]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("serve", ""),
        ("ca shares make --holder LOGIN …", ""),
        ("stock add", "stock has no add"),
        ("crl publish --now", "crl publish has no --now"),
    ],
)
def test_what_the_program_does_not_know_is_named(said, fault):
    assert wrong(said) == fault

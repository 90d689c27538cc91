"""The table that traces the sources' rules to code and tests."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from ops.rules import render, scan
from ops.rules.table import ROOT, Group, RuleTableError, Status, collect, known_ids, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file into a small project and return its root."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def _rule(root: Path, name: str) -> object:
    return next(rule for rule in collect(root) if rule.id == name)


def test_every_rule_stands_in_the_table_exactly_once() -> None:
    ids = [entry["id"] for group in Group for entry in load(group)]
    assert len(ids) == len(set(ids))
    assert len(load(Group.RULES)) == 217
    assert len(load(Group.PARAMETERS)) == 16


def test_numbers_of_a_family_run_without_a_gap() -> None:
    families: dict[str, list[int]] = {}
    for rule in sorted(known_ids()):
        family, number = rule.rsplit("-", 1)
        families.setdefault(family, []).append(int(number))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in families.values())


def test_every_rule_has_a_sentence_and_a_source() -> None:
    for group in Group:
        for entry in load(group):
            assert set(entry) == {"id", "ca", "title", "source"}
            assert str(entry["title"]).endswith(".")
            assert entry["source"]
            assert entry["ca"]


def test_no_citation_or_marker_of_this_project_is_unknown_and_the_page_is_fresh() -> None:
    page = render.as_markdown(collect(), collect(group=Group.PARAMETERS))
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == page, (
        "docs/rules.md is stale: run `make docs`"
    )


def test_a_rule_that_nothing_mentions_is_open(tmp_path: Path) -> None:
    assert _rule(tmp_path, "ACT-03").status is Status.OPEN


def test_a_cited_rule_is_enforced_where_it_is_cited(project: Callable[[str, str], Path]) -> None:
    root = project("workflow/guards.py", '"""Guards."""\n# ACT-03, APP-01: late cards are suspended.\n')
    rule = _rule(root, "ACT-03")
    assert rule.status is Status.ENFORCED
    assert rule.where == ("workflow/guards.py:2",)


def test_a_marked_test_proves_a_cited_rule(project: Callable[[str, str], Path]) -> None:
    project("workflow/guards.py", "# ACT-03\n")
    root = project("tests/test_a.py", '@pytest.mark.rule("ACT-03")\ndef test_late(): ...\n')
    rule = _rule(root, "ACT-03")
    assert (rule.status, rule.tests) == (Status.PROVEN, ("tests/test_a.py::test_late",))


def test_a_marked_test_proves_a_rule_that_no_code_cites(project: Callable[[str, str], Path]) -> None:
    root = project("tests/test_a.py", '@pytest.mark.rule("ACT-03")\ndef test_late(): ...\n')
    assert _rule(root, "ACT-03").status is Status.PROVEN
    assert _rule(root, "ACT-03").where == ()


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ('pytestmark = pytest.mark.rule("ACT-03")\ndef test_a(): ...', "test_a"),
        ('pytestmark = [pytest.mark.rule("ACT-03")]\nTestM = M.TestCase', "TestM"),
        ('@pytest.mark.rule("ACT-03")\nclass TestA:\n    def test_a(self): ...', "TestA::test_a"),
        (
            'class TestA:\n    pytestmark = pytest.mark.rule("ACT-03")\n    def test_a(self): ...',
            "TestA::test_a",
        ),
        (
            '@pytest.mark.parametrize("a", [pytest.param(1, marks=pytest.mark.rule("ACT-03"))])\ndef test_a(a): ...',
            "test_a",
        ),
        ('@pytest.mark.rule("ACT-02", "ACT-03")\nasync def test_a(): ...', "test_a"),
    ],
)
def test_a_marker_counts_wherever_pytest_heeds_it(
    project: Callable[[str, str], Path], text: str, test: str
) -> None:
    root = project("tests/test_a.py", text)
    assert _rule(root, "ACT-03").tests == (f"tests/test_a.py::{test}",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("web/a.py", "# ACT-99\n"),
        ("templates/a.html", "{# ACT-99 #}\n"),
        ("tests/test_a.py", '@pytest.mark.rule("ACT-99")\ndef test_a(): ...\n'),
    ],
)
def test_an_unknown_rule_is_refused_with_its_place(
    project: Callable[[str, str], Path], name: str, text: str
) -> None:
    root = project(name, text)
    with pytest.raises(RuleTableError, match=rf"{name}:1: unknown rule ACT-99"):
        collect(root)


def test_a_marker_must_be_literal(project: Callable[[str, str], Path]) -> None:
    root = project("tests/test_a.py", "@pytest.mark.rule(RULE)\ndef test_a(): ...\n")
    with pytest.raises(RuleTableError, match="literal"):
        collect(root)


@pytest.mark.parametrize("text", ["XACT-03", "ACT-031", "ACT-3", "RFC-ACT-03", "ACT-03a"])
def test_only_a_whole_word_is_a_citation(text: str) -> None:
    assert scan.pattern(known_ids()).search(text) is None


def test_the_table_does_not_cite_itself(project: Callable[[str, str], Path]) -> None:
    root = project("ops/rules/table.py", "# ACT-03\n")
    assert _rule(root, "ACT-03").status is Status.OPEN


def test_json_holds_exactly_the_promised_fields(tmp_path: Path) -> None:
    rows = json.loads(render.as_json(collect(tmp_path)))
    assert len(rows) == 217
    assert all(list(row) == ["id", "title", "source", "status", "where", "tests"] for row in rows)


def test_text_ends_with_the_count_by_status(tmp_path: Path) -> None:
    closing = render.as_text(collect(tmp_path)).splitlines()[-1]
    assert closing == "217 rules: 0 proven, 0 enforced without a test of their own, 217 open."


def test_the_page_names_files_without_lines(project: Callable[[str, str], Path]) -> None:
    root = project("workflow/guards.py", "# ACT-03\n\n# ACT-03\n")
    page = render.as_markdown(collect(root))
    assert "| `workflow/guards.py` |" in page
    assert "guards.py:" not in page


LISTED = re.compile(r"\b([A-Z][A-Z0-9]*)-(\d\d(?:, \d\d)*)\b")


def listed(text: str) -> set[str]:
    """Return the ids of rules that a text names, such as P-12 or REV-02, 03."""
    return {f"{room}-{number}" for room, numbers in LISTED.findall(text) for number in numbers.split(", ")}


def test_every_rule_without_a_proof_stands_among_what_is_not_done() -> None:
    told = listed((ROOT / "docs" / "divergences.md").read_text(encoding="utf-8").split("## Not done yet")[1])
    rules = (*collect(), *collect(group=Group.PARAMETERS))
    assert {rule.id for rule in rules if rule.status is not Status.PROVEN} - told == set()
    assert told <= known_ids()

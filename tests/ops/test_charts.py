"""The generated documents are fresh, and say what the tables say."""

from __future__ import annotations

import re

import pytest

from ops.charts import case_page, chart, documents, errors_page, stale, write
from workflow.errors import SENTENCES
from workflow.machine import TABLES

every_kind = pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: str(table.kind))


def test_the_documents_are_what_the_tables_say_now():
    assert stale() == [], "run `python -m ops.charts`"


def test_a_changed_document_is_stale_and_is_written_anew(tmp_path):
    assert sorted(write(tmp_path)) == sorted(documents())
    assert stale(tmp_path) == []
    page = tmp_path / "docs/errors.md"
    page.write_text("something else", encoding="utf-8")
    assert stale(tmp_path) == ["docs/errors.md"] == write(tmp_path)
    assert stale(tmp_path) == []


@every_kind
def test_a_chart_shows_every_state_and_every_way(table):
    drawn = chart(table)
    assert drawn.startswith("stateDiagram-v2\n")
    for state in table.states:
        assert f'"{state.zh}<br/>{state.en}" as {state}' in drawn
        assert (f"    {state} --> [*]" in drawn) is (state in table.finals)
    arrows = dict(re.findall(r"^    (\S+ --> \S+): (.+)$", drawn, re.MULTILINE))
    for row in table.rows:
        source = "[*]" if row.source == "new" else row.source
        assert row.trigger in arrows[f"{source} --> {row.dest}"]


@every_kind
def test_a_chart_holds_nothing_that_mermaid_would_misread(table):
    for line in (line for line in chart(table).splitlines() if "-->" in line):
        label = line.partition(": ")[2]
        assert not set(label) & set(':;{}"#')


@every_kind
def test_a_page_has_a_line_for_every_row_and_cites_its_rules(table):
    page = case_page(table)
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(lines) == len(table.rows) + len(list(table.states))
    for rule in {rule for row in table.rows for rule in row.cites}:
        assert rule in page


@every_kind
def test_every_line_of_a_grid_has_as_many_cells_as_its_head(table):
    grids = re.findall(r"(?:^\|.*\n)+", case_page(table), re.MULTILINE)
    assert len(grids) == 3
    for grid in grids:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in grid.splitlines()}) == 1


def test_every_refusal_has_its_anchor_and_both_sentences():
    page = errors_page(SENTENCES)
    for code, (zh, en) in SENTENCES.items():
        assert f'<a id="{code}"></a>' in page
        assert f"> {zh}" in page
        assert f"> {en}" in page

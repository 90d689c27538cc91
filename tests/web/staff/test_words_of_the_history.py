"""The history of a case and the audit log call every step by words that people use."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from web.actions import words_of
from workflow.audit_words import kind_in_words
from workflow.machine import TABLES

ROOT = Path(__file__).parents[3]
TRIGGERS = sorted({row.trigger for table in TABLES.values() for row in table.rows})


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_no_step_is_called_by_its_bare_name(trigger):
    zh, en = words_of(trigger)
    assert zh != trigger
    assert not zh.isascii()
    assert "_" not in en


def audited():
    """Yield the kinds of entries that the program writes out where it writes them into the audit log."""
    for room in ("workflow", "ops"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "audit" and node.args:
                    yield from written_out(node.args[0])


def written_out(kind):
    """Yield the kinds that an expression may come to, as far as they are written out in it."""
    if isinstance(kind, ast.IfExp):
        yield from (*written_out(kind.body), *written_out(kind.orelse))
    elif isinstance(kind, ast.Constant):
        yield kind.value


def test_no_kind_of_audit_entry_is_called_by_its_code():
    kinds = set(audited())
    assert {"logged_in", "notice_sent", "key_intended"} <= kinds
    assert sorted(kind for kind in kinds if kind_in_words(kind).zh.isascii()) == []

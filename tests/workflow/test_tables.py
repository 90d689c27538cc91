"""Nonsense planted in a table is found before any case could run on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workflow import commands as c
from workflow import machine, policies
from workflow.cases.table import NEW, CaseTable, DeadlineKind, Row
from workflow.effects import LANES, Do, Effect
from workflow.machine import TABLES, NonsenseTableError, check_all
from workflow.soundness import check
from workflow.store.loading import _READERS
from workflow.vocabulary import CaseKind, Role, Word

SYSTEM = frozenset({Role.SYSTEM})


class States(Word):
    """A case that is opened and closed."""

    OPEN = "open", "開", "Open"
    SHUT = "shut", "關", "Shut"


START = Row("submit", NEW, "open", frozenset({Role.APPLICANT}))
END = Row("withdraw", "open", "shut", frozenset({Role.APPLICANT}))


def a_table(*rows, **values):
    fields = {
        "kind": CaseKind.CARD_APPLICATION,
        "states": States,
        "finals": frozenset({"shut"}),
        "rows": (START, END, *rows),
        "deadlines": {},
        "commands": {
            "submit": c.SubmitApplication,
            "withdraw": c.WithdrawApplication,
            "chase_letter": c.ChaseLetter,
        },
        "plain": dict.fromkeys(("open", "shut"), ("白話", "plain")),
    } | values
    return CaseTable(**fields)


def chase(**values):
    return replace(Row("chase_letter", "open", "open", SYSTEM), **values)


def findings(table):
    return "\n".join(check(table, policies.ALL))


def a_deadline(**values):
    return {"d": DeadlineKind("d", "期限", "Deadline", lambda _case, _policy, now: now, **values)}


def test_a_sound_table_has_no_findings():
    assert check(a_table(), policies.ALL) == []
    assert check(a_table(chase()), policies.ALL) == []


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (a_table(chase(), chase()), "2 rows fire for chase_letter in open"),
        (a_table(chase(dest="nowhere")), "unknown state in open -> nowhere"),
        (a_table(chase(dest=NEW)), "unknown state in open -> new"),
        (a_table(chase(trigger="dance")), "no command has this trigger"),
        (a_table(chase(when=(("dances", True),))), "unknown policy field dances"),
        (a_table(chase(when=(("version", "xca-1"),))), "unknown policy field version"),
        (a_table(chase(when=(("activation_days", 7),))), "fits no policy"),
        (a_table(chase(starts=("d",))), "unknown deadline d"),
        (a_table(chase(stops=("d",))), "unknown deadline d"),
        (a_table(chase(effects=(Do("dance"),))), "effect dance has no lane"),
        (a_table(chase(roles=frozenset())), "nobody may fire it"),
        (a_table(chase(roles=frozenset({"king"}))), "nobody may fire it"),
        (a_table(chase(roles=frozenset({Role.HOLDER}))), "open to the public without a user code"),
        (a_table(rows=(START,)), "open is a dead end"),
        (a_table(rows=(START, chase())), "open is a dead end"),
        (a_table(rows=(START, chase())), "shut is unreachable"),
        (a_table(rows=(START, END, chase(source="shut", dest="open"))), "shut is final but has a way out"),
        (a_table(finals=frozenset({"shut", "gone"})), "gone: unknown final state"),
        (a_table(plain={"open": ("白話", "plain")}), "shut: no plain words"),
        (a_table(deadlines=a_deadline(trigger="dance", budget="activation_days")), "no row has its trigger dance"),
        (a_table(deadlines=a_deadline(trigger="withdraw", budget="dances")), "goes with no policy field dances"),
        (a_table(deadlines=a_deadline(trigger="withdraw")), "goes with no policy field -"),
        (a_table(deadlines=a_deadline(reminders="letter_chase_days")), "trigger - goes with no policy field"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_nonsense_is_found(table, expected):
    assert expected in findings(table)


def test_a_state_that_only_leads_away_is_unreachable():
    class Three(Word):
        """The two states and one that nobody enters."""

        OPEN = "open", "開", "Open"
        SHUT = "shut", "關", "Shut"
        LOST = "lost", "失", "Lost"

    plain = dict.fromkeys(("open", "shut", "lost"), ("白話", "plain"))
    assert "lost is unreachable" in findings(
        a_table(chase(source="lost", dest="open"), states=Three, plain=plain)
    )


def test_the_registry_does_not_start_on_nonsense(monkeypatch):
    monkeypatch.setitem(TABLES, CaseKind.CARD_APPLICATION, a_table(chase(), chase()))
    machine._machine.cache_clear()
    with pytest.raises(NonsenseTableError, match="2 rows fire"):
        check_all()
    machine._machine.cache_clear()


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: str(table.kind))
def test_the_real_tables_are_sound(table):
    assert check(table, policies.ALL) == []


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: str(table.kind))
def test_every_guard_asks_for_what_can_be_loaded(table):
    assert {name for row in table.rows for name in row.reads} <= set(_READERS)


def test_every_effect_has_its_lane():
    assert set(LANES) == set(Effect)
    asked = {do.effect for table in TABLES.values() for row in table.rows for do in row.effects}
    # A batch is issued in pieces, which the second approval asks for one by one.
    asked.add(Effect.ISSUE_ITEMS)
    # An alarm comes from a watch, not from a case.
    asked.add(Effect.ALARM)
    assert asked == set(Effect)

"""A random walk through the registry: legal and illegal commands by anybody, time that leaps, and what must always hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.workflow.batches import items
from tests.workflow.registry import CODE, PASSWORD, Registry
from workflow import commands as c
from workflow import policies
from workflow.errors import RegistryError
from workflow.facts import PUBLIC, SYSTEM, Actor
from workflow.machine import TABLES, offers
from workflow.store import schema as t
from workflow.store.loading import GONE
from workflow.sweeper import sweep
from workflow.vocabulary import CaseKind, Rank, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from workflow.commands import Command

BEFORE_APPROVAL = {
    "uploaded", "first_review", "returned_first", "first_passed", "second_review", "returned_second", "withdrawn", "refused",
}  # fmt: skip
ALLOWED = {
    "intended": {"issued", "valid", "revoked"},
    "issued": {"valid", "suspended", "revoked"},
    "valid": {"suspended", "revoked"},
    "suspended": {"issued", "valid", "revoked"},
    "revoked": set(),
}
ASTRAY = {
    "withdraw", "refuse", "return_first", "return_second", "card_spoiled", "card_lost", "mail_returned", "cancel",
}  # fmt: skip
REPLACED = {"card_spoiled", "card_lost"}
numbers = st.integers(0, 50)
BY_READERS = "take_on_line"
"""Fired by a reader that takes a blank for whichever case is next, and not on a case by somebody."""
APPLICATION_TRIGGERS = sorted(TABLES[CaseKind.CARD_APPLICATION].commands.keys() - {"submit", BY_READERS})
REQUEST_TRIGGERS = sorted(
    TABLES[CaseKind.CERTIFICATE_REQUEST].commands.keys() - {"submit_request", "amend_request"}
)
RESET_TRIGGERS = sorted(TABLES[CaseKind.USERCODE_RESET].commands.keys() - {"request"})


class Walk(RuleBasedStateMachine):
    """What both walks share: people, commands, time and invariants."""

    def __init__(self, make: Callable[[], Registry]) -> None:
        super().__init__()
        self.registry = make()
        self.code: dict[int, str] = defaultdict(lambda: CODE)
        self.cases: list[int] = []
        self.days = 0
        self.certificates: dict[int, Any] = {}
        self.people = self._people()

    def teardown(self) -> None:
        self.registry.close()

    def _people(self) -> list[Actor]:
        r = self.registry
        window = r.main_window
        both = r.account(Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.LETTER_CLERK, window=window)
        return [
            PUBLIC, SYSTEM, r.clerk, r.reviewer, r.officer, r.centre, r.desk, r.operator, both,
            r.account(Role.FIRST_REVIEWER, window=r.window()), r.account(Role.AUDITOR), r.account(Role.ADMINISTRATOR),
            r.account(Role.SECOND_REVIEWER, person=both.person_id),
        ]  # fmt: skip

    def attempt(self, command: Command, actor: Actor) -> bool:
        """Send a command; a refusal is fine, anything else that is raised fails the walk."""
        try:
            self.registry.do(command, actor)
        except RegistryError:
            return False
        return True

    def pick(self, number: int) -> int:
        return self.cases[number % len(self.cases)]

    def _do(self, case_id: int, trigger: str, actor: Actor, number: int) -> None:
        # Nobody makes a card, loses it and makes another in one moment.
        self.registry.clock.move(seconds=1)
        if trigger == "card_made" and self.registry.state(case_id) == "manufacturing" and number % 3:
            self.registry.make_card(case_id)
        elif trigger == "receive_letter":
            self._tie(case_id, actor)
        else:
            if trigger == "activate" and number % 3:
                self.attempt(self.command(case_id, "begin_activation", 1), PUBLIC)
            self.attempt(self.command(case_id, trigger, number), actor)

    def _tie(self, case_id: int, actor: Actor) -> None:
        letter = self.registry.do(self.registry.letter(), self.registry.clerk).created_id or 0
        self.attempt(c.TieLetter(letter_id=letter, case_ids=(case_id,)), actor)

    def command(self, case_id: int, trigger: str, number: int) -> Command:
        """Make the command of a trigger; one number in seven makes something about it wrong."""
        case, wrong = self.registry.case(case_id), number % 7 == 6
        kind = TABLES[CaseKind(case.kind)].commands[trigger]
        known = {
            "case_id": case_id,
            "user_code": "wrong!" if wrong else self.code[case_id],
            "form": {"contact_name": f"第{number}人"},
            "reason": "" if wrong else "理由",
            "seen_sha256": "0" * 64 if wrong else case.snapshot_sha256,
            "password": PASSWORD,
            "reader": "reader 1",
            "card_number": "Xc0" if wrong else str(case.card_number),
            "envelope_number": case.number,
            "csn": self.registry.csn(case_id) if case.card_number and case.parent_id is None else "",
            "items": items(number % 5)
            if case.kind == CaseKind.CERTIFICATE_REQUEST
            else ((case_id, "1" * 14 if wrong else self.registry.mail_number()),),
            "refused": (),
            "case_ids": (case_id,),
            "issued_at": self.registry.clock.now(),
            "arrived_by": "fax",
            "spoke_with": "" if wrong else "陳",
            "phone": "02-1",
            "code_hash": "x",
            "evidence": "關防",
            "seen_version": number if wrong else None,
            "letter_id": number,
        }
        names = {name for base in kind.__mro__ for name in getattr(base, "__annotations__", {})}
        return kind(**{name: value for name, value in known.items() if name in names})

    # --- rules ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.cases)
    @rule(number=numbers, choice=numbers, other=st.booleans())
    def advance(self, number: int, choice: int, other: bool) -> None:
        """Do something that the table offers, by one of those who may."""
        self._step(self.pick(number), choice, other=other)

    def _step(self, case_id: int, choice: int, *, other: bool = False, straight: bool = False) -> None:
        case = self.registry.case(case_id)
        policy = policies.by_version(case.policy_version)
        rows = offers(CaseKind(case.kind), case.state, policy, frozenset(Role) - {Role.HOLDER})
        rows = [row for row in rows if not row.trigger.startswith("lapse") and row.trigger != BY_READERS]
        if straight:
            rows = [row for row in rows if row.source != row.dest and row.trigger not in ASTRAY]
        if rows:
            row = rows[choice % len(rows)]
            able = [person for person in self.people if person.roles & row.roles]
            self._do(case.id, row.trigger, able[-1 if other else 0], choice % 6 + 1)

    @precondition(lambda self: self.cases)
    @rule(number=numbers, steps=st.integers(2, 9))
    def hurry(self, number: int, steps: int) -> None:
        """Bring a case on by several good steps, so that walks come to the card and beyond."""
        for _ in range(steps):
            self._step(self.pick(number), 0, straight=True)

    @precondition(lambda self: self.days < 1200)
    @rule(days=st.sampled_from([1, 13, 31, 89, 91]))
    def wait(self, days: int) -> None:
        """Let days pass, with the sweeper at work."""
        self.days += days
        self.registry.clock.move(days=days)
        while (swept := sweep(self.registry.office)).fired or swept.refused:
            pass
        late = [row for row in self.registry.rows(t.deadline) if row.state == "waiting"]
        assert all(row.due_at > self.registry.clock.now() for row in late)

    @precondition(lambda self: self.cases)
    @rule(number=numbers, resume=st.booleans())
    def hold_or_release_the_clock(self, number: int, resume: bool) -> None:
        kind = c.ResumeDeadlines if resume else c.PauseDeadlines
        self.attempt(kind(case_id=self.pick(number), reason="天災"), self.registry.officer)

    # --- what must always hold ------------------------------------------------------------------------------

    @invariant()
    def histories_are_whole_and_logged(self) -> None:
        steps = defaultdict(list)
        for step in self.registry.rows(t.history):
            steps[step.case_id].append(step)
        logged = {(row.case_id, row.case_version, row.kind) for row in self.registry.rows(t.audit_entry)}
        for case in self.registry.rows(t.case):
            mine = steps[case.id]
            assert [step.version for step in mine] == list(range(1, case.version + 1))
            assert [step.source for step in mine] == ["new", *(step.dest for step in mine[:-1])]
            assert mine[-1].dest == case.state
            assert all((case.id, step.version, step.trigger) in logged for step in mine)
            finals = TABLES[CaseKind(case.kind)].finals
            assert not any(step.source in finals for step in mine)

    @invariant()
    def one_living_primary_card(self) -> None:
        alive = Counter(
            (case.ca, case.organisation_id)
            for case in self.registry.rows(t.case, t.case.c.rank == str(Rank.PRIMARY))
            if case.kind == CaseKind.CARD_APPLICATION and case.state not in GONE
        )
        assert not alive or max(alive.values()) == 1

    @invariant()
    def nobody_decides_twice_and_nothing_is_made_unapproved(self) -> None:
        standing = defaultdict(list)
        for decision in self.registry.rows(t.review_decision, t.review_decision.c.voided_at.is_(None)):
            standing[decision.case_id].append(decision)
        for case in self.registry.rows(t.case, t.case.c.kind == str(CaseKind.CARD_APPLICATION)):
            made = standing[case.id]
            assert len({decision.person_id for decision in made}) == len(made)
            if case.state not in BEFORE_APPROVAL:
                two = policies.by_version(case.policy_version).first_review.value
                assert sorted(decision.stage for decision in made) == (
                    ["first", "second"] if two else ["second"]
                )
                assert {decision.snapshot_sha256 for decision in made} == {case.snapshot_sha256}

    @invariant()
    def deadlines_end_with_their_case(self) -> None:
        finals = {(str(kind), str(state)) for kind, table in TABLES.items() for state in table.finals}
        states = {case.id: (case.kind, case.state) for case in self.registry.rows(t.case)}
        running = self.registry.rows(t.deadline, t.deadline.c.state.in_(["waiting", "paused"]))
        assert not any(states[row.case_id] in finals for row in running)
        lapses = Counter[int]()
        for step in sorted(self.registry.rows(t.history), key=lambda step: step.id):
            if step.trigger in REPLACED:
                # The days of another card begin anew.
                del lapses[step.case_id]
            lapses[step.case_id] += step.trigger.startswith("lapse")
        assert not lapses or max(lapses.values()) <= 1

    @invariant()
    def certificates_go_only_where_they_may(self) -> None:
        for now in self.registry.rows(t.certificate):
            before = self.certificates.get(now.id)
            if before is not None and before.status != now.status:
                assert now.status in ALLOWED[before.status]
                assert now.status_version > before.status_version
            if before is not None and before.status == "suspended" and now.status == "issued":
                assert now.status == before.status_before
            self.certificates[now.id] = now

    @invariant()
    def cards_and_cases_agree(self) -> None:
        cards = {card.number: card for card in self.registry.rows(t.card, t.card.c.number.is_not(None))}
        for case in self.registry.rows(t.case, t.case.c.kind == str(CaseKind.CARD_APPLICATION)):
            if case.card_number is None:
                continue
            card = cards[case.card_number]
            assert card.case_id == case.id
            assert (card.state == "active") is (case.state == "activated")
            if case.state in {"posted", "late_allowed", "made", "packed", "mail_returned"}:
                assert card.state in {"made", "posted"}
            statuses = {
                cert.status for cert in self.registry.rows(t.certificate, t.certificate.c.csn == card.csn)
            }
            assert len(statuses) == 1
            assert "valid" not in statuses or case.state == "activated"


def empty(registry: Registry) -> None:
    """Empty a PostgreSQL registry for the next walk."""
    names = ", ".join(f'"{name}"' for name in t.metadata.tables)
    with registry.engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))

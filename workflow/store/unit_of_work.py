"""One transaction: lock, decide, and write all consequences together.

Everything that a decision leads to is gathered here and written at the end: the case, its history, deadlines, outbox,
certificates and audit log stand or fall with one commit.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.days import add_months, taipei_day
from workflow.effects import Effect
from workflow.errors import NotFound
from workflow.facts import Actor, CaseFacts, Facts
from workflow.machine import Decision, decide, row_for
from workflow.store.audit_entry import entry, speak
from workflow.store.certificates import change_status
from workflow.store.loading import held_elsewhere, hold_cases, load_cases, surroundings
from workflow.store.outbox import crl_row, outbox_row, require_claim
from workflow.store.writing import in_one_journey, write_outbox, writes_of
from workflow.vocabulary import DeadlineState, StatusChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from workflow.commands import Command
    from workflow.deadlines import Rung
    from workflow.office import Office
    from workflow.policy import Policy


@dataclass(frozen=True)
class Extra:
    """What a command writes beside the decision itself."""

    note: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    """What the performers of the effects need to know besides the case."""


NOTHING = Extra()


class UnitOfWork:
    """The open transaction of one or several commands."""

    def __init__(self, office: Office, connection: sa.Connection) -> None:
        self.office = office
        self.connection = connection
        self.now: datetime = office.clock.now()
        self._inserts: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
        self._case_updates: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        self._later: list[Callable[[sa.Connection], object]] = []
        self._stops: list[dict[str, Any]] = []
        self._changes: dict[tuple[StatusChange, str], list[int]] = defaultdict(list)
        self._outbox: list[dict[str, Any]] = []

    # --- reading under lock -------------------------------------------------------------------------------------

    def lock(self, ids: Sequence[int]) -> dict[int, CaseFacts]:
        """Load cases and keep others from changing them until the commit."""
        return load_cases(self.connection, ids)

    def hold(self, ids: Sequence[int]) -> dict[int, CaseFacts]:
        """Load cases that this transaction leaves as they are; until the commit nobody else changes them either.

        Whoever holds a case must not lock it afterwards: two who did would wait for each other.
        """
        return hold_cases(self.connection, ids)

    def lock_one(self, case_id: int) -> CaseFacts:
        """Load one case under its lock; NotFound when there is none."""
        return _only(self.lock([case_id]), case_id)

    def hold_one(self, case_id: int) -> CaseFacts:
        """Hold one case; NotFound when there is none."""
        return _only(self.hold([case_id]), case_id)

    def facts(self, case: CaseFacts, trigger: str, policy: Policy, actor: Actor) -> Facts:
        """Gather what the row that this trigger would fire wants to know."""
        row = row_for(case.kind, case.state, trigger, policy)
        reads = row.reads if row is not None else frozenset()
        return Facts(case, actor, self.now, surroundings(self.connection, case, reads))

    # --- deciding and gathering ---------------------------------------------------------------------------------

    def fire(
        self, case: CaseFacts, trigger: str, command: Command, actor: Actor, extra: Extra = NOTHING
    ) -> CaseFacts:
        """Decide a command on a locked case and gather its consequences; returns the case as it will be.

        Raises the machine's refusal, and then nothing has been gathered.
        """
        policy = policies.by_version(case.policy_version)
        if extra.data:
            case = replace(case, data={**case.data, **extra.data})
        decision = decide(self.facts(case, trigger, policy, actor), policy, command, trigger)
        return self._gather(case, decision, policy, command, actor, extra)

    def _gather(
        self,
        case: CaseFacts,
        decision: Decision,
        policy: Policy,
        command: Command,
        actor: Actor,
        extra: Extra,
    ) -> CaseFacts:
        after = replace(
            case,
            state=decision.state,
            version=case.version + 1,
            snapshot_sha256=str(extra.columns.get("snapshot_sha256", case.snapshot_sha256)),
            revision=int(extra.columns.get("revision", case.revision)),
        )
        note = extra.note or str(getattr(command, "reason", ""))
        self._update_case(case, decision, after.version, extra)
        self._tell(after, decision, command, actor, note)
        self._deadlines(case, decision, policy)
        for do in decision.effects:
            due = self._crls_due() if do.effect is Effect.PUBLISH_CRL else self.office.wall.now()
            self._outbox.append(outbox_row(case, do, extra.payload, self.now, due))
        self._certificates(case, decision)
        if decision.bars and policy.reapplication_ban_months.value:
            self._bar(case, policy)
        return after

    def _tell(self, after: CaseFacts, decision: Decision, command: Command, actor: Actor, note: str) -> None:
        """Gather the row of the case's history and the entry of the audit log, which agree with each other."""
        self._put(
            "history",
            {
                "case_id": after.id,
                "version": after.version,
                "at": self.now,
                "trigger": decision.row.trigger,
                "source": decision.source,
                "dest": decision.state,
                "actor": actor.name,
                "person_id": actor.person_id,
                "note": note,
            },
        )
        said = {
            "number": after.number,
            "source": decision.source,
            "dest": decision.state,
            "note": note,
            "snapshot": after.snapshot_sha256,
            "said": speak(command),
        }
        self.audit(decision.row.trigger, actor, said, (after.id, after.version))

    def _certificates(self, case: CaseFacts, decision: Decision) -> None:
        if decision.change is StatusChange.NONE:
            return
        if decision.change is StatusChange.RESUME and held_elsewhere(self.connection, case):
            return
        self.change_certificates(case.parent_id or case.id, decision.change, decision.row.trigger)

    def _update_case(self, case: CaseFacts, decision: Decision, version: int, extra: Extra) -> None:
        values: dict[str, Any] = {"state": decision.state, "version": version, **extra.columns}
        if decision.state != decision.source:
            values["state_since"] = self.now
        if extra.data:
            values["data"] = case.data
        self.update_case(case.id, values)

    def update_case(self, case_id: int, values: Mapping[str, Any]) -> None:
        """Gather an update of the case's own row."""
        self._case_updates[tuple(sorted(values))].append({"b_id": case_id, **values})

    def _deadlines(self, case: CaseFacts, decision: Decision, policy: Policy) -> None:
        if decision.stops:
            self._stops += [{"b_case": case.id, "b_kind": kind, "at": self.now} for kind in decision.stops]
        for rung in decision.starts:
            self._put("deadline", self._rung(case, rung, policy))

    @staticmethod
    def _rung(case: CaseFacts, rung: Rung, policy: Policy) -> dict[str, Any]:
        return {
            "case_id": case.id,
            "kind": rung.kind,
            "rung": rung.rung,
            "trigger": rung.trigger,
            "policy_version": policy.version,
            "basis_at": rung.basis_at,
            "budget": rung.budget,
            "in_months": rung.in_months,
            "due_at": rung.due_at,
            "state": str(DeadlineState.WAITING),
            "paused_seconds": 0,
        }

    def _bar(self, case: CaseFacts, policy: Policy) -> None:
        # REV-05 counts from the organisation's letter; nobody wrote one here, so the day of the revocation counts.
        until = add_months(taipei_day(self.now), policy.reapplication_ban_months.value)
        self.add(
            "ban",
            ca=str(case.ca),
            organisation_id=case.organisation_id,
            until=until,
            case_id=case.id,
            at=self.now,
        )

    def change_certificates(self, case_id: int, change: StatusChange, cause: str) -> None:
        """Gather a change of status of a case's certificates; it goes with this commit (SUS-10)."""
        self._changes[change, cause].append(case_id)

    def add(self, table: str, **values: Any) -> None:
        """Gather a new row whose number nobody needs now."""
        self._put(table, values)

    def insert(self, table: sa.Table, **values: Any) -> int:
        """Insert a row at once and return its number."""
        result = self.connection.execute(sa.insert(table).values(**values))
        primary = result.inserted_primary_key
        assert primary is not None  # noqa: S101 - both databases return the key of a single insert.
        return int(primary[0])

    def later(self, write: Callable[[sa.Connection], object]) -> None:
        """Gather statements whose results nobody looks at; they travel with the rest, ahead of it and in their order."""
        self._later.append(write)

    def update(self, statement: sa.Update) -> None:
        """Gather an update of rows that are locked already."""
        self.later(lambda connection: connection.execute(statement))

    def audit(
        self, kind: str, actor: Actor, body: Mapping[str, Any], case: tuple[int, int] | None = None
    ) -> None:
        """Gather an audit entry; it is written in the transaction of the change (AUD-01)."""
        self._put("audit_entry", entry(self.now, kind, actor, body, case))

    def _put(self, table: str, row: dict[str, Any]) -> None:
        # Rows with the same columns travel together.
        self._inserts[table, tuple(row)].append(row)

    def ask(self, rows: Sequence[dict[str, Any]]) -> None:
        """Gather work for the outbox that no row of a table asked for."""
        self._outbox += rows

    # --- writing ------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write everything that was gathered."""
        # Which certificates change is looked at, so these statements do not travel with the others.
        self._change_certificates()
        with in_one_journey(self.connection):
            self._write()
        self._later.clear()
        self._inserts.clear()
        self._case_updates.clear()
        self._stops.clear()
        self._changes.clear()
        self._outbox.clear()

    def _change_certificates(self) -> None:
        """Change statuses and the entries of lists, and ask for the lists that have to follow (REV-13)."""
        authorities = set[str]()
        for (change, cause), case_ids in self._changes.items():
            authorities |= change_status(self.connection, case_ids, change, self.now, cause)
        self.ask([crl_row(name, self.now, self._crls_due(), whole=False) for name in sorted(authorities)])

    def _crls_due(self) -> datetime:
        """Return when a list that follows a change is made: a moment later, so that one list serves a burst."""
        return self.office.wall.now() + timedelta(seconds=self.office.settings.crl_pause_seconds)

    def _write(self) -> None:
        for write in self._later:
            write(self.connection)
        writes = writes_of(self.connection.dialect)
        for rows in self._case_updates.values():
            writes.update_case(self.connection, rows)
        if self._stops:
            writes.stop_deadlines(self.connection, self._stops)
        for (name, _columns), rows in self._inserts.items():
            writes.insert(self.connection, name, rows)
        if self._outbox:
            write_outbox(writes, self.connection, self._outbox)


def _only(found: Mapping[int, CaseFacts], case_id: int) -> CaseFacts:
    if case_id not in found:
        raise NotFound("case.not_found")
    return found[case_id]


@contextmanager
def transaction(office: Office) -> Iterator[UnitOfWork]:
    """Open a unit of work; it is written and committed at the end, or not at all.

    Unavailable for a performer whose work another has taken up.
    """
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        if office.claim is not None:
            require_claim(connection, office.claim)
        work = UnitOfWork(office, connection)
        yield work
        work.flush()

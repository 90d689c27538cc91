"""Firing due deadlines as commands with the system as their actor: each at most once, never on a case that moved on.

A batch claims the cases whose deadlines are due (SKIP LOCKED), re-checks each deadline under the case's lock, and
commits all consequences together. Before a sweep would suspend or revoke more than a set number, it stops for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.commands import CaseCommand
from workflow.commands_of_performers import OpenBreaker
from workflow.crl_making import is_due
from workflow.deadlines import FINAL
from workflow.errors import RegistryError
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.machine import TABLES
from workflow.store import schema as t
from workflow.store.crl_entries import waiting_authorities
from workflow.store.crl_lists import newest_lists
from workflow.store.loading import case_facts
from workflow.store.outbox import crl_row, crls_under_way
from workflow.store.unit_of_work import UnitOfWork, transaction
from workflow.vocabulary import AuthorityState, CaseKind, CertificateStatus, DeadlineState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workflow.cases.table import DeadlineKind
    from workflow.office import Office

C, D = t.certificate.c, t.deadline.c
WAITING = str(DeadlineState.WAITING)

COMMANDS: dict[tuple[CaseKind, str], type[CaseCommand]] = {
    (kind, trigger): command
    for kind, table in TABLES.items()
    for trigger, command in table.commands.items()
    if issubclass(command, CaseCommand)
}
KINDS: dict[str, DeadlineKind] = {
    name: kind for table in TABLES.values() for name, kind in table.deadlines.items()
}
_OF_BATCHES = sorted(TABLES[CaseKind.CERTIFICATE_REQUEST].deadlines)


@dataclass(frozen=True)
class Swept:
    """What one batch did."""

    fired: int = 0
    refused: int = 0
    stopped_by_breaker: bool = False


def sweep(office: Office, batch: int = 200) -> Swept:
    """Fire one batch of due deadlines; call again until nothing was fired and nothing refused."""
    finals = _finals_allowed(office)
    with transaction(office) as work:
        due = _claim(work, batch, finals=finals)
        # Before anything is fired, for what a lapse revokes does not count any more.
        spent = _hit_by(work.connection, D.id.in_([row.deadline_id for row in due]), D.rung == FINAL)
        fired = refused = 0
        for row in due:
            if _fire(work, row):
                fired += 1
            else:
                refused += 1
        if finals and due:
            _spend(work, spent)
    return Swept(fired, refused, stopped_by_breaker=not finals)


def _claim(work: UnitOfWork, batch: int, *, finals: bool) -> Sequence[Any]:
    """Lock the cases of due deadlines that nobody else has in hand, and mark the deadlines as fired.

    A deadline that was settled between the look and the lock is not returned by the second statement.
    """
    wanted = [D.state == WAITING, D.due_at <= work.now]
    if not finals:
        wanted.append(D.rung != FINAL)
    found = work.connection.execute(
        sa.select(D.id.label("deadline_id"), D.rung, D.trigger.label("fires"), t.case)
        .join(t.case, t.case.c.id == D.case_id)
        .where(*wanted)
        .order_by(D.due_at)
        .limit(batch)
        .with_for_update(of=t.case, skip_locked=True)
    ).all()
    if not found:
        return ()
    held = set(
        work.connection.execute(
            sa.update(t.deadline)
            .where(D.id.in_([row.deadline_id for row in found]), D.state == WAITING)
            .values(state=str(DeadlineState.FIRED), settled_at=work.now)
            .returning(D.id)
        ).scalars()
    )
    once: dict[int, Any] = {}
    for row in found:
        # Two rungs of one case in a batch: the later one waits for the next batch, with fresh facts.
        if row.deadline_id in held and row.id not in once:
            once[row.id] = row
    later = held - {row.deadline_id for row in once.values()}
    if later:
        work.connection.execute(
            sa.update(t.deadline).where(D.id.in_(later)).values(state=WAITING, settled_at=None)
        )
    return tuple(once.values())


def _fire(work: UnitOfWork, row: Any) -> bool:
    """Fire one deadline on its locked case. A case that has moved on just keeps the deadline settled."""
    case = case_facts(row)
    try:
        command = COMMANDS[(case.kind, row.fires)](case_id=case.id)
        work.fire(case, row.fires, command, SYSTEM)
    except (RegistryError, KeyError) as refusal:
        # A trigger or policy that this version does not know must not hold up all the others.
        code = refusal.code if isinstance(refusal, RegistryError) else "unknown"
        said = {"number": case.number, "trigger": row.fires, "code": code}
        work.audit("deadline_refused", SYSTEM, said, (case.id, case.version))
        return False
    return True


def _finals_allowed(office: Office) -> bool:
    """Tell whether this sweep may suspend and revoke; opens the breaker when there would be too many (pitfall 11)."""
    limit = office.settings.sweep_limit
    now = office.clock.now()
    with office.reading() as connection:
        state = connection.execute(sa.select(t.breaker).where(t.breaker.c.name == "sweep")).first()
        if state is not None and state.open:
            return False
        allowed = max(limit, state.allowance if state is not None else 0)
        count = _hit_by(connection, D.state == WAITING, D.due_at <= now, D.rung == FINAL)
        if count <= allowed:
            return True
    handle(office, OpenBreaker(count=count, limit=limit), SYSTEM)
    return False


def _hit_by(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> int:
    """Return how many cards, and certificates without a card, some deadlines would suspend or revoke (pitfall 11).

    A case has one card, with its pair of certificates; a batch of requests has as many certificates as it got.
    """
    alive = sa.and_(C.case_id == D.case_id, C.csn.is_(None), C.status != str(CertificateStatus.REVOKED))
    without_card = sa.select(sa.func.count()).where(alive).scalar_subquery()
    # Looked at for batches alone: deadlines of cards are many.
    each = sa.case((D.kind.in_(_OF_BATCHES), without_card), else_=1).label("number")
    number = sa.select(each).select_from(t.deadline).where(*which).subquery().c.number
    hit = sa.func.coalesce(sa.func.sum(sa.case((number > 1, number), else_=1)), 0)
    return int(connection.execute(sa.select(hit)).scalar_one())


def _spend(work: UnitOfWork, hit: int) -> None:
    """Use up what a person allowed."""
    b = t.breaker.c
    if hit:
        left = sa.case((b.allowance > hit, b.allowance - hit), else_=0)
        work.connection.execute(
            sa.update(t.breaker).where(b.name == "sweep", b.allowance > 0).values(allowance=left)
        )


def list_makers(office: Office) -> list[str]:
    """Return the names of the authorities that publish lists; responders, which have a colon in theirs, do not."""
    with office.reading() as connection:
        return _list_makers(connection)


def _list_makers(connection: sa.Connection) -> list[str]:
    a = t.authority.c
    alive = sa.select(a.name).where(a.state != str(AuthorityState.DESTROYED)).order_by(a.name)
    return [str(name) for name in connection.execute(alive).scalars() if ":" not in name]


def schedule_crls(office: Office) -> int:
    """Ask for the lists that are missing or past half their life, and those that a change still waits for (CRL-01).

    Returns for how many authorities. One whose lists were asked for already is left alone, so that work that fails
    does not pile up.
    """
    now = office.clock.now()
    with office.reading() as connection:
        open_work = crls_under_way(connection)
        changed = waiting_authorities(connection)
        names = [name for name in _list_makers(connection) if name not in open_work]
        due = {name for name in names if is_due(newest_lists(connection, name), name, now)}
    asked = sorted(due | (changed.intersection(names)))
    if asked:
        with transaction(office) as work:
            wall = office.wall.now()
            work.ask([crl_row(name, work.now, wall, whole=name in due) for name in asked])
    return len(asked)

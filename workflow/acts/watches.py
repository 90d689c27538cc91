"""What the watches found: kept until a later run finds it no more, told to people at once and once a day after that.

What stands longer than `escalation_days` is told to a second address too: whoever reads the first may be away.
A finding changes nothing else: whoever reads it decides.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.act import Act
from workflow.commands_of_watches import RecordWatch
from workflow.days import TAIPEI
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.store.outbox import alarm_row
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workflow.commands_of_watches import Found
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork
    from workflow.vocabulary import Watch

F = t.watch_finding.c
AGAIN_AFTER = timedelta(days=1)
MOST_IN_A_MAIL = 50
_Key = tuple[str, str]


def _record(work: UnitOfWork, command: RecordWatch, actor: Actor, _prepared: None) -> Outcome:
    known = _open(work, command)
    found = {(one.code, one.subject): one for one in command.found}
    tell = [one for key, one in found.items() if _is_to_be_told(known.get(key), work)]
    stands = [one for one in tell if _stands_too_long(known.get((one.code, one.subject)), work)]
    escalated = stands if work.office.settings.escalation_email else []
    _keep(work, command, known, found)
    for sample in command.samples:
        work.add(
            "certificate_sample",
            certificate_id=sample.certificate_id,
            quarter=sample.quarter,
            at=work.now,
            findings=list(sample.findings),
        )
    run = {
        "watch": str(command.watch),
        "examined": command.examined,
        "found": len(found),
        "report_sha256": command.report_sha256,
    }
    run_id = work.insert(t.watch_run, at=work.now, **run)
    _audit(work, command, actor, tell, run, len(escalated))
    _tell(work, command.watch, tell)
    _escalate(work, command.watch, escalated, known)
    return Outcome(created_id=run_id)


def _open(work: UnitOfWork, command: RecordWatch) -> dict[_Key, Any]:
    query = sa.select(F.id, F.code, F.subject, F.first_at, F.told_at).where(
        F.watch == str(command.watch), F.cleared_at.is_(None)
    )
    return {(row.code, row.subject): row for row in work.connection.execute(query.with_for_update())}


def _is_to_be_told(known: Any, work: UnitOfWork) -> bool:
    if known is None or known.told_at + AGAIN_AFTER <= work.now:
        return True
    return _stands_too_long(known, work) and known.told_at < known.first_at + _patience(work)


def _stands_too_long(known: Any, work: UnitOfWork) -> bool:
    return known is not None and known.first_at + _patience(work) <= work.now


def _patience(work: UnitOfWork) -> timedelta:
    return timedelta(days=work.office.settings.escalation_days)


def _keep(
    work: UnitOfWork, command: RecordWatch, known: Mapping[_Key, Any], found: Mapping[_Key, Found]
) -> None:
    for key, one in found.items():
        values: dict[str, Any] = {"zh": one.zh, "en": one.en, "rows": list(one.rows), "last_at": work.now}
        if _is_to_be_told(known.get(key), work):
            values["told_at"] = work.now
        if key in known:
            work.connection.execute(sa.update(t.watch_finding).where(F.id == known[key].id).values(**values))
            continue
        first = {"watch": str(command.watch), "code": one.code, "subject": one.subject, "first_at": work.now}
        work.connection.execute(sa.insert(t.watch_finding).values(**first, **values))
    gone = [row.id for key, row in known.items() if key not in found]
    if gone:
        cleared = sa.update(t.watch_finding).where(F.id.in_(gone)).values(cleared_at=work.now)
        work.connection.execute(cleared)


def _audit(
    work: UnitOfWork,
    command: RecordWatch,
    actor: Actor,
    tell: Sequence[Found],
    run: Mapping[str, Any],
    escalated: int,
) -> None:
    told = [{"code": one.code, "subject": one.subject, "rows": list(one.rows)} for one in tell]
    said = {"told": told, "samples": len(command.samples), "escalated": escalated}
    work.audit("watch_ran", actor, {**run, **said})


def _tell(work: UnitOfWork, watch: Watch, tell: Sequence[Found]) -> None:
    if tell and work.office.settings.alarm_email:
        lines = [_line(one) for one in tell[:MOST_IN_A_MAIL]]
        _ask(work, {"watch": str(watch), "lines": lines, "count": len(tell)})


def _escalate(work: UnitOfWork, watch: Watch, stands: Sequence[Found], known: Mapping[_Key, Any]) -> None:
    """Ask for a mail of its own to the second address, so that neither is written to twice for the other's sake."""
    if not stands:
        return
    lines = []
    for one in stands[:MOST_IN_A_MAIL]:
        since = known[one.code, one.subject].first_at.astimezone(TAIPEI)
        lines.append(f"{_line(one)} ({since:%Y-%m-%d %H:%M})")
    payload = {"watch": str(watch), "lines": lines, "count": len(stands)}
    _ask(work, payload | {"standing_days": work.office.settings.escalation_days})


def _line(one: Found) -> str:
    return f"[{one.code}] {one.zh} {one.en}"


def _ask(work: UnitOfWork, payload: Mapping[str, Any]) -> None:
    work.ask([alarm_row(payload, work.now, work.office.wall.now())])


ACTS = (Act(RecordWatch, _record, frozenset({Role.SYSTEM, Role.OPERATOR})),)

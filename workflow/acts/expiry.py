"""Telling contacts that their certificates expire, once each, however many workers look (NTC-01, RNW-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.acts.act import Act
from workflow.commands_of_expiry import TellOfExpiry
from workflow.days import taipei_day
from workflow.effects import notice
from workflow.outcome import Outcome
from workflow.store.expiring import TEMPLATE, expiring
from workflow.store.outbox import outbox_row
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.store.unit_of_work import UnitOfWork


def _tell(work: UnitOfWork, command: TellOfExpiry, actor: Actor, _prepared: None) -> Outcome:
    cases = work.lock(sorted(command.case_ids))
    for one in expiring(work.connection, work.now, tuple(cases)):
        case, last_day = cases[one.case_id], taipei_day(one.ends_at).isoformat()
        payload = {"expires": last_day}
        work.ask([outbox_row(case, notice(TEMPLATE), payload, work.now, work.office.wall.now())])
        work.audit(
            "expiry_notice_ordered",
            actor,
            {"number": case.number, "expires": last_day},
            (case.id, case.version),
        )
    return Outcome()


ACTS = (Act(TellOfExpiry, _tell, frozenset({Role.SYSTEM})),)

"""Emergency suspension: papers come by fax, the desk calls back, and then suspends at once or refuses (SUS-04, SUS-05).

The call back is what identifies the person: nothing is suspended by paper alone, for a stranger's fax would take a
holder's certificates away. A suspension is the holder's own, as if made on the site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.acts.act import Act
from workflow.acts.holders import suspend_for_holder
from workflow.commands_of_holders import RefuseEmergency, SuspendInEmergency, TakeEmergency
from workflow.deeds import deed
from workflow.errors import BadInput, FieldProblem, Refused
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t
from workflow.vocabulary import CaseKind, EmergencyState, Role

if TYPE_CHECKING:
    from workflow.facts import Actor, CaseFacts
    from workflow.store.unit_of_work import UnitOfWork

K, E = t.case.c, t.emergency.c
DESK = frozenset({Role.HELP_DESK})
LONGEST = 200


def _take(work: UnitOfWork, command: TakeEmergency, actor: Actor, _prepared: None) -> Outcome:
    for name in ("asked_by", "phone", "reason"):
        _require(name, getattr(command, name))
    case = _case_of(work, command.card_number)
    if not policies.by_version(case.policy_version).emergency_suspension.value:
        raise Refused("policy.not_offered", ca=case.ca, action=deed("TakeEmergency"))
    waiting = sa.select(E.id).where(E.case_id == case.id, E.state == str(EmergencyState.WAITING))
    if work.connection.execute(waiting).first() is not None:
        raise Refused("emergency.open")
    emergency_id = work.insert(
        t.emergency,
        case_id=case.id,
        state=str(EmergencyState.WAITING),
        paper=str(command.paper),
        asked_by=command.asked_by.strip(),
        phone=command.phone.strip(),
        reason=command.reason.strip(),
        taken_by=actor.name,
        at=work.now,
        said="",
    )
    said = {"emergency": emergency_id, "number": case.number, "paper": str(command.paper)}
    work.audit("emergency_taken", actor, said, (case.id, case.version))
    return Outcome(case_id=case.id, number=case.number, created_id=emergency_id)


def _case_of(work: UnitOfWork, card_number: str) -> CaseFacts:
    """Lock the case of a card; the desk has its number from the fax, or by searching the holder's name."""
    number = "".join(card_number.split()).upper()
    query = (
        sa.select(K.id)
        .where(sa.func.upper(K.card_number) == number, K.kind == str(CaseKind.CARD_APPLICATION))
        .order_by(K.id.desc())
    )
    case_id = work.connection.execute(query).scalar()
    if case_id is None:
        raise BadInput(
            FieldProblem(
                "card_number", "unknown", "查無此卡號，請核對；可依姓名查詢案件。", "No card has this number. Check it, or search by name."
            )
        )  # fmt: skip
    return work.lock_one(case_id)


def _require(name: str, value: str) -> None:
    if not value.strip() or len(value) > LONGEST:
        raise BadInput(
            FieldProblem(
                name, "required", f"請填寫此欄位（{LONGEST} 字以內）。", f"Fill this in, in {LONGEST} characters at most."
            )
        )  # fmt: skip


def _suspend(work: UnitOfWork, command: SuspendInEmergency, actor: Actor, _prepared: None) -> Outcome:
    if command.identified is not True:
        raise BadInput(
            FieldProblem(
                "identified", "required", "請先回電確認為本人後勾選，才能停用。", "Call back first, and tick that it is the holder, before you suspend."
            )
        )  # fmt: skip
    row, case = _decided(work, command, actor, EmergencyState.SUSPENDED, identified=True)
    suspend_for_holder(work, case, actor, row.reason)
    return of_case(case)


def _refuse(work: UnitOfWork, command: RefuseEmergency, actor: Actor, _prepared: None) -> Outcome:
    _, case = _decided(work, command, actor, EmergencyState.REFUSED)
    return of_case(case)


def _decided(
    work: UnitOfWork,
    command: SuspendInEmergency | RefuseEmergency,
    actor: Actor,
    state: EmergencyState,
    **told: bool,
) -> tuple[Any, CaseFacts]:
    """Settle a request that waits, once; what was said is kept with it, and the audit log names the decision."""
    _require("said", command.said)
    row: Any = work.connection.execute(
        sa.select(t.emergency).where(E.id == command.emergency_id).with_for_update()
    ).first()
    if row is None or row.state != str(EmergencyState.WAITING):
        raise Refused("emergency.over")
    case = work.lock_one(row.case_id)
    settled = work.connection.execute(
        sa.update(t.emergency)
        .where(E.id == row.id, E.state == str(EmergencyState.WAITING))
        .values(state=str(state), said=command.said.strip(), decided_by=actor.name, decided_at=work.now)
    )
    if settled.rowcount != 1:
        raise Refused("emergency.over")
    said = {"emergency": row.id, "number": case.number, **told}
    work.audit(f"emergency_{state}", actor, said, (case.id, case.version))
    return row, case


ACTS = (
    Act(TakeEmergency, _take, DESK),
    Act(SuspendInEmergency, _suspend, DESK),
    Act(RefuseEmergency, _refuse, DESK),
)

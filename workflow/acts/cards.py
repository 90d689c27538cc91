"""The card centre's desk: stock, manufacture, packing and registered mail; and the two ends of an activation."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow import policies
from workflow.acts.act import PUBLIC, Act
from workflow.acts.letters import our_number
from workflow.acts.stock_intake import add_blanks
from workflow.acts.stock_people import require_counted_in
from workflow.acts.usercode import Tried, admit, prepare_proof
from workflow.card_keys import begin_puk_change
from workflow.commands import (
    AddStock,
    BeginActivation,
    OrderManufacture,
    PackCard,
    PostCards,
    RecordCardMade,
    RecordMailReturned,
    SpoilBlank,
)
from workflow.errors import BadInput, FieldProblem, NotFound, Refused
from workflow.outcome import Outcome, of_case
from workflow.stock_words import EntryKind, PlaceKind
from workflow.store import schema as t
from workflow.store.line_jobs import job_made, on_the_line
from workflow.store.stock_books import Step, carry_to, demonstration_line, note, standard_place
from workflow.store.unit_of_work import Extra, UnitOfWork
from workflow.vocabulary import CardState, MailState, Role

if TYPE_CHECKING:
    from workflow.facts import Actor, CaseFacts

CENTRE = frozenset({Role.CARD_CENTRE})
K, M = t.card.c, t.mail_item.c
MAIL_NUMBER = re.compile(r"[0-9]{14}|[0-9]{20}")
CSN = re.compile(r"[0-9A-Fa-f]{8,64}")


def _add_stock(work: UnitOfWork, command: AddStock, actor: Actor, _prepared: None) -> Outcome:
    """Put blanks at the line of a demonstration; a real house counts them in by two people (`stock_intake`)."""
    if not work.office.settings.test_assurance:
        raise Refused("stock.demonstration_only")
    csns = tuple(dict.fromkeys(csn.strip().lower() for csn in command.csns if csn.strip()))
    wrong = [csn for csn in csns if not CSN.fullmatch(csn)]
    known = work.connection.execute(sa.select(K.csn).where(K.csn.in_(csns))).scalars().all()
    if wrong or known or not csns:
        which = "、".join([*wrong, *known]) or "—"
        raise BadInput(
            FieldProblem(
                "csns",
                "csn",
                f"晶片序號格式不符或已在帳上：{which}。請每行輸入一個 8 至 64 位的十六進位序號。",
                f"Not a chip's serial number, or counted in already: {which}. Give one a line, 8 to 64 hex digits.",
            )
        )
    line = demonstration_line(work.connection, work.now)
    add_blanks(work, csns, command.box, Step(EntryKind.DEMONSTRATION, line, actor))
    work.audit("stock_added", actor, {"box": command.box, "count": len(csns), "csns": list(csns)})
    return Outcome(created_id=len(csns))


def _spoil_blank(work: UnitOfWork, command: SpoilBlank, actor: Actor, _prepared: None) -> Outcome:
    csn = command.csn.strip().lower()
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    which = sa.and_(K.csn == csn, K.state == str(CardState.BLANK))
    card = work.connection.execute(sa.select(K.csn, K.place_id).where(which).with_for_update()).first()
    if card is None:
        raise NotFound("card.not_found", number=csn)
    require_counted_in(work, card)
    values = {"state": str(CardState.SPOILED), "reason": command.reason, "updated_at": work.now}
    work.connection.execute(sa.update(t.card).where(which).values(**values))
    carry_to(work, K.csn == csn, EntryKind.SPOILED, PlaceKind.BIN, actor)
    work.audit("card_spoiled", actor, {"csn": csn, "reason": command.reason})
    return Outcome()


def _order(work: UnitOfWork, command: OrderManufacture, actor: Actor, _prepared: None) -> Outcome:
    case = work.lock_one(command.case_id)
    if on_the_line(work.connection, [case.id]):
        raise Refused("line.case_taken", number=case.number)
    extra = Extra(note=command.reader, payload={"reader": command.reader})
    return of_case(work.fire(case, command.trigger, command, actor, extra))


def _made(work: UnitOfWork, command: RecordCardMade, actor: Actor, _prepared: None) -> Outcome:
    case = work.lock_one(command.case_id)
    extra = Extra(
        note=command.card_number,
        data={"certificate_issued_at": command.issued_at.isoformat()},
        columns={"card_number": command.card_number},
    )
    after = work.fire(case, command.trigger, command, actor, extra)
    begun = K.number == command.card_number, K.case_id == case.id, K.state == str(CardState.PERSONALISING)
    card = work.connection.execute(sa.select(K.id, K.csn, K.place_id).where(*begun).with_for_update()).first()
    if card is None:
        raise Refused("card.not_found", number=command.card_number)
    shelf = standard_place(work.connection, PlaceKind.SHELF, work.now)
    # The PIN that the line used is forgotten here: nobody can use the card before it is activated (ACT-05).
    made = {"state": str(CardState.MADE), "step": "made", "pin_sealed": None, "made_at": work.now}
    work.update(sa.update(t.card).where(K.id == card.id).values(place_id=shelf, updated_at=work.now, **made))
    note(work, card.csn, card.place_id, Step(EntryKind.MADE, shelf, actor))
    work.later(lambda connection: job_made(connection, case.id, work.now))
    return of_case(after)


def _pack(work: UnitOfWork, command: PackCard, actor: Actor, _prepared: None) -> Outcome:
    case = work.lock_one(command.case_id)
    after = work.fire(case, command.trigger, command, actor, Extra(note=command.card_number))
    attempts = work.connection.execute(sa.select(sa.func.count()).where(M.case_id == case.id)).scalar_one()
    work.add(
        "mail_item",
        case_id=case.id,
        attempt=attempts + 1,
        card_number=str(case.card_number),
        state=str(MailState.PACKED),
        packed_at=work.now,
    )
    return of_case(after)


def _post(work: UnitOfWork, command: PostCards, actor: Actor, _prepared: None) -> Outcome:
    """Post packed cards together: one mailing list, 20 a page (CRD-05)."""
    numbers = {case_id: number.replace(" ", "") for case_id, number in command.items}
    if not numbers or len(numbers) != len(command.items):
        raise Refused("letter.no_cases")
    for number in numbers.values():
        _check_mail_number(work, number, tuple(numbers.values()))
    cases = work.lock(sorted(numbers))
    if len(cases) != len(numbers):
        raise NotFound("case.not_found")
    post_kinds = {policies.by_version(case.policy_version).post_kind.value for case in cases.values()}
    if len(post_kinds) > 1:
        # The post takes no list that mixes kinds of registered mail.
        raise Refused("mail.kinds_mixed", kinds="、".join(sorted(post_kinds)))
    list_id = work.insert(
        t.mailing_list,
        number=our_number(work, "郵"),
        post_kind=post_kinds.pop(),
        by_name=actor.name,
        at=work.now,
    )
    after = []
    for position, case_id in enumerate(numbers, start=1):
        after.append(_post_one(work, command, cases[case_id], actor, (list_id, position, numbers[case_id])))
    return Outcome(created_id=list_id, cases=tuple(of_case(case) for case in after))


def _post_one(
    work: UnitOfWork, command: PostCards, case: CaseFacts, actor: Actor, place: tuple[int, int, str]
) -> CaseFacts:
    list_id, position, number = place
    after = work.fire(case, "post", command, actor, Extra(note=number, payload={"mail_number": number}))
    work.connection.execute(
        sa.update(t.mail_item)
        .where(M.case_id == case.id, M.state == str(MailState.PACKED))
        .values(
            mail_number=number,
            list_id=list_id,
            position=position,
            state=str(MailState.POSTED),
            posted_at=work.now,
        )
    )
    made = sa.and_(K.case_id == case.id, K.state == str(CardState.MADE))
    carry_to(work, made, EntryKind.POSTED, None, actor)
    work.connection.execute(
        sa.update(t.card).where(made).values(state=str(CardState.POSTED), updated_at=work.now)
    )
    return after


def _check_mail_number(work: UnitOfWork, number: str, among: tuple[str, ...]) -> None:
    if not MAIL_NUMBER.fullmatch(number):
        raise Refused("mail.number_wrong", number=number)
    used = work.connection.execute(sa.select(M.id).where(M.mail_number == number)).first()
    if used is not None or among.count(number) > 1:
        raise Refused("mail.number_used", number=number)


def _mail_returned(work: UnitOfWork, command: RecordMailReturned, actor: Actor, _prepared: None) -> Outcome:
    case = work.lock_one(command.case_id)
    after = work.fire(case, command.trigger, command, actor)
    work.connection.execute(
        sa.update(t.mail_item)
        .where(M.case_id == case.id, M.state == str(MailState.POSTED))
        .values(state=str(MailState.RETURNED), returned_at=work.now, return_reason=command.reason)
    )
    # The card is back at the centre, and may be packed again.
    posted = sa.and_(K.case_id == case.id, K.state == str(CardState.POSTED))
    carry_to(work, posted, EntryKind.RETURNED, PlaceKind.RETURNED, actor)
    work.connection.execute(
        sa.update(t.card).where(posted).values(state=str(CardState.MADE), updated_at=work.now)
    )
    return of_case(after)


def begin_activation(work: UnitOfWork, command: BeginActivation, actor: Actor, tried: Tried) -> Outcome:
    """Admit the holder, and note the next PUK before the card is told of it (ACT-02, ACT-05)."""
    case = work.lock_one(command.case_id)
    refusal = admit(work, case, tried, actor)
    if refusal:
        return Outcome(refusal=refusal)
    card = work.connection.execute(sa.select(t.card).where(K.csn == command.csn.lower())).first()
    if card is None or card.case_id != case.id or card.number != case.card_number:
        raise Refused("card.wrong_card", number=case.card_number)
    after = work.fire(case, command.trigger, command, actor)
    begin_puk_change(work, t.card, card, secrets.randbelow)
    return of_case(after)


ACTS = (
    Act(AddStock, _add_stock, CENTRE),
    Act(SpoilBlank, _spoil_blank, CENTRE),
    Act(OrderManufacture, _order),
    Act(RecordCardMade, _made),
    Act(PackCard, _pack),
    Act(PostCards, _post, CENTRE),
    Act(RecordMailReturned, _mail_returned),
    Act(BeginActivation, begin_activation, PUBLIC, prepare_proof),
)

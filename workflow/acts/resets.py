"""The help desk: user-code resets (UCR-01…04). A new code is stored as its hash and told once."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from forms.canonical import canonical_json, sha256_hex
from workflow.acts.act import PUBLIC, Act
from workflow.acts.filings import filed_before, note_filing
from workflow.cases.table import NEW
from workflow.commands import RecordCodeSent, RecordResetCopy, RequestReset, TellCodeByPhone
from workflow.errors import BadInput, FieldProblem, NotFound, Refused
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t
from workflow.store.loading import reset_under_way
from workflow.store.numbers import next_case_number
from workflow.store.unit_of_work import Extra, UnitOfWork
from workflow.vocabulary import CaseKind

if TYPE_CHECKING:
    from workflow.facts import Actor, CaseFacts
    from workflow.office import Office

K = t.case.c
CODE_LENGTH = 8
# Letters and digits that nobody confuses on the telephone or on paper.
CODE_ALPHABET = "".join(c for c in string.ascii_uppercase + string.digits if c not in "O0I1L")


def new_code() -> str:
    """Return a new random user code (40 bits), read out without misunderstanding."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def _request(work: UnitOfWork, command: RequestReset, actor: Actor, _prepared: None) -> Outcome:
    form = dict(command.form)
    sha256 = sha256_hex(canonical_json(form))
    before = filed_before(work, command, actor, sha256)
    if before is not None:
        return before
    card_case = _case_of_card(work, command.card_number, str(form.get("organisation_name", "")))
    if reset_under_way(work.connection, card_case.id) is not None:
        # Whoever asks has proven nothing, so the number of the other case is not told.
        raise Refused("usercode.reset_open")
    case_id = work.insert(
        t.case,
        number=next_case_number(work.connection, card_case.ca, work.office.settings),
        ca=str(card_case.ca),
        kind=str(CaseKind.USERCODE_RESET),
        state=NEW,
        version=0,
        policy_version=card_case.policy_version,
        organisation_id=card_case.organisation_id,
        window_id=card_case.window_id,
        subject_name=card_case.subject_name,
        subscriber_kind=str(card_case.subscriber_kind) if card_case.subscriber_kind else None,
        parent_id=card_case.id,
        revision=1,
        snapshot_sha256=sha256,
        card_number=card_case.card_number,
        contact_name=str(form.get("contact_name", "")),
        contact_email=str(form.get("contact_email", "")),
        data={},
        opened_at=work.now,
        queued_at=work.now,
        state_since=work.now,
    )
    work.insert(
        t.form_revision,
        case_id=case_id,
        revision=1,
        values=form,
        sha256=sha256,
        by_name=actor.name,
        at=work.now,
    )
    note_filing(work, command, case_id)
    case = work.lock_one(case_id)
    return of_case(work.fire(case, "request", command, actor))


def _case_of_card(work: UnitOfWork, card_number: str, organisation: str) -> CaseFacts:
    """Find the case a card belongs to; card number and name must both be right, and nothing tells which is not."""
    row = work.connection.execute(
        sa.select(K.id, K.subject_name)
        .where(sa.func.upper(K.card_number) == card_number.upper(), K.kind == str(CaseKind.CARD_APPLICATION))
        .order_by(K.id.desc())
    ).first()
    if row is None or "".join(row.subject_name.split()) != "".join(organisation.split()):
        raise BadInput(
            FieldProblem(
                "card_number",
                "unknown",
                "查無此卡號與組織名稱的組合，請核對卡片上的卡號與組織全名。",
                "No card has this number and this organisation's name. Please check both on the card.",
            )
        )
    # The card's case is locked, so that two resets can't be opened at once.
    return work.lock_one(row.id)


def _receive_copy(work: UnitOfWork, command: RecordResetCopy, actor: Actor, _prepared: None) -> Outcome:
    """Log the sealed copy; the card's case is locked too, so that two resets of a card can't get theirs at once."""
    parent = work.connection.execute(sa.select(K.parent_id).where(K.id == command.case_id)).scalar()
    locked = work.lock([command.case_id] if parent is None else [command.case_id, parent])
    if command.case_id not in locked:
        raise NotFound("case.not_found")
    return of_case(work.fire(locked[command.case_id], command.trigger, command, actor))


@dataclass(frozen=True)
class _NewCode:
    code: str
    hashed: str


def _prepare_phone(office: Office, _command: TellCodeByPhone, _actor: Actor) -> _NewCode:
    code = new_code()
    return _NewCode(code, office.hasher.hash(code))


def _tell_by_phone(work: UnitOfWork, command: TellCodeByPhone, actor: Actor, fresh: _NewCode) -> Outcome:
    if not command.spoke_with.strip() or not command.phone.strip():
        raise BadInput(
            FieldProblem(
                "spoke_with",
                "missing",
                "請填寫接聽人姓名與電話，作為通話紀錄。",
                "Give the name of the person you spoke with and the number, for the record.",
            )
        )
    case = work.lock_one(command.case_id)
    after = work.fire(
        case, command.trigger, command, actor, Extra(note=f"{command.spoke_with} {command.phone}")
    )
    _set_code(work, case, fresh.hashed)
    return of_case(after, secret=fresh.code)


def _code_sent(work: UnitOfWork, command: RecordCodeSent, actor: Actor, _prepared: None) -> Outcome:
    case = work.lock_one(command.case_id)
    after = work.fire(case, command.trigger, command, actor)
    _set_code(work, case, command.code_hash)
    return of_case(after)


def _set_code(work: UnitOfWork, case: CaseFacts, hashed: str) -> None:
    """Give the card's case its new code and open it again for tries."""
    if case.parent_id is not None:
        work.update_case(case.parent_id, {"user_code_hash": hashed, "user_code_tries": 0})


ACTS = (
    Act(RequestReset, _request, PUBLIC),
    Act(RecordResetCopy, _receive_copy),
    Act(TellCodeByPhone, _tell_by_phone, prepare=_prepare_phone),
    Act(RecordCodeSent, _code_sent),
)

"""Conversations with the card in the holder's own reader: opened, carried on step by step, ended.

One row a conversation, locked while a step is taken. The last step's consequences for case and card stand in the same
transaction as its record, so a process that is killed leaves either both or neither, and the browser repeats the step.
"""

from __future__ import annotations

import hmac
import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hardware.scripts.transcript import Finished
from workflow.acts.act import PUBLIC, Act
from workflow.acts.card_conclusions import conclude
from workflow.acts.cards import begin_activation
from workflow.acts.staff_conclusions import conclude_of_staff
from workflow.acts.usercode import Tried, admit, try_code
from workflow.card_keys import begin_puk_change, keys_while_changing
from workflow.card_sessions import (
    NEED_KEYS,
    OF_STAFF,
    SECRET_BYTES,
    CardTurn,
    Talk,
    come_to,
    digest,
    with_holes,
)
from workflow.commands import BeginActivation
from workflow.commands_of_holders import (
    AdvanceCardSession,
    EndCardSession,
    ForgetCardSessions,
    OpenCardSession,
    WithCardSession,
)
from workflow.errors import SENTENCES, NotFound, Refused, Words
from workflow.outcome import Outcome
from workflow.policies import by_version
from workflow.store import schema as t
from workflow.vocabulary import CardErrand, CardState, CardTalk, CertificateStatus, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hardware.scripts.transcript import Transcript
    from hardware.scripts.with_the_holder import CardKeys
    from workflow.facts import Actor, CaseFacts
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

K, S, C = t.card.c, t.card_session.c, t.certificate.c
LIFE = timedelta(minutes=10)
"""A conversation takes seconds; a reader that makes the holder look for its driver takes minutes."""
_SPENT = {"secret_sealed": None, "answer_sealed": None, "transcript": ""}
LONGEST_TRANSCRIPT = 400
"""Exchanges of the longest conversation, and more: certificates come in pieces of 256 bytes."""


def _prepare(office: Office, command: OpenCardSession, _actor: Actor) -> Tried | None:
    if command.errand not in NEED_KEYS:
        return None
    return try_code(office, command.case_id, command.user_code)


def _open(work: UnitOfWork, command: OpenCardSession, actor: Actor, tried: Tried | None) -> Outcome:
    if tried is not None:
        begun = _begin(work, command, actor, tried)
        if begun.refusal is not None:
            return begun
    elif command.errand in OF_STAFF:
        # These are opened by account, and not by whoever has the card.
        raise NotFound("card.unknown", csn=command.csn)
    elif command.errand is not CardErrand.LOOK:
        _require_known(work, command.csn)
    forget_expired(work)
    secret = secrets.token_bytes(SECRET_BYTES)
    token = digest(command.token)
    work.insert(
        t.card_session,
        token_sha256=token,
        owner_sha256=digest(command.owner),
        errand=str(command.errand),
        state=str(CardTalk.OPEN),
        case_id=command.case_id or None,
        csn=command.csn or None,
        secret_sealed=work.office.sealer.seal(secret, token),
        transcript="",
        opened_at=work.now,
        expires_at=work.now + LIFE,
    )
    work.audit("card_session_opened", actor, {"errand": str(command.errand), "csn": command.csn})
    return Outcome(turn=_turn(work, _row(work, command)))


def _begin(work: UnitOfWork, command: OpenCardSession, actor: Actor, tried: Tried) -> Outcome:
    """Admit the holder by user code, and note the next PUK before the card is told of it."""
    if command.errand is CardErrand.ACTIVATE:
        begin = BeginActivation(case_id=command.case_id, user_code=command.user_code, csn=command.csn)
        return begin_activation(work, begin, actor, tried)
    case = work.lock_one(command.case_id)
    refusal = admit(work, case, tried, actor)
    if refusal:
        return Outcome(refusal=refusal)
    begin_puk_change(work, t.card, _card_to_unblock(work, case, command.csn), secrets.randbelow)
    return Outcome(case_id=case.id)


def _card_to_unblock(work: UnitOfWork, case: CaseFacts, csn: str) -> Any:
    """Return the card of a case, in use and with certificates that may live again (PIN-02)."""
    if not by_version(case.policy_version).online_unblock.value:
        errand = CardErrand.UNBLOCK
        raise Refused("policy.not_offered", ca=case.ca, action=Words(errand.zh, errand.en))
    card = work.connection.execute(sa.select(t.card).where(K.csn == csn)).first()
    if card is None or card.case_id != case.id or card.number != case.card_number:
        raise Refused("card.wrong_card", number=case.card_number)
    statuses = set(work.connection.execute(sa.select(C.status).where(C.csn == csn)).scalars())
    if card.state != str(CardState.ACTIVE) or str(CertificateStatus.REVOKED) in statuses:
        raise Refused("card.not_active")
    return card


def _require_known(work: UnitOfWork, csn: str) -> None:
    if work.connection.execute(sa.select(K.id).where(K.csn == csn)).first() is None:
        raise NotFound("card.unknown", csn=csn)


def forget_expired(work: UnitOfWork) -> None:
    """Empty what has expired: no conversation outlives its minutes with anything sealed in it."""
    work.connection.execute(
        sa.update(t.card_session)
        .where(S.expires_at <= work.now, S.state != str(CardTalk.ENDED))
        .values(state=str(CardTalk.ENDED), **_SPENT)
    )


def _forget(work: UnitOfWork, _command: ForgetCardSessions, _actor: Actor, _prepared: None) -> Outcome:
    forget_expired(work)
    return Outcome()


def _advance(work: UnitOfWork, command: AdvanceCardSession, actor: Actor, _prepared: None) -> Outcome:
    row = _row(work, command)
    if command.step == row.steps - 1:
        return _again(work, row, command)
    if command.step != row.steps or row.state != str(CardTalk.OPEN) or row.steps >= LONGEST_TRANSCRIPT:
        raise Refused("card.session_step")
    talk = _talk(work, row)
    try:
        transcript = talk.transcript(row.transcript)
        transcript = transcript.answered(_pending(talk, transcript), command.response)
        _update(work, row, transcript=transcript.to_json(), steps=row.steps + 1)
        reached = come_to(talk, transcript)
    except Refused as refusal:
        return _refuse(work, row, actor, refusal)
    step = row.steps + 1
    if isinstance(reached, Finished):
        answer = _finish(work, row, actor, (talk, reached.result))
        if isinstance(answer, Refused):
            return _refuse(work, row, actor, answer)
        return Outcome(turn=CardTurn(talk.errand, step, answer=answer))
    return Outcome(turn=CardTurn(talk.errand, step, with_holes(talk.errand, reached.command)))


def _finish(work: UnitOfWork, row: Any, actor: Actor, ended: tuple[Talk, Any]) -> Mapping[str, Any] | Refused:
    """Write what the conversation came to; the answer is kept sealed until the browser has it."""
    end = conclude_of_staff if ended[0].errand in OF_STAFF else conclude
    conclusion = end(work, row, actor, ended)
    if conclusion.refusal is not None:
        return conclusion.refusal
    answer = json.dumps(conclusion.answer).encode()
    sealed = work.office.sealer.seal(answer, row.token_sha256)
    _update(
        work,
        row,
        state=str(CardTalk.DONE),
        answer_sealed=sealed,
        secret_sealed=None,
        csn=conclusion.csn,
        case_id=conclusion.case_id,
        expires_at=work.now + conclusion.holds if conclusion.holds else row.expires_at,
    )
    work.audit("card_session_done", actor, {"errand": row.errand, "csn": conclusion.csn})
    return conclusion.answer


def _refuse(work: UnitOfWork, row: Any, actor: Actor, refusal: Refused) -> Outcome:
    """End a conversation that the card refused to go on with; the commit keeps the trace."""
    facts = {name: _storable(fact) for name, fact in refusal.facts.items()}
    said = json.dumps({"code": refusal.code, "facts": facts}, ensure_ascii=False)
    _update(work, row, state=str(CardTalk.REFUSED), secret_sealed=None, refusal=said)
    work.audit(
        "card_session_refused", actor, {"errand": row.errand, "csn": row.csn or "", "code": refusal.code}
    )
    return Outcome(refusal=refusal)


def _storable(fact: object) -> object:
    return {"zh": fact.zh, "en": fact.en} if isinstance(fact, Words) else fact


def _again(work: UnitOfWork, row: Any, command: AdvanceCardSession) -> Outcome:
    """Answer the last step as before: the browser did not hear the answer. Another response is no repetition."""
    last = json.loads(row.transcript)[-1][1] if row.transcript else ""
    if not hmac.compare_digest(last, command.response.hex()):
        raise Refused("card.session_step")
    if row.state == str(CardTalk.REFUSED):
        kept = json.loads(row.refusal)
        assert kept["code"] in SENTENCES  # noqa: S101 - only `_refuse` writes here.
        facts = {
            name: Words(**fact) if isinstance(fact, dict) else fact for name, fact in kept["facts"].items()
        }
        return Outcome(refusal=Refused(kept["code"], **facts))
    return Outcome(turn=_turn(work, row))


def _end(work: UnitOfWork, command: EndCardSession, actor: Actor, _prepared: None) -> Outcome:
    row = _row(work, command)
    _update(work, row, state=str(CardTalk.ENDED), **_SPENT)
    if row.state == str(CardTalk.OPEN):
        work.audit("card_session_broken_off", actor, {"errand": row.errand, "csn": row.csn or ""})
    if (row.errand, row.state) == (str(CardErrand.PROVE), str(CardTalk.DONE)):
        work.audit("holder_logged_out", actor, {"csn": row.csn or ""})
    return Outcome()


def _row(work: UnitOfWork, command: WithCardSession) -> Any:
    """Lock the browser's own conversation; one that ended, expired or is another's is over for it."""
    query = sa.select(t.card_session).where(S.token_sha256 == digest(command.token)).with_for_update()
    row = work.connection.execute(query).first()
    if (
        row is None
        or not hmac.compare_digest(row.owner_sha256, digest(command.owner))
        or row.state == str(CardTalk.ENDED)
        or row.expires_at <= work.now
    ):
        raise Refused("card.session_over")
    return row


def first_turn(work: UnitOfWork, command: WithCardSession) -> CardTurn:
    """Return the first command of a conversation that was just opened."""
    return _turn(work, _row(work, command))


def _update(work: UnitOfWork, row: Any, **values: Any) -> None:
    work.connection.execute(sa.update(t.card_session).where(S.id == row.id).values(**values))


def _turn(work: UnitOfWork, row: Any) -> CardTurn:
    errand = CardErrand(row.errand)
    if row.state == str(CardTalk.DONE):
        answer = json.loads(work.office.sealer.open(row.answer_sealed, row.token_sha256))
        return CardTurn(errand, row.steps, answer=answer)
    talk = _talk(work, row)
    command = _pending(talk, talk.transcript(row.transcript))
    return CardTurn(errand, row.steps, with_holes(errand, command))


def _pending(talk: Talk, transcript: Transcript) -> bytes:
    """Return the command that waits for the card's answer."""
    reached = come_to(talk, transcript)
    if isinstance(reached, Finished):
        raise Refused("card.session_step")
    return reached.command


def _talk(work: UnitOfWork, row: Any) -> Talk:
    errand = CardErrand(row.errand)
    secret = work.office.sealer.open(row.secret_sealed, row.token_sha256)
    keys = _keys(work, row.csn) if errand in NEED_KEYS else None
    statement = json.loads(row.subject)["statement"].encode() if row.subject else b""
    return Talk(errand, row.csn or "", secret, keys, statement)


def _keys(work: UnitOfWork, csn: str) -> CardKeys:
    """Return what opens the card that a conversation was begun with."""
    card: Any = work.connection.execute(sa.select(t.card).where(K.csn == csn)).one()
    keys = keys_while_changing(work.office, card)
    if keys is None:
        # Another conversation has used the PUK meanwhile, or the card was retired.
        raise Refused("card.session_over")
    return keys


ACTS = (
    Act(OpenCardSession, _open, PUBLIC, _prepare),
    Act(AdvanceCardSession, _advance, PUBLIC),
    Act(EndCardSession, _end, PUBLIC),
    Act(ForgetCardSessions, _forget, frozenset({Role.SYSTEM})),
)

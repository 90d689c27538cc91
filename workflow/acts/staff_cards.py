"""The staff's cards in the registry's books: ordered by an administrator, made, and ended with their certificates."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.acts.accounts import count_wrong_try
from workflow.acts.act import Act
from workflow.card_keys import FORGOTTEN, begin_puk_change, is_changing, with_next_puk
from workflow.commands_of_staff_cards import (
    BeginStaffUnblock,
    EndStaffCard,
    OrderStaffCard,
    RecordStaffCardMade,
    RecordStaffKey,
    RecordStaffUnblocked,
)
from workflow.errors import NotAllowed, NotFound, Refused
from workflow.outcome import Outcome
from workflow.stock_words import EntryKind, PlaceKind
from workflow.store import schema as t
from workflow.store.crl_entries import follow_up
from workflow.store.outbox import crl_row
from workflow.store.stock_books import Step, carry
from workflow.vocabulary import CardState, CertificateStatus, RevocationReason, Role, StaffCardState

if TYPE_CHECKING:
    from workflow.errors import RegistryError
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

SYSTEM = frozenset({Role.SYSTEM})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
A, C, S, K, P = t.account.c, t.certificate.c, t.staff_card.c, t.card.c, t.stock_place.c
MAKING, ACTIVE, ENDED = (str(state) for state in StaffCardState)


@dataclass(frozen=True)
class _Holder:
    account_id: int
    right: bool


def _try_password(office: Office, command: OrderStaffCard | BeginStaffUnblock, _actor: Actor) -> _Holder:
    with office.reading() as connection:
        query = sa.select(A.id, A.password_hash).where(A.login == command.login, A.active.is_(True))
        row = connection.execute(query).first()
    if row is None:
        raise NotFound("staff_card.no_account", login=command.login)
    return _Holder(row.id, office.hasher.verify(row.password_hash, command.password))


def _order(work: UnitOfWork, command: OrderStaffCard, actor: Actor, holder: _Holder) -> Outcome:
    """Bind card and account: two people are there, whose passwords were both right (ROL-03)."""
    account, refusal = _present(work, actor, holder)
    if refusal is not None:
        return Outcome(refusal=refusal)
    if not _takes_up(work, command, account.id):
        _bind(work, command, (account.id, int(actor.account_id or 0)), actor)
    work.audit("staff_card_ordered", actor, {"login": account.login, "csn": command.csn})
    return Outcome()


def _present(work: UnitOfWork, actor: Actor, holder: _Holder) -> tuple[Any, RegistryError | None]:
    """Lock the holder's account; refuse a holder who is the administrator, or whose password was wrong."""
    account: Any = work.connection.execute(
        sa.select(t.account).where(A.id == holder.account_id).with_for_update()
    ).one()
    if account.person_id == actor.person_id:
        raise Refused("staff_card.own")
    return account, count_wrong_try(work, account, actor, right=holder.right)


def _begin_unblock(work: UnitOfWork, command: BeginStaffUnblock, actor: Actor, holder: _Holder) -> Outcome:
    """Admit two people to a card in use, and note its next PUK before the card is told of it (PIN-05)."""
    account, refusal = _present(work, actor, holder)
    if refusal is not None:
        return Outcome(refusal=refusal)
    card_of_account(work.connection, account.id, command.csn)
    row = work.connection.execute(sa.select(t.staff_card).where(S.csn == command.csn).with_for_update()).one()
    begin_puk_change(work, t.staff_card, row, secrets.randbelow)
    work.audit("staff_card_unblock_begun", actor, {"login": account.login, "csn": command.csn})
    return Outcome()


def _unblocked(work: UnitOfWork, command: RecordStaffUnblocked, actor: Actor, _prepared: None) -> Outcome:
    changed = work.connection.execute(
        sa.update(t.staff_card)
        .where(S.csn == command.csn, S.state == ACTIVE, is_changing(t.staff_card))
        .values(**with_next_puk(t.staff_card))
    )
    if changed.rowcount != 1:
        raise Refused("card.session_over")
    work.audit("staff_card_unblocked", actor, {"csn": command.csn})
    return Outcome()


def _takes_up(work: UnitOfWork, command: OrderStaffCard, account_id: int) -> bool:
    """Tell whether this very card was begun for this very account; refuse any other that is in the way."""
    rows = work.connection.execute(
        sa.select(S.account_id, S.csn, S.state).where(
            (S.csn == command.csn) | ((S.account_id == account_id) & (S.state != ENDED))
        )
    ).all()
    if [(row.account_id, row.csn, row.state) for row in rows] == [(account_id, command.csn, MAKING)]:
        return True
    holders = work.connection.execute(sa.select(K.id).where(K.csn == command.csn, K.case_id.is_not(None)))
    if any(row.csn == command.csn for row in rows) or holders.first() is not None:
        raise Refused("staff_card.taken", csn=command.csn)
    if rows:
        raise Refused("staff_card.has_one", login=command.login)
    _require_usable(work, command.csn)
    return False


def _require_usable(work: UnitOfWork, csn: str) -> None:
    """Refuse a card of the stock that is spoiled or missing, or that nobody has counted in or received yet (CRD-02)."""
    known = (
        sa.select(K.state, P.name, P.kind).outerjoin(t.stock_place, P.id == K.place_id).where(K.csn == csn)
    )
    card = work.connection.execute(known.with_for_update(of=t.card)).first()
    if card is None:
        return
    on_its_way = card.kind in {str(PlaceKind.ARRIVAL), str(PlaceKind.TRANSIT)}
    if card.state != str(CardState.BLANK) or on_its_way:
        raise Refused("staff_card.not_usable", csn=csn, place=card.name or "—")


def _bind(work: UnitOfWork, command: OrderStaffCard, who: tuple[int, int], actor: Actor) -> None:
    seal = work.office.sealer.seal
    # A blank of the card centre's stock leaves it, so that it is never made anybody else's.
    blank = sa.and_(K.csn == command.csn, K.case_id.is_(None))
    carry(work, blank, Step(EntryKind.STAFF, None, actor))
    work.connection.execute(sa.delete(t.card).where(blank))
    work.insert(
        t.staff_card,
        account_id=who[0],
        csn=command.csn,
        number=f"ST{secrets.randbelow(10**14):014d}",
        state=MAKING,
        pin_sealed=seal(command.pin.encode(), command.csn),
        master_key=command.master_key,
        made_by=who[1],
        ordered_at=work.now,
        reason="",
    )


def _record_key(work: UnitOfWork, command: RecordStaffKey, actor: Actor, _prepared: None) -> Outcome:
    digest = sha256(command.spki).hexdigest()
    changed = work.connection.execute(
        sa.update(t.staff_card)
        .where(S.csn == command.csn, S.state == MAKING, S.spki.is_(None))
        .values(spki=command.spki, spki_sha256=digest)
    )
    if changed.rowcount != 1:
        raise Refused("staff_card.taken", csn=command.csn)
    work.audit("staff_key_generated", actor, {"csn": command.csn, "key": digest})
    return Outcome()


def _made(work: UnitOfWork, command: RecordStaffCardMade, actor: Actor, _prepared: None) -> Outcome:
    """Let the card be used, and forget the PIN that its holder has replaced."""
    changed = work.connection.execute(
        sa.update(t.staff_card)
        .where(S.csn == command.csn, S.state == MAKING)
        .values(state=ACTIVE, made_at=work.now, pin_sealed=None)
    )
    if changed.rowcount != 1:
        raise Refused("staff_card.taken", csn=command.csn)
    work.audit("staff_card_made", actor, {"csn": command.csn})
    return Outcome()


def _end(work: UnitOfWork, command: EndStaffCard, actor: Actor, _prepared: None) -> Outcome:
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    csn = end_card(work, command.login, command.reason, compromised=command.compromised)
    if csn is None:
        raise NotFound("staff_card.none", login=command.login)
    said = {"login": command.login, "csn": csn, "reason": command.reason}
    work.audit("staff_card_ended", actor, said)
    return Outcome()


def end_card(work: UnitOfWork, login: str, reason: str, *, compromised: bool) -> str | None:
    """End an account's card and revoke its certificate; returns the chip's number, None without a card."""
    row = work.connection.execute(
        sa.select(S.id, S.csn, S.spki_sha256)
        .join(t.account, A.id == S.account_id)
        .where(A.login == login, S.state != ENDED)
        .with_for_update(of=t.staff_card)
    ).first()
    if row is None:
        return None
    work.connection.execute(
        sa.update(t.staff_card)
        .where(S.id == row.id)
        .values(
            state=ENDED,
            ended_at=work.now,
            reason=reason,
            **FORGOTTEN,
        )
    )
    _revoke(work, row.spki_sha256, compromised=compromised)
    return str(row.csn)


def _revoke(work: UnitOfWork, spki_sha256: str | None, *, compromised: bool) -> None:
    reason = RevocationReason.KEY_COMPROMISE if compromised else RevocationReason.CESSATION_OF_OPERATION
    rows = work.connection.execute(
        sa.update(t.certificate)
        .where(C.spki_sha256 == spki_sha256, C.status != str(CertificateStatus.REVOKED))
        .values(
            status=str(CertificateStatus.REVOKED),
            status_version=C.status_version + 1,
            status_at=work.now,
            reason=str(reason),
        )
        .returning(C.id, C.authority)
    ).all()
    follow_up(work.connection, [row.id for row in rows], work.now)
    work.ask([crl_row(row.authority, work.now, work.office.wall.now()) for row in rows])


def card_of_account(connection: sa.Connection, account_id: int, csn: str) -> Any:
    """Return the staff card that an account may use; NotAllowed for a card that is not its own, or is ended."""
    row = connection.execute(
        sa.select(S.id, S.csn, S.spki).where(S.account_id == account_id, S.csn == csn, S.state == ACTIVE)
    ).first()
    if row is None:
        raise NotAllowed("staff_card.not_yours")
    return row


ACTS = (
    Act(OrderStaffCard, _order, ADMINISTRATOR, _try_password),
    Act(RecordStaffKey, _record_key, SYSTEM),
    Act(RecordStaffCardMade, _made, SYSTEM),
    Act(BeginStaffUnblock, _begin_unblock, ADMINISTRATOR, _try_password),
    Act(RecordStaffUnblocked, _unblocked, SYSTEM),
    Act(EndStaffCard, _end, ADMINISTRATOR),
)

"""Loading facts: the case's row under its lock, and its surroundings as far as the guards ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.days import taipei_day
from workflow.facts import CaseFacts, DecisionFact, Surroundings
from workflow.store import schema as t
from workflow.vocabulary import (
    Ca,
    CardState,
    CaseKind,
    CertificateStatus,
    ItemState,
    Rank,
    Stage,
    SubscriberKind,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# A case in one of these states neither holds nor asks for a card any more.
GONE = ("withdrawn", "refused", "lapsed", "revoked_unactivated")

LIVE = (CertificateStatus.ISSUED, CertificateStatus.VALID, CertificateStatus.SUSPENDED)

_CASE = sa.select(t.case).where(t.case.c.id.in_(sa.bindparam("ids", expanding=True))).order_by(t.case.c.id)
_CASE_LOCKED = _CASE.with_for_update()
_CASE_HELD = _CASE.with_for_update(read=True)
_ONE = sa.select(t.case).where(t.case.c.id == sa.bindparam("b_id"))
_ONE_LOCKED = _ONE.with_for_update()
_ONE_HELD = _ONE.with_for_update(read=True)


def case_facts(row: Any) -> CaseFacts:
    """Turn a row of the case table into facts."""
    return CaseFacts(
        id=row.id,
        number=row.number,
        ca=Ca(row.ca),
        kind=CaseKind(row.kind),
        state=row.state,
        version=row.version,
        policy_version=row.policy_version,
        organisation_id=row.organisation_id,
        window_id=row.window_id,
        subject_name=row.subject_name,
        subscriber_kind=SubscriberKind(row.subscriber_kind) if row.subscriber_kind else None,
        rank=Rank(row.rank) if row.rank else None,
        parent_id=row.parent_id,
        revision=row.revision,
        snapshot_sha256=row.snapshot_sha256,
        entered_by=row.entered_by,
        card_number=row.card_number,
        user_code_tries=row.user_code_tries,
        data=row.data,
    )


def load_cases(connection: sa.Connection, ids: Sequence[int], *, lock: bool = True) -> dict[int, CaseFacts]:
    """Load cases, locked in the order of their ids so that two transactions never wait for each other."""
    if len(ids) == 1:
        # Nearly every command is about one case, and this statement is compiled once.
        one = _ONE_LOCKED if lock else _ONE
        return {row.id: case_facts(row) for row in connection.execute(one, {"b_id": ids[0]})}
    statement = _CASE_LOCKED if lock else _CASE
    return {row.id: case_facts(row) for row in connection.execute(statement, {"ids": list(ids)})}


def hold_cases(connection: sa.Connection, ids: Sequence[int]) -> dict[int, CaseFacts]:
    """Load cases and keep them as they are until the commit: others may hold them too, and nobody changes them."""
    if len(ids) == 1:
        return {row.id: case_facts(row) for row in connection.execute(_ONE_HELD, {"b_id": ids[0]})}
    return {row.id: case_facts(row) for row in connection.execute(_CASE_HELD, {"ids": list(ids)})}


def surroundings(connection: sa.Connection, case: CaseFacts, reads: frozenset[str]) -> Surroundings:
    """Load what the guards of a row ask for."""
    found: dict[str, Any] = {}
    for name in sorted(reads):
        found |= _READERS[name](connection, case)
    return Surroundings(**found)


def _decisions(connection: sa.Connection, case: CaseFacts) -> dict[str, Any]:
    d = t.review_decision.c
    rows = connection.execute(
        sa.select(d.stage, d.verdict, d.person_id, d.snapshot_sha256).where(
            d.case_id == case.id, d.voided_at.is_(None)
        )
    )
    made = (DecisionFact(Stage(r.stage), Verdict(r.verdict), r.person_id, r.snapshot_sha256) for r in rows)
    return {"decisions": tuple(made)}


def _letters(connection: sa.Connection, case: CaseFacts) -> dict[str, Any]:
    rows = connection.execute(
        sa.select(t.letter_case.c.tied_by, t.letter.c.logged_by)
        .join(t.letter, t.letter.c.id == t.letter_case.c.letter_id)
        .where(t.letter_case.c.case_id == case.id, t.letter.c.direction == "incoming")
    ).all()
    clerks = {person for row in rows for person in row if person is not None}
    return {"letters": len(rows), "clerks": frozenset(clerks)}


def _organisation(connection: sa.Connection, case: CaseFacts) -> dict[str, Any]:
    o = t.organisation.c
    row = connection.execute(sa.select(o.not_eligible, o.oid).where(o.id == case.organisation_id)).first()
    return {"not_eligible": row.not_eligible if row else None, "has_oid": bool(row and row.oid)}


def _ban(connection: sa.Connection, case: CaseFacts) -> dict[str, Any]:
    b = t.ban.c
    query = sa.select(sa.func.max(b.until)).where(
        b.ca == str(case.ca), b.organisation_id == case.organisation_id
    )
    return {"banned_until": connection.execute(query).scalar()}


def _primary(connection: sa.Connection, case: CaseFacts) -> dict[str, Any]:
    """Find another case that holds or asks for the organisation's primary card; the organisation stays locked.

    The lock keeps two applications sent at the same moment from both finding none.
    """
    o, k, c = t.organisation.c, t.case.c, t.certificate.c
    connection.execute(sa.select(o.id).where(o.id == case.organisation_id).with_for_update())
    expiry = (
        sa.select(sa.func.min(c.not_after)).where(c.case_id == k.id, c.status.in_(LIVE)).scalar_subquery()
    )
    all_revoked = sa.exists().where(c.case_id == k.id) & ~sa.exists().where(
        c.case_id == k.id, c.status != CertificateStatus.REVOKED
    )
    row = connection.execute(
        sa.select(k.number, expiry.label("expires"))
        .where(
            k.organisation_id == case.organisation_id,
            k.ca == str(case.ca),
            k.kind == str(CaseKind.CARD_APPLICATION),
            k.rank == str(Rank.PRIMARY),
            k.id != case.id,
            k.state.not_in(GONE),
            ~((k.state == "activated") & all_revoked),
        )
        .order_by(k.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return {"primary_case": None}
    return {"primary_case": row.number, "primary_expires": taipei_day(row.expires) if row.expires else None}


def _certificates(connection: sa.Connection, case: CaseFacts) -> dict[str, Any]:
    c = t.certificate.c
    owner = case.parent_id or case.id
    statuses = set(
        connection.execute(
            sa.select(c.status)
            .join(t.card, t.card.c.csn == c.csn)
            .where(c.case_id == owner, t.card.c.state.not_in([CardState.QUARANTINED, CardState.SPOILED]))
        ).scalars()
    )
    dead = {str(CertificateStatus.SUSPENDED), str(CertificateStatus.REVOKED), str(CertificateStatus.INTENDED)}
    return {
        "certificates_alive": bool(statuses) and not statuses & dead,
        "certificates_suspended": statuses == {str(CertificateStatus.SUSPENDED)},
    }


# States in which a case keeps the certificates of its card suspended.
_HOLDING = ("suspended_unactivated", "late_allowed", "paper_overdue_suspended", "late_paper", "declined")


def held_elsewhere(connection: sa.Connection, case: CaseFacts) -> bool:
    """Tell whether the holder or another case of the same card keeps its certificates suspended.

    Whatever becomes of this case, the certificates stay suspended then.
    """
    if held_by_holder(connection, case.parent_id or case.id):
        return True
    k = t.case.c
    owner = case.parent_id or case.id
    others = sa.select(k.id).where(
        (k.id == owner) | (k.parent_id == owner), k.id != case.id, k.state.in_(_HOLDING)
    )
    return connection.execute(others.limit(1)).first() is not None


def held_by_holder(connection: sa.Connection, owner: int) -> bool:
    """Tell whether the holder suspended the certificates of a card's own case and has not resumed them (SUS-01)."""
    h = t.holder_suspension.c
    query = sa.select(h.id).where(h.case_id == owner, h.lifted_at.is_(None))
    return connection.execute(query.limit(1)).first() is not None


def held_by_authority(connection: sa.Connection, owner: int) -> bool:
    """Tell whether a case keeps a card's certificates suspended: the card's own, or one about it (SUS-07)."""
    k = t.case.c
    holding = sa.select(k.id).where((k.id == owner) | (k.parent_id == owner), k.state.in_(_HOLDING))
    return connection.execute(holding.limit(1)).first() is not None


def _holds(connection: sa.Connection, case: CaseFacts) -> dict[str, Any]:
    return {"held_elsewhere": held_elsewhere(connection, case)}


# States of a reset whose sealed copy the help desk has seen, and whose paper is not back yet.
_UNDER_WAY = ("copy_received", "awaiting_paper")


def reset_under_way(connection: sa.Connection, card_case: int, but: int | None = None) -> str | None:
    """Return the number of a card's reset whose sealed copy has come, other than the one named (UCR-02, UCR-03).

    A form that was only filled does not count: anybody who has read a card can fill one.
    """
    k = t.case.c
    query = sa.select(k.number).where(
        k.parent_id == card_case, k.kind == str(CaseKind.USERCODE_RESET), k.state.in_(_UNDER_WAY)
    )
    if but is not None:
        query = query.where(k.id != but)
    number: str | None = connection.execute(query.order_by(k.id).limit(1)).scalar()
    return number


def _resets(connection: sa.Connection, case: CaseFacts) -> dict[str, Any]:
    assert case.parent_id is not None  # noqa: S101 - a reset is always about a card's case.
    return {"other_reset": reset_under_way(connection, case.parent_id, but=case.id)}


def _items(connection: sa.Connection, case: CaseFacts) -> dict[str, Any]:
    i = t.request_item.c
    mine = (i.case_id == case.id) & (i.revision == case.revision)
    # The dry run leaves what it found sound waiting, and refuses the rest.
    counts = {
        row.state: row.number
        for row in connection.execute(
            sa.select(i.state, sa.func.count().label("number")).where(mine).group_by(i.state)
        )
    }
    c = t.certificate.c
    alive = sa.select(sa.func.count()).where(
        c.case_id == case.id, c.item_id.is_not(None), c.status == str(CertificateStatus.ISSUED)
    )
    unseen = connection.execute(sa.select(i.id).where(mine, i.examined_at.is_(None)).limit(1)).first()
    return {
        "items_examined": unseen is None,
        "items_waiting": counts.get(ItemState.WAITING, 0),
        "items_issued": counts.get(ItemState.ISSUED, 0),
        "items_refused": counts.get(ItemState.REFUSED, 0),
        "items_alive": connection.execute(alive).scalar_one(),
    }


_READERS = {
    "items": _items,
    "holds": _holds,
    "resets": _resets,
    "decisions": _decisions,
    "letters": _letters,
    "organisation": _organisation,
    "ban": _ban,
    "primary": _primary,
    "certificates": _certificates,
}

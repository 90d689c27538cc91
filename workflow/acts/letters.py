"""The letter clerk's desk: logging letters, tying them to cases, and the window's own letter (LTR-01…03)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from forms.canonical import sha256_hex
from workflow.acts.act import Act
from workflow.acts.forwarding import forwarding_documents
from workflow.commands import ForwardCases, LogLetter, TieLetter
from workflow.days import taipei_day
from workflow.deeds import deed
from workflow.errors import BadInput, FieldProblem, NotAllowed, NotFound, Refused, Words
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t
from workflow.store.numbers import take
from workflow.store.snapshot import filed_snapshot_sha256
from workflow.store.unit_of_work import Extra, UnitOfWork
from workflow.vocabulary import LetterDirection, Rank, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workflow.facts import Actor, CaseFacts

L = t.letter.c


def our_number(work: UnitOfWork, prefix: str) -> str:
    """Return the next number of our own, counted by ROC year."""
    year = taipei_day(work.now).year - 1911
    return f"{prefix}{year}{take(work.connection, f'{prefix}:{year}'):07d}"


def _log(work: UnitOfWork, command: LogLetter, actor: Actor, _prepared: None) -> Outcome:
    command = _tidied(command)
    _refuse_twin(work, command)
    number = our_number(work, "收")
    letter_id = work.insert(
        t.letter,
        direction=str(LetterDirection.INCOMING),
        our_number=number,
        sender_name=command.sender_name,
        sender_code=command.sender_code,
        number=command.number,
        dated=command.dated,
        subject=command.subject,
        explanation=command.explanation,
        said_primary=command.said_primary,
        said_secondary=command.said_secondary,
        difference_reason="",
        proposed=list(command.proposed),
        logged_by=actor.person_id,
        window_id=actor.window_id,
        at=work.now,
    )
    for name, media_type, content in command.files:
        work.add(
            "document",
            letter_id=letter_id,
            kind="incoming_letter",
            name=name,
            media_type=media_type,
            sha256=sha256_hex(content),
            content=content,
            at=work.now,
        )
    work.audit(
        "letter_logged", actor, {"letter": number, "sender": command.sender_name, "number": command.number}
    )
    return Outcome(created_id=letter_id, number=number)


def _tidied(command: LogLetter) -> LogLetter:
    """Return the letter without stray blanks in sender and number: they would make one letter look like two."""
    sender, number = " ".join(command.sender_name.split()), "".join(command.number.split())
    missing = [
        FieldProblem(field, "missing", f"請填寫{zh}。", f"Give the {en}.")
        for field, value, zh, en in (
            ("sender_name", sender, "發文機關", "sender"),
            ("number", number, "發文字號", "letter's number"),
        )
        if not value
    ]
    if missing:
        raise BadInput(*missing)
    return replace(command, sender_name=sender, number=number)


def _refuse_twin(work: UnitOfWork, command: LogLetter) -> None:
    twin = work.connection.execute(
        sa.select(L.our_number).where(
            L.direction == str(LetterDirection.INCOMING),
            L.sender_name == command.sender_name,
            L.number == command.number,
        )
    ).scalar()
    if twin is not None:
        raise Refused("letter.duplicate", sender=command.sender_name, number=command.number, ours=twin)


def _tie(work: UnitOfWork, command: TieLetter, actor: Actor, _prepared: None) -> Outcome:
    letter = work.connection.execute(
        sa.select(t.letter).where(L.id == command.letter_id).with_for_update()
    ).first()
    if letter is None or letter.direction != str(LetterDirection.INCOMING):
        raise NotFound("letter.not_found")
    if not command.case_ids:
        raise Refused("letter.no_cases")
    cases = work.lock(sorted(set(command.case_ids)))
    if len(cases) != len(set(command.case_ids)):
        raise NotFound("case.not_found")
    if actor.window_id is not None and any(case.window_id != actor.window_id for case in cases.values()):
        raise NotAllowed("access.not_your_organisation")
    _reconcile(work, letter, list(cases.values()), command)
    after = [_tie_one(work, command, case, actor) for case in cases.values()]
    work.connection.execute(
        sa.update(t.letter)
        .where(L.id == command.letter_id)
        .values(tied_at=work.now, difference_reason=command.difference_reason)
    )
    return Outcome(created_id=command.letter_id, cases=tuple(of_case(case) for case in after))


def _tie_one(work: UnitOfWork, command: TieLetter, case: CaseFacts, actor: Actor) -> CaseFacts:
    tied = sa.select(t.letter_case.c.case_id).where(
        t.letter_case.c.letter_id == command.letter_id, t.letter_case.c.case_id == case.id
    )
    if work.connection.execute(tied).first() is not None:
        raise Refused("case.not_now", state=Words("已收文", "letter received"), action=deed("receive_letter"))
    work.connection.execute(
        sa.insert(t.letter_case).values(
            letter_id=command.letter_id, case_id=case.id, tied_by=actor.person_id, at=work.now
        )
    )
    # The letter's attachments belong to what the reviewers see, so the snapshot is made anew.
    snapshot = filed_snapshot_sha256(work.connection, case)
    extra = Extra(columns={"snapshot_sha256": snapshot, "queued_at": work.now})
    return work.fire(case, "receive_letter", command, actor, extra)


def _reconcile(
    work: UnitOfWork, letter: sa.Row[tuple[object, ...]], cases: Sequence[CaseFacts], command: TieLetter
) -> None:
    """Compare what the letter says with the cases tied to it, by kind of card (APP-03, APP-04, RV2-01)."""
    k, link = t.case.c, t.letter_case.c
    before = work.connection.execute(
        sa.select(k.rank).join(t.letter_case, link.case_id == k.id).where(link.letter_id == command.letter_id)
    ).scalars()
    count = Counter([*before, *(str(case.rank) for case in cases)])
    primary, secondary = count[str(Rank.PRIMARY)], count[str(Rank.SECONDARY)]
    said_primary, said_secondary = letter.said_primary, letter.said_secondary
    if said_primary is None and said_secondary is None:
        return
    same = (said_primary or 0, said_secondary or 0) == (primary, secondary)
    if not same and not command.difference_reason.strip():
        raise Refused(
            "letter.counts_differ",
            said_primary=said_primary or 0,
            said_secondary=said_secondary or 0,
            primary=primary,
            secondary=secondary,
        )


def _forward(work: UnitOfWork, command: ForwardCases, actor: Actor, _prepared: None) -> Outcome:
    """Send the approved cases on with the window's own letter, made as DI and as PDF (LTR-02, RV1-03)."""
    if not command.case_ids:
        raise Refused("letter.no_cases")
    cases = work.lock(sorted(set(command.case_ids)))
    if len(cases) != len(set(command.case_ids)):
        raise NotFound("case.not_found")
    if len({case.ca for case in cases.values()}) > 1:
        raise NotAllowed("access.denied", role="—", action=deed("forward"))
    after = [work.fire(case, "forward", command, actor) for case in cases.values()]
    number = our_number(work, "發")
    papers = forwarding_documents(work, tuple(after), actor)
    letter_id = work.insert(
        t.letter,
        direction=str(LetterDirection.OUTGOING),
        our_number=number,
        sender_name=papers.sender_name,
        sender_code=papers.sender_code,
        number=papers.number,
        dated=taipei_day(work.now),
        subject=papers.subject,
        explanation=papers.explanation,
        difference_reason="",
        proposed=[case.number for case in after],
        logged_by=actor.person_id,
        window_id=actor.window_id,
        at=work.now,
        tied_at=work.now,
    )
    for case in after:
        work.add("letter_case", letter_id=letter_id, case_id=case.id, tied_by=actor.person_id, at=work.now)
    for name, media_type, content in papers.files:
        work.add(
            "document",
            letter_id=letter_id,
            kind="forwarding_letter",
            name=name,
            media_type=media_type,
            sha256=sha256_hex(content),
            content=content,
            at=work.now,
        )
    work.audit("letter_sent", actor, {"letter": number, "cases": [case.number for case in after]})
    return Outcome(created_id=letter_id, number=papers.number, cases=tuple(of_case(case) for case in after))


ACTS = (
    Act(LogLetter, _log, frozenset({Role.LETTER_CLERK})),
    Act(TieLetter, _tie, frozenset({Role.LETTER_CLERK})),
    Act(ForwardCases, _forward, frozenset({Role.FIRST_REVIEWER})),
)

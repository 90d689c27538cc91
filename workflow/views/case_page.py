"""All there is to see of one case, for the people at the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow import policies
from workflow.effects import Effect
from workflow.errors import NotFound
from workflow.machine import TABLES, offers
from workflow.store import schema as s
from workflow.views.case_parts import (
    CardPart,
    CasePage,
    CertificatePart,
    DecisionPart,
    DocumentLine,
    FormPart,
    Head,
    HistoryPart,
    LetterPart,
    MailPart,
    RelatedPart,
    WorkPart,
)
from workflow.views.scope import visible
from workflow.vocabulary import (
    Ca,
    CardState,
    CaseKind,
    CertificateStatus,
    Lane,
    LetterDirection,
    MailState,
    OutboxState,
    Rank,
    Stage,
    SubscriberKind,
    Verdict,
)

if TYPE_CHECKING:
    from workflow.facts import Actor


def case_page(connection: sa.Connection, actor: Actor, case_id: int) -> CasePage:
    """Return all of a case that the actor may see; NotFound, which tells nothing, when there is no such case for them."""
    head = case_head(connection, actor, case_id)
    documents = _documents(connection, case_id)
    return CasePage(
        head=head,
        form=_form(connection, case_id),
        letters=_letters(connection, case_id, documents),
        decisions=_decisions(connection, case_id),
        cards=_cards(connection, case_id),
        certificates=_certificates(connection, case_id),
        mail=_mail(connection, case_id),
        history=_history(connection, head),
        documents=tuple(document for document in documents if document.letter_id is None),
        work=_work(connection, case_id),
        related=_related(connection, actor, case_id),
        actions=actions(actor, head),
    )


def actions(actor: Actor, head: Head) -> tuple[str, ...]:
    """Return the triggers that the actor's roles may try on the case now, each once, in the table's order."""
    found = offers(head.kind, head.state, policies.by_version(head.policy_version), actor.roles)
    return tuple(dict.fromkeys(row.trigger for row in found))


def case_head(connection: sa.Connection, actor: Actor, case_id: int) -> Head:
    """Return the case's own facts; NotFound when the actor may not see it."""
    case, parent = s.case.c, s.case.alias("parent")
    query = (
        sa.select(
            s.case,
            s.organisation.c.oid,
            s.review_window.c.name.label("window_name"),
            parent.c.number.label("parent_number"),
        )
        .select_from(
            s.case.outerjoin(s.organisation, s.organisation.c.id == case.organisation_id)
            .outerjoin(s.review_window, s.review_window.c.id == case.window_id)
            .outerjoin(parent, parent.c.id == case.parent_id)
        )
        .where(case.id == case_id, visible(actor))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("case.not_found")
    return _head(row)


def find_case_id(connection: sa.Connection, actor: Actor, number: str) -> int:
    """Return the id of the visible case with this number; NotFound when there is none."""
    query = sa.select(s.case.c.id).where(s.case.c.number == number, visible(actor))
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound("case.not_found")
    return int(found)


def _head(row: sa.Row[Any]) -> Head:
    kind = CaseKind(row.kind)
    return Head(
        case_id=row.id,
        number=row.number,
        ca=Ca(row.ca),
        kind=kind,
        state=TABLES[kind].states(row.state),
        version=row.version,
        policy_version=row.policy_version,
        subject_name=row.subject_name,
        subscriber_kind=SubscriberKind(row.subscriber_kind) if row.subscriber_kind else None,
        rank=Rank(row.rank) if row.rank else None,
        organisation_id=row.organisation_id,
        oid=row.oid or "",
        window_name=row.window_name or "",
        contact_name=row.contact_name,
        contact_email=row.contact_email,
        card_number=row.card_number or "",
        code_tries=row.user_code_tries,
        revision=row.revision,
        snapshot_sha256=row.snapshot_sha256,
        opened_at=row.opened_at,
        queued_at=row.queued_at,
        state_since=row.state_since,
        parent_id=row.parent_id,
        parent_number=row.parent_number or "",
    )


def _form(connection: sa.Connection, case_id: int) -> FormPart | None:
    revision = s.form_revision.c
    query = (
        sa.select(s.form_revision)
        .where(revision.case_id == case_id)
        .order_by(revision.revision.desc())
        .limit(2)
    )
    rows = connection.execute(query).mappings().all()
    if not rows:
        return None
    newest = rows[0]
    before = dict(rows[1]["values"]) if len(rows) > 1 else None
    return FormPart(dict(newest["values"]), before, newest["revision"], newest["by_name"], newest["at"])


def _documents(connection: sa.Connection, case_id: int) -> tuple[DocumentLine, ...]:
    tied = sa.select(s.letter_case.c.letter_id).where(s.letter_case.c.case_id == case_id)
    return documents_where(
        connection, sa.or_(s.document.c.case_id == case_id, s.document.c.letter_id.in_(tied))
    )


def documents_where(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> tuple[DocumentLine, ...]:
    """Return documents without their contents, oldest first."""
    document = s.document.c
    query = (
        sa.select(
            document.id, document.kind, document.name, document.media_type,
            sa.func.length(document.content).label("size"), document.sha256, document.at, document.letter_id,
        )
        .where(condition)
        .order_by(document.id)
    )  # fmt: skip
    return tuple(DocumentLine(*row) for row in connection.execute(query))


def _letters(
    connection: sa.Connection, case_id: int, documents: tuple[DocumentLine, ...]
) -> tuple[LetterPart, ...]:
    letter = s.letter.c
    query = (
        sa.select(
            letter.id,
            letter.direction,
            letter.our_number,
            letter.sender_name,
            letter.number,
            letter.dated,
            letter.subject,
        )
        .join(s.letter_case, s.letter_case.c.letter_id == letter.id)
        .where(s.letter_case.c.case_id == case_id)
        .order_by(letter.at, letter.id)
    )
    return tuple(
        LetterPart(
            id=row.id,
            direction=LetterDirection(row.direction),
            our_number=row.our_number,
            sender_name=row.sender_name,
            number=row.number,
            dated=row.dated,
            subject=row.subject,
            documents=tuple(document for document in documents if document.letter_id == row.id),
        )
        for row in connection.execute(query)
    )


def _decisions(connection: sa.Connection, case_id: int) -> tuple[DecisionPart, ...]:
    decision = s.review_decision.c
    query = (
        sa.select(s.review_decision, s.person.c.name.label("person"))
        .join(s.person, s.person.c.id == decision.person_id)
        .where(decision.case_id == case_id)
        .order_by(decision.id)
    )
    return tuple(
        DecisionPart(
            id=row.id,
            stage=Stage(row.stage),
            verdict=Verdict(row.verdict),
            person=row.person,
            reason=row.reason,
            snapshot_sha256=row.snapshot_sha256,
            at=row.at,
            voided_at=row.voided_at,
            statement=row.statement,
            signature=bytes(row.signature),
            signing_spki=row.signing_spki,
        )
        for row in connection.execute(query)
    )


def _cards(connection: sa.Connection, case_id: int) -> tuple[CardPart, ...]:
    card = s.card.c
    query = sa.select(card.csn, card.number, card.state, card.reason, card.made_at).where(
        card.case_id == case_id
    )
    return tuple(
        CardPart(row.csn, row.number or "", CardState(row.state), row.reason, row.made_at)
        for row in connection.execute(query.order_by(card.id))
    )


def _certificates(connection: sa.Connection, case_id: int) -> tuple[CertificatePart, ...]:
    cert = s.certificate.c
    query = sa.select(
        cert.serial, cert.purpose, cert.status, cert.subject, cert.not_before, cert.not_after, cert.reason
    ).where(cert.case_id == case_id)
    return tuple(
        CertificatePart(
            row.serial, row.purpose, CertificateStatus(row.status), row.subject, row.not_before, row.not_after,
            row.reason or "",
        )
        for row in connection.execute(query.order_by(cert.id))
    )  # fmt: skip


def _mail(connection: sa.Connection, case_id: int) -> tuple[MailPart, ...]:
    item = s.mail_item.c
    query = sa.select(s.mail_item).where(item.case_id == case_id).order_by(item.attempt)
    return tuple(
        MailPart(
            attempt=row.attempt,
            mail_number=row.mail_number or "",
            state=MailState(row.state),
            list_id=row.list_id,
            packed_at=row.packed_at,
            posted_at=row.posted_at,
            returned_at=row.returned_at,
            return_reason=row.return_reason or "",
        )
        for row in connection.execute(query)
    )


def _history(connection: sa.Connection, head: Head) -> tuple[HistoryPart, ...]:
    step, states = s.history.c, {str(state): state for state in TABLES[head.kind].states}
    account, person = s.account, s.person
    query = (
        sa.select(s.history, person.c.name.label("person"))
        .outerjoin(account, account.c.login == step.actor)
        .outerjoin(person, person.c.id == account.c.person_id)
        .where(step.case_id == head.case_id)
        .order_by(step.version)
    )
    return tuple(
        HistoryPart(
            version=row.version,
            at=row.at,
            trigger=row.trigger,
            source=states.get(row.source),
            dest=states[row.dest],
            actor=row.actor,
            person=row.person or "",
            note=row.note,
        )
        for row in connection.execute(query)
    )


def _work(connection: sa.Connection, case_id: int) -> tuple[WorkPart, ...]:
    work = s.outbox.c
    query = (
        sa.select(s.outbox).where(work.case_id == case_id, work.state != OutboxState.DONE).order_by(work.id)
    )
    effects = {str(effect): effect for effect in Effect}
    return tuple(
        WorkPart(
            id=row.id,
            lane=Lane(row.lane),
            effect=effects.get(row.effect),
            template=row.template,
            state=OutboxState(row.state),
            attempts=row.attempts,
            due_at=row.due_at,
            last_error=row.last_error or "",
        )
        for row in connection.execute(query)
    )


def _related(connection: sa.Connection, actor: Actor, case_id: int) -> tuple[RelatedPart, ...]:
    case = s.case.c
    query = sa.select(case.id, case.number, case.kind, case.state).where(
        case.parent_id == case_id, visible(actor)
    )
    return tuple(
        RelatedPart(row.id, row.number, CaseKind(row.kind), TABLES[CaseKind(row.kind)].states(row.state))
        for row in connection.execute(query.order_by(case.id))
    )

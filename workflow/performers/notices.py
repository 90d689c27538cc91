"""Notices by e-mail: composed from what is on file now, sent at least once under a stable message id (NTC-01…04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.approvals import current_case
from workflow.commands_of_performers import FileDocument, RecordNotice
from workflow.facts import SYSTEM, CaseFacts
from workflow.handlers import handle
from workflow.paper import application_form
from workflow.performers.wording import Told, compose
from workflow.ports import Mail
from workflow.store import schema as t
from workflow.vocabulary import DeadlineState

if TYPE_CHECKING:
    from workflow.office import Office
    from workflow.store.outbox import Work


def message_id(work: Work, own: str = "") -> str:
    """Return the id of the mail of a piece of work: the same at each try, unless each try says something else."""
    return f"<outbox-{work.id}{own and '-'}{own}@guanfang>"


def contact_of(office: Office, case_id: int) -> tuple[str, str]:
    """Return e-mail and name of a case's contact; each card has its own (CTC-02)."""
    k = t.case.c
    with office.reading() as connection:
        row = connection.execute(sa.select(k.contact_email, k.contact_name).where(k.id == case_id)).one()
    return row.contact_email, row.contact_name


def send_notice(office: Office, work: Work) -> None:
    """Send the notice that a transition asked for."""
    assert work.case_id is not None  # noqa: S101 - notices are about cases.
    case = current_case(office, work.case_id)
    subject, text = compose(work.template, _told(office, work, case))
    _send(office, work, case, subject, text)


def mail_form(office: Office, work: Work) -> None:
    """Print the application form, keep it, and mail it to the contact (APP-20)."""
    assert work.case_id is not None  # noqa: S101 - a form always has its case.
    case = current_case(office, work.case_id)
    sheet = application_form(office, case.id)
    subject, text = compose("form", _told(office, work, case))
    _send(office, work, case, subject, text, (sheet.name, sheet.media_type, sheet.content))
    document = FileDocument(
        case_id=case.id,
        kind="application_form",
        name=f"application-{case.number}-r{case.revision}.pdf",
        media_type=sheet.media_type,
        sheet=sheet.content,
    )
    handle(office, document, SYSTEM)


def _send(
    office: Office,
    work: Work,
    case: CaseFacts,
    subject: str,
    text: str,
    *attachments: tuple[str, str, bytes],
) -> None:
    if _recorded(office, work):
        # It went out, and the process ended before it could say that the work was done.
        return
    # A change of contact is told to the one before too, whose address goes with the work.
    recipient = str(work.payload.get("to") or contact_of(office, case.id)[0])
    office.mailer.send(Mail(recipient, subject, text, attachments, message_id(work)))
    record = RecordNotice(
        outbox_id=work.id,
        case_id=case.id,
        template=work.template or str(work.effect),
        recipient=recipient,
        subject=subject,
    )
    handle(office, record, SYSTEM)


def _recorded(office: Office, work: Work) -> bool:
    with office.reading() as connection:
        sent = sa.select(t.sent_notice.c.id).where(t.sent_notice.c.outbox_id == work.id)
        return connection.execute(sent).first() is not None


def _told(office: Office, work: Work, case: CaseFacts) -> Told:
    """Gather what the notices speak of."""
    h, d, b = t.history.c, t.deadline.c, t.ban.c
    with office.reading() as connection:
        reason = connection.execute(
            sa.select(h.note).where(h.case_id == case.id, h.note != "").order_by(h.version.desc())
        ).scalar()
        due = connection.execute(
            sa.select(d.due_at).where(
                d.case_id == case.id,
                d.rung == 0,
                d.state.in_([str(DeadlineState.WAITING), str(DeadlineState.PAUSED)]),
            )
        ).scalar()
        until = connection.execute(sa.select(sa.func.max(b.until)).where(b.case_id == case.id)).scalar()
    _recipient, name = contact_of(office, case.id)
    return Told(
        case=case,
        contact=name,
        reason=str(work.payload.get("reason", "")) or reason or "",
        due_at=due,
        ban_until=until,
        mail_number=str(work.payload.get("mail_number", "")),
        serial=str(work.payload.get("serial", "")),
        base_url=office.settings.base_url,
        hotline=office.settings.hotline,
        expires=str(work.payload.get("expires", "")),
    )

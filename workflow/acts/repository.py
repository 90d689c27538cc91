"""Placing documents in the repository, taking them out, and the holder's word on publication (CRL-03, RV2-05)."""

from __future__ import annotations

import hashlib
from pathlib import PurePath
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow import policies
from workflow.acts.act import PUBLIC, Act
from workflow.acts.usercode import Tried, admit, try_code
from workflow.commands_of_repository import PublishDocument, SetPublication, WithdrawDocument
from workflow.errors import BadInput, FieldProblem, NotFound, Refused, WrongUserCode
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t
from workflow.vocabulary import CaseKind, Role

if TYPE_CHECKING:
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

C, D = t.certificate.c, t.published_document.c
KEEPERS = frozenset({Role.OPERATOR, Role.ADMINISTRATOR})
LARGEST = 20 * 1024 * 1024
LONGEST_VERSION = 40
_MEDIA = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".odt": ("application/vnd.oasis.opendocument.text", b"PK\x03\x04"),
    ".txt": ("text/plain; charset=utf-8", b""),
}


def _publish(work: UnitOfWork, command: PublishDocument, actor: Actor, _prepared: None) -> Outcome:
    media_type = _checked(command)
    digest = hashlib.sha256(command.content).hexdigest()
    ca = str(command.ca) if command.ca else ""
    same = sa.select(D.id).where(D.kind == str(command.kind), D.ca == ca, D.version == command.version)
    if work.connection.execute(same).first():
        raise Refused("repository.version_exists", version=command.version)
    created = work.insert(
        t.published_document,
        kind=str(command.kind),
        ca=ca,
        title=command.title.strip(),
        version=command.version,
        in_force_from=command.in_force_from,
        file_name=PurePath(command.file_name).name,
        media_type=media_type,
        sha256=digest,
        size=len(command.content),
        content=command.content,
        by_name=actor.name,
        at=work.now,
    )
    said = {"document": str(command.kind), "ca": ca, "version": command.version, "sha256": digest}
    work.audit("document_published", actor, said)
    return Outcome(created_id=created, number=digest)


def _checked(command: PublishDocument) -> str:
    """Return the media type of a document; BadInput for one that the repository does not take."""
    media_type, begins = _MEDIA.get(PurePath(command.file_name).suffix.lower(), ("", b""))
    problems = []
    if not media_type or not command.content.startswith(begins) or not command.content:
        problems.append(
            FieldProblem(
                "content",
                "media_type",
                "檔案須為 PDF、ODT 或 TXT，且內容與副檔名相符。",
                "The file must be PDF, ODT or TXT, and be what its name says.",
            )
        )
    if len(command.content) > LARGEST:
        problems.append(
            FieldProblem("content", "size", "檔案不得超過 20 MiB。", "The file has at most 20 MiB.")
        )
    if not command.title.strip():
        problems.append(FieldProblem("title", "required", "請填寫文件名稱。", "Give the document's title."))
    if not command.version.strip() or len(command.version) > LONGEST_VERSION:
        problems.append(
            FieldProblem(
                "version",
                "required",
                f"請填寫版本（最多 {LONGEST_VERSION} 個字）。",
                f"Give the version, at most {LONGEST_VERSION} characters.",
            )
        )
    if problems:
        raise BadInput(*problems)
    return media_type


def _withdraw(work: UnitOfWork, command: WithdrawDocument, actor: Actor, _prepared: None) -> Outcome:
    if not command.reason.strip():
        raise Refused("case.reason_missing")
    result = work.connection.execute(
        sa.update(t.published_document)
        .where(D.sha256 == command.sha256, D.withdrawn_at.is_(None))
        .values(withdrawn_at=work.now)
    )
    if not result.rowcount:
        raise NotFound("repository.no_document")
    work.audit("document_withdrawn", actor, {"sha256": command.sha256, "reason": command.reason})
    return Outcome()


# --- The holder's word ------------------------------------------------------------------------------------------------


def _prepare_publication(office: Office, command: SetPublication, _actor: Actor) -> Tried:
    number = "".join(command.number.split())
    k = t.case.c
    of_card = sa.and_(k.card_number == number, k.kind == str(CaseKind.CARD_APPLICATION))
    with office.reading() as connection:
        case_id = connection.execute(sa.select(k.id).where(sa.or_(k.number == number, of_card))).scalar()
    if case_id is None:
        # An unknown number takes as long as a wrong code, and has the same answer.
        office.hasher.hash(command.user_code)
        raise WrongUserCode("case.number_or_code_wrong")
    return try_code(office, case_id, command.user_code)


def _set_publication(work: UnitOfWork, command: SetPublication, actor: Actor, tried: Tried) -> Outcome:
    case = work.lock_one(tried.case_id)
    refusal = admit(work, case, tried, actor)
    if isinstance(refusal, WrongUserCode):
        refusal = WrongUserCode("case.number_or_code_wrong")
    if refusal:
        return Outcome(refusal=refusal)
    if not policies.by_version(case.policy_version).holder_may_withhold.value:
        raise Refused("publication.not_by_holder", ca=case.ca)
    changes = C.withdrawn_at.is_not(None) if command.published else C.withdrawn_at.is_(None)
    mine = (C.case_id == case.id, C.published_at.is_not(None))
    if not work.connection.execute(sa.select(C.id).where(*mine).limit(1)).first():
        raise Refused("publication.nothing")
    result = work.connection.execute(
        sa.update(t.certificate)
        .where(*mine, changes)
        .values(withdrawn_at=None if command.published else work.now)
    )
    said = {"number": case.number, "published": command.published, "certificates": result.rowcount}
    work.audit("publication_set", actor, said, (case.id, case.version))
    return of_case(case)


ACTS = (
    Act(PublishDocument, _publish, KEEPERS),
    Act(WithdrawDocument, _withdraw, KEEPERS),
    Act(SetPublication, _set_publication, PUBLIC, _prepare_publication),
)

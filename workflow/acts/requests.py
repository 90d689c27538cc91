"""Certificate requests: putting a batch on file, editing it, the dry run's findings, and what became of each item.

What a batch holds is in the form's revision by the hash of each signing request, so the reviewers' signatures over the
snapshot cover every key; the requests themselves lie in `request_item`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import canonical_json, sha256_hex
from workflow import policies
from workflow.acts.act import Act
from workflow.acts.applications import require_user_code
from workflow.acts.filings import filed_before, note_filing
from workflow.acts.reviews import decided, prepare_decision
from workflow.cases.certificate_request import SUBMITTERS
from workflow.cases.table import NEW
from workflow.commands_of_requests import (
    AmendCertificateRequest,
    ApproveRequest,
    ConfirmRequest,
    ExamineRequest,
    RefuseItems,
    RefuseRequest,
    RequestedItem,
    SubmitCertificateRequest,
)
from workflow.days import taipei_day
from workflow.deeds import deed
from workflow.effects import Do, Effect
from workflow.errors import BadInput, FieldProblem, Refused, Unavailable
from workflow.machine import state_of
from workflow.outcome import Outcome, of_case
from workflow.request_examination import Found, examine_batch
from workflow.request_gate import refusals
from workflow.requested_profiles import fits_subscriber, requested_profile
from workflow.store import schema as t
from workflow.store.numbers import next_case_number
from workflow.store.outbox import outbox_row
from workflow.store.snapshot import snapshot_sha256
from workflow.store.unit_of_work import Extra, UnitOfWork
from workflow.vocabulary import CaseKind, ItemState, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workflow.acts.reviews import Signed
    from workflow.facts import Actor, CaseFacts
    from workflow.office import Office

I = t.request_item.c  # noqa: E741 - as short as its siblings in the other acts.
SYSTEM = frozenset({Role.SYSTEM})
MOST_ITEMS = 5000
MOST_BYTES = 32_768
"""Octets of the longest signing request; one for RSA of 8192 bits has some 4,000."""
CHUNK = 250
"""Items that one piece of work issues, two seconds' work: few enough that a CRL never waits long in the same lane."""
CONTACT = ("contact_name", "contact_email", "contact_phone")


def _require_contact(contact: Mapping[str, str]) -> None:
    words = (
        ("contact_name", "聯絡人姓名", "the contact's name"),
        ("contact_email", "聯絡人電子郵件", "the contact's e-mail"),
    )
    missing = [
        FieldProblem(name, "required", f"請填寫{zh}。", f"Give {en}.")
        for name, zh, en in words
        if not str(contact.get(name, "")).strip()
    ]
    if missing:
        raise BadInput(*missing)


def _require_size(items: Sequence[RequestedItem]) -> None:
    if not 0 < len(items) <= MOST_ITEMS or any(not 0 < len(item.csr) <= MOST_BYTES for item in items):
        raise Refused("request.size", most=MOST_ITEMS, bytes=MOST_BYTES)


def _prepare_submission(office: Office, command: SubmitCertificateRequest, _actor: Actor) -> str | None:
    """Return the hash of the user code where the CA has certificates accepted with it; argon2 takes a tenth of a second."""
    policy = policies.in_force(command.ca, taipei_day(office.clock.now()))
    if not policy.request_acceptance.value:
        return None
    require_user_code(policy, command.user_code)
    return office.hasher.hash(command.user_code)


def _submit(
    work: UnitOfWork, command: SubmitCertificateRequest, actor: Actor, code_hash: str | None
) -> Outcome:
    _require_contact(command.contact)
    _require_size(command.items)
    form = {
        "profile": command.profile,
        "organisation": command.organisation_oid,
        **{name: str(command.contact.get(name, "")).strip() for name in CONTACT},
    }
    before = filed_before(work, command, actor, _sha256(_values(form, command.items)))
    if before is not None:
        return before
    case = _open_case(work, command, actor, code_hash)
    note_filing(work, command, case.id)
    extra = _file_revision(work, case, form, command.items, actor)
    return of_case(work.fire(case, "submit_request", command, actor, extra))


def _open_case(
    work: UnitOfWork, command: SubmitCertificateRequest, actor: Actor, code_hash: str | None
) -> CaseFacts:
    kind, profile = requested_profile(work.office, command.profile)
    organisation = _organisation(work, command)
    policy = policies.in_force(command.ca, taipei_day(work.now))
    if policy.request_acceptance.value and code_hash is None:
        # The rules changed at midnight, between the look at the code and this transaction.
        raise Unavailable("registry.busy")
    case_id = work.insert(
        t.case,
        number=next_case_number(work.connection, command.ca, work.office.settings),
        ca=str(command.ca),
        kind=str(CaseKind.CERTIFICATE_REQUEST),
        state=NEW,
        version=0,
        policy_version=policy.version,
        organisation_id=organisation.id,
        window_id=organisation.window_id,
        subject_name=organisation.name,
        subscriber_kind=organisation.kind,
        snapshot_sha256="",
        entered_by=actor.person_id,
        user_code_hash=code_hash,
        contact_name=str(command.contact["contact_name"]).strip(),
        contact_email=str(command.contact["contact_email"]).strip(),
        data={"request_kind": str(kind), "entered": _persons(actor)},
        opened_at=work.now,
        queued_at=work.now,
        state_since=work.now,
    )
    case = work.lock_one(case_id)
    if case.subscriber_kind is None or not fits_subscriber(profile, case.subscriber_kind):
        raise Refused("request.profile_unfit", name=command.profile, subject=case.subject_name)
    return case


def _organisation(work: UnitOfWork, command: SubmitCertificateRequest) -> Any:
    o = t.organisation.c
    oid = command.organisation_oid.strip()
    row = work.connection.execute(
        sa.select(o.id, o.name, o.kind, o.window_id).where(o.ca == str(command.ca), o.oid == oid)
    ).first()
    if row is None or not oid:
        raise Refused("request.organisation_unknown", oid=oid[:64] or "—")
    return row


def _persons(actor: Actor, before: Sequence[int] = ()) -> list[int]:
    mine = [actor.person_id] if actor.person_id is not None else []
    return sorted({*before, *mine})


def _values(form: Mapping[str, Any], items: Sequence[RequestedItem]) -> dict[str, Any]:
    """Return what a revision holds: each signing request by its hash."""
    lines = [
        {"label": item.label, "csr_sha256": sha256_hex(item.csr), "subject": dict(item.subject)}
        for item in items
    ]
    return {**form, "items": lines}


def _sha256(values: Mapping[str, Any]) -> str:
    return sha256_hex(canonical_json(values))


def _file_revision(
    work: UnitOfWork, case: CaseFacts, form: Mapping[str, Any], items: Sequence[RequestedItem], actor: Actor
) -> Extra:
    """File a revision of the batch with its items; returns the columns that go with the transition."""
    revision = case.revision + 1
    values = _values(form, items)
    sha256 = _sha256(values)
    work.insert(
        t.form_revision,
        case_id=case.id,
        revision=revision,
        values=values,
        sha256=sha256,
        by_name=actor.name,
        at=work.now,
    )
    for position, (item, line) in enumerate(zip(items, values["items"], strict=True), start=1):
        work.add(
            "request_item",
            case_id=case.id,
            revision=revision,
            position=position,
            label=item.label,
            csr=item.csr,
            csr_sha256=line["csr_sha256"],
            state=str(ItemState.WAITING),
            findings=[],
        )
    snapshot = snapshot_sha256(work.connection, case, revision, sha256)
    return Extra(columns={"revision": revision, "snapshot_sha256": snapshot})


def _amend(work: UnitOfWork, command: AmendCertificateRequest, actor: Actor, _prepared: None) -> Outcome:
    _require_size(command.items)
    case = work.lock_one(command.case_id)
    f, d = t.form_revision.c, t.review_decision.c
    form = dict(
        work.connection.execute(
            sa.select(f["values"]).where(f.case_id == case.id, f.revision == case.revision)
        ).scalar_one()
    )
    form.pop("items", None)
    entered = _persons(actor, case.data.get("entered", ()))
    filed = _file_revision(work, case, form, command.items, actor)
    extra = Extra(columns=filed.columns, data={"entered": entered})
    after = work.fire(case, command.trigger, command, actor, extra)
    # An edit voids every decision: they were about something else (design 3.8).
    work.connection.execute(
        sa.update(t.review_decision)
        .where(d.case_id == case.id, d.voided_at.is_(None))
        .values(voided_at=work.now)
    )
    return of_case(after)


def _examine_first(office: Office, command: ExamineRequest, _actor: Actor) -> Mapping[int, Found]:
    return examine_batch(office, command.case_id)


def _examine(work: UnitOfWork, command: ExamineRequest, actor: Actor, found: Mapping[int, Found]) -> Outcome:
    case = work.lock_one(command.case_id)
    mine = set(
        work.connection.execute(
            sa.select(I.id).where(I.case_id == case.id, I.revision == case.revision)
        ).scalars()
    )
    if mine != set(found):
        # The batch was edited while it was being examined; the edit has asked for another examination.
        raise Refused("request.not_examined")
    bad = sum(1 for one in found.values() if refusals(one))
    after = work.fire(case, command.trigger, command, actor, Extra(note=f"{len(mine) - bad} / {len(mine)}"))
    _write_findings(work, found, "examined_at")
    return of_case(after)


def _write_findings(work: UnitOfWork, found: Mapping[int, Found], moment: str) -> None:
    """Write what was found on each item; what has its certificate already keeps it."""
    if not found:
        return
    statement = (
        sa.update(t.request_item)
        .where(I.id == sa.bindparam("b_id"), I.state != str(ItemState.ISSUED))
        .values({"state": sa.bindparam("b_state"), "findings": sa.bindparam("b_findings"), moment: work.now})
    )
    work.connection.execute(
        statement,
        [
            {
                "b_id": item_id,
                "b_state": str(ItemState.REFUSED if refusals(findings) else ItemState.WAITING),
                "b_findings": [dict(one) for one in findings],
            }
            for item_id, findings in found.items()
        ],
    )


def _refuse_items(work: UnitOfWork, command: RefuseItems, actor: Actor, _prepared: None) -> Outcome:
    case = work.lock_one(command.case_id)
    if case.state != "issuing":
        raise Refused("case.not_now", state=state_of(case.kind, case.state), action=deed("confirm_request"))
    _write_findings(work, dict(command.refused), "settled_at")
    for item_id, findings in command.refused:
        said = {"number": case.number, "item": item_id, "findings": [one["code"] for one in findings]}
        work.audit("item_refused", actor, said, (case.id, case.version))
    return of_case(case)


def _confirm(work: UnitOfWork, command: ConfirmRequest, actor: Actor, signed: Signed) -> Outcome:
    """Approve a second time, and ask for the sound items to be issued, a few in each piece of work."""
    outcome = decided(work, command, actor, signed)
    if outcome.refusal is not None:
        return outcome
    case = work.lock_one(command.case_id)
    items = list(
        work.connection.execute(
            sa.select(I.id)
            .where(I.case_id == case.id, I.revision == case.revision, I.state == str(ItemState.WAITING))
            .order_by(I.position)
        ).scalars()
    )
    do, wall = Do(Effect.ISSUE_ITEMS), work.office.wall.now()
    work.ask(
        [
            outbox_row(case, do, {"items": items[start : start + CHUNK]}, work.now, wall)
            for start in range(0, len(items), CHUNK)
        ]
    )
    return outcome


ACTS = (
    Act(SubmitCertificateRequest, _submit, SUBMITTERS, _prepare_submission),
    Act(AmendCertificateRequest, _amend),
    Act(ExamineRequest, _examine, prepare=_examine_first),
    Act(ApproveRequest, decided, prepare=prepare_decision),
    Act(ConfirmRequest, _confirm, prepare=prepare_decision),
    Act(RefuseRequest, decided, prepare=prepare_decision),
    Act(RefuseItems, _refuse_items, SYSTEM),
)

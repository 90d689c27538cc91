"""The applicant's desk: putting an application on file, amending it, taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import canonical_json, sha256_hex
from workflow import policies
from workflow.acts.act import PUBLIC, Act
from workflow.acts.filings import filed_before, note_filing
from workflow.acts.usercode import Tried, admit, prepare_proof
from workflow.cases.table import NEW
from workflow.commands import SECRET, AmendApplication, SubmitApplication
from workflow.days import taipei_day
from workflow.errors import BadInput, FieldProblem, NotFound
from workflow.outcome import Outcome, of_case
from workflow.store import schema as t
from workflow.store.numbers import next_case_number
from workflow.store.snapshot import snapshot_sha256
from workflow.store.unit_of_work import Extra, UnitOfWork
from workflow.vocabulary import CaseKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.facts import Actor, CaseFacts
    from workflow.office import Office
    from workflow.policy import Policy


def _prepare_submit(office: Office, command: SubmitApplication, _actor: Actor) -> str:
    require_user_code(policies.in_force(command.ca, taipei_day(office.clock.now())), command.user_code)
    return office.hasher.hash(command.user_code)


def require_user_code(policy: Policy, code: str) -> None:
    """Raise BadInput for a user code that is no such under the CA's rules (APP-16)."""
    shortest, longest = policy.user_code_length.value
    if not shortest <= len(code) <= longest or not code.isascii() or not code.isprintable() or " " in code:
        raise BadInput(
            FieldProblem(
                "user_code",
                "length",
                f"用戶代碼須為 {shortest} 至 {longest} 個英文字母、數字或符號（不含空白）。",
                f"The user code has {shortest} to {longest} letters, digits or symbols, without spaces.",
            )
        )


def _submit(work: UnitOfWork, command: SubmitApplication, actor: Actor, code_hash: str) -> Outcome:
    policy = policies.in_force(command.ca, taipei_day(work.now))
    form = _open_values(command.form)
    before = filed_before(work, command, actor, sha256_hex(canonical_json(form)))
    if before is not None:
        return before
    organisation_id = command.organisation_id or _organisation_of(work, command, form)
    case = _open_case(work, command, policy, organisation_id, code_hash)
    note_filing(work, command, case.id)
    extra = _file_revision(work, case, form, actor)
    return of_case(work.fire(case, "submit", command, actor, extra))


def _open_values(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's values without any secret that came along: a user code is never written down (APP-16)."""
    return {name: value for name, value in form.items() if name not in SECRET}


def _open_case(
    work: UnitOfWork, command: SubmitApplication, policy: Policy, organisation_id: int, code_hash: str
) -> CaseFacts:
    o = t.organisation.c
    query = sa.select(o.name, o.window_id, o.kind).where(o.id == organisation_id, o.ca == str(command.ca))
    row = work.connection.execute(query).first()
    if row is None:
        raise NotFound("case.not_found")
    number = next_case_number(work.connection, command.ca, work.office.settings)
    values = {
        "number": number,
        "ca": str(command.ca),
        "kind": str(CaseKind.CARD_APPLICATION),
        "state": NEW,
        "version": 0,
        "policy_version": policy.version,
        "organisation_id": organisation_id,
        # The register knows the competent authority; the applicant only chooses where it does not (RV1-01).
        "window_id": row.window_id or command.window_id,
        "subject_name": row.name,
        # So does it of the kind, which decides on seals and certificate.
        "subscriber_kind": row.kind,
        "rank": str(command.rank),
        "snapshot_sha256": "",
        "user_code_hash": code_hash,
        "contact_name": str(command.form.get("contact_name", "")),
        "contact_email": str(command.form.get("contact_email", "")),
        "data": {},
        "opened_at": work.now,
        "queued_at": work.now,
        "state_since": work.now,
    }
    case_id = work.insert(t.case, **values)
    return work.lock_one(case_id)


def _organisation_of(work: UnitOfWork, command: SubmitApplication, form: Mapping[str, Any]) -> int:
    """Find the organisation of a form without OID by its 統一編號, or enter it in the register (APP-12)."""
    o = t.organisation.c
    known = work.connection.execute(
        sa.select(o.id).where(
            o.ca == str(command.ca), o.ubn == form.get("ubn"), o.name == form.get("full_name")
        )
    ).scalar()
    if known is not None:
        return int(known)
    county = str(form.get("organisation_county", ""))
    return work.insert(
        t.organisation,
        ca=str(command.ca),
        name=str(form.get("full_name", "")),
        ubn=form.get("ubn"),
        agency_code=form.get("school_agency_code") or None,
        kind=str(command.subscriber_kind),
        county=county,
        town=str(form.get("organisation_district", "")),
        postal_code=str(form.get("organisation_postal_code", "")),
        address=str(form.get("organisation_address", "")),
        phone=str(form.get("organisation_phone", "")),
        email=str(form.get("organisation_email", "")),
        window_id=command.window_id or _window_for(work, county, str(command.subscriber_kind)),
    )


def _window_for(work: UnitOfWork, county: str, kind: str) -> int | None:
    """Return the window that is the authority of a county's organisations of a kind (RV1-01)."""
    w = t.review_window.c
    rows = work.connection.execute(sa.select(w.id, w.kinds).where(w.county == county).order_by(w.id))
    return next((row.id for row in rows if kind in row.kinds), None)


def _file_revision(work: UnitOfWork, case: CaseFacts, form: Mapping[str, Any], actor: Actor) -> Extra:
    """File a new revision of the form; the columns that follow from it go with the transition."""
    revision = case.revision + 1
    sha256 = sha256_hex(canonical_json(dict(form)))
    work.insert(
        t.form_revision,
        case_id=case.id,
        revision=revision,
        values=dict(form),
        sha256=sha256,
        by_name=actor.name,
        at=work.now,
    )
    return Extra(
        columns={
            "revision": revision,
            "snapshot_sha256": snapshot_sha256(work.connection, case, revision, sha256),
            "contact_name": str(form.get("contact_name", "")),
            "contact_email": str(form.get("contact_email", "")),
        }
    )


def _amend(work: UnitOfWork, command: AmendApplication, actor: Actor, tried: Tried) -> Outcome:
    case = work.lock_one(command.case_id)
    refusal = admit(work, case, tried, actor)
    if refusal:
        return Outcome(refusal=refusal)
    after = work.fire(
        case, command.trigger, command, actor, _file_revision(work, case, _open_values(command.form), actor)
    )
    # An edit voids every decision: they were about something else (design 3.8).
    d = t.review_decision.c
    work.connection.execute(
        sa.update(t.review_decision)
        .where(d.case_id == case.id, d.voided_at.is_(None))
        .values(voided_at=work.now)
    )
    return of_case(after)


ACTS = (
    Act(SubmitApplication, _submit, PUBLIC, _prepare_submit),
    Act(AmendApplication, _amend, PUBLIC, prepare_proof),
)

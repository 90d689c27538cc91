"""The applicant's wizard up to the upload: organisation, card type, agreement, form (APP-12 … APP-16, FRM-02).

What was chosen lives in the signed session; the user code is only ever in the post that uploads the form.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for

from forms.drafts import DRAFT_LARGEST, dump_draft, load_draft
from forms.problems import Problem
from web import application_form, opened_case
from web.access import public
from web.chosen import CAS, STRAYED, Chosen, step
from web.door import perform
from web.errors import problems_of, status_of
from web.filing import new_filing
from web.language import t
from web.ports import office
from web.security import limited
from workflow.commands import SubmitApplication
from workflow.errors import BadInput, FieldProblem, RegistryError
from workflow.facts import PUBLIC
from workflow.views import organisations
from workflow.views.public import would_be_refused
from workflow.vocabulary import Ca, Rank, SubscriberKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from forms.fields import Checked, Form
    from workflow.views.organisations import OrganisationSeen

blueprint = Blueprint("applicant", __name__, url_prefix="/apply")

NOT_LISTED = "new"
_KEY_DIGITS = 15


def _organisation(chosen: Chosen) -> OrganisationSeen | None:
    if chosen.organisation_id is None:
        return None
    with office().reading() as connection:
        return organisations.organisation(connection, chosen.organisation_id)


@blueprint.get("/")
@public
@limited("60 per minute", "GET")
def start() -> str:
    """Find the organisation by name, 統一編號 or OID (APP-12)."""
    asked, keyword = request.args.get("ca", ""), request.args.get("q", "").strip()[:100]
    ca = Ca(asked) if asked in CAS else Ca.XCA
    with office().reading() as connection:
        found = organisations.search(connection, ca, keyword)
    return render_template("applicant/start.html", cas=CAS, ca=ca, q=keyword, found=found)


@blueprint.post("/")
@public
@limited("60 per minute")
def choose() -> str | Response | tuple[str, int]:
    """Take the organisation that was chosen, or go on without one (我要建立資料)."""
    ca, wanted = request.form.get("ca", ""), request.form.get("organisation", "")
    if ca not in CAS:
        raise BadInput(FieldProblem("ca", "choice", "請選擇憑證類別。", "Choose the CA."))
    chosen = Chosen(ca=ca, filing=new_filing())
    if wanted != NOT_LISTED:
        with office().reading() as connection:
            found = organisations.organisation(connection, int(wanted)) if _is_key(wanted) else None
        if found is None or found.ca != ca or found.not_eligible:
            flash(
                t("請由清單選擇可以申請的機構。", "Choose an organisation from the list that may apply."),
                "bad",
            )
            return redirect(url_for("applicant.start", ca=ca))
        chosen = chosen.but(organisation_id=found.id, kind=str(found.kind))
    chosen.keep()
    return redirect(url_for("applicant.card_type"))


def _is_key(text: str) -> bool:
    """Tell whether a text can be the key of a row; longer numbers fit into no database."""
    return text.isascii() and text.isdecimal() and len(text) <= _KEY_DIGITS


@blueprint.get("/1/")
@public
@step()
def card_type(chosen: Chosen) -> str:
    """Step 1: primary or secondary card, and what each is for (APP-05, APP-35)."""
    return _card_type_page(chosen)


def _card_type_page(chosen: Chosen, problems: tuple[FieldProblem, ...] = ()) -> str:
    kinds = [kind for kind in SubscriberKind if kind in chosen.policy.subscriber_kinds.value]
    return render_template(
        "applicant/card_type.html",
        chosen=chosen,
        organisation=_organisation(chosen),
        ranks=tuple(Rank),
        kinds=kinds,
        policy=chosen.policy,
        problems=problems,
    )


@blueprint.post("/1/")
@public
@step()
def take_card_type(chosen: Chosen) -> str | Response | tuple[str, int]:
    """Take the card type; say at once if the application would be refused (APP-05, REV-05)."""
    rank = request.form.get("rank", "")
    kind = chosen.kind if chosen.organisation_id is not None else request.form.get("subscriber_kind", "")
    chosen = chosen.but(rank=rank, kind=kind)
    problems = _missing_choices(chosen) or _refusals(chosen)
    if problems:
        return _card_type_page(chosen, problems), 400
    chosen.keep()
    return redirect(url_for("applicant.agreement"))


def _missing_choices(chosen: Chosen) -> tuple[FieldProblem, ...]:
    found = []
    if chosen.rank not in list(Rank):
        found.append(
            FieldProblem("rank", "choice", "請選擇正卡或附卡。", "Choose a primary or a secondary card.")
        )
    if chosen.kind not in list(SubscriberKind):
        found.append(
            FieldProblem("subscriber_kind", "choice", "請選擇用戶類別。", "Choose the kind of organisation.")
        )
    return tuple(found)


def _refusals(chosen: Chosen) -> tuple[FieldProblem, ...]:
    wanted = (SubscriberKind(chosen.kind), Rank(chosen.rank))
    with office().reading() as connection:
        against = would_be_refused(
            connection, Ca(chosen.ca), wanted, chosen.organisation_id, office().clock.now()
        )
    return tuple(problem for refusal in against for problem in problems_of(refusal, "rank"))


@blueprint.get("/2/")
@public
@step("rank")
def agreement(chosen: Chosen) -> str:
    """Step 2: the subscriber agreement, with the consent to the use of data (APP-13, PUB-02)."""
    return render_template(
        "applicant/agreement.html", chosen=chosen, ca=Ca(chosen.ca), policy=chosen.policy, problems=()
    )


@blueprint.post("/2/")
@public
@step("rank")
def take_agreement(chosen: Chosen) -> str | Response | tuple[str, int]:
    """Take the consent; without it there is no form (APP-13)."""
    if request.form.get("agreement_accepted") != "yes":
        problem = FieldProblem(
            "agreement_accepted",
            "agreement",
            "請先閱讀並勾選同意用戶約定條款，才能填寫申請表。",
            "Read the subscriber agreement and tick the box before you fill the form.",
        )
        page = render_template(
            "applicant/agreement.html",
            chosen=chosen,
            ca=Ca(chosen.ca),
            policy=chosen.policy,
            problems=(problem,),
        )
        return page, 400
    chosen.but(agreed=True).keep()
    return redirect(url_for("applicant.form"))


@blueprint.get("/3/")
@public
@step("rank", "agreed")
def form(chosen: Chosen) -> str:
    """Step 3: the form, filled from the register where it can be (APP-14, APP-15)."""
    return _form_page(chosen, application_form.prefilled(_organisation(chosen)))


def _declared(chosen: Chosen, organisation: OrganisationSeen | None) -> Form:
    with_oid = organisation is not None and bool(organisation.oid)
    return application_form.build(chosen.policy, with_oid=with_oid)


def _form_page(
    chosen: Chosen,
    values: Mapping[str, str],
    problems: tuple[FieldProblem, ...] = (),
    checked: Checked | None = None,
) -> str:
    organisation = _organisation(chosen)
    return render_template(
        "applicant/form.html",
        chosen=chosen,
        ca=Ca(chosen.ca),
        rank=Rank(chosen.rank),
        kind=SubscriberKind(chosen.kind),
        organisation=organisation,
        form=_declared(chosen, organisation),
        values=values,
        problems=problems,
        warned={warning.field for warning in checked.warnings} if checked else set(),
        policy=chosen.policy,
        helper=application_form,
    )


@blueprint.post("/3/")
@public
@limited("30 per minute")
@step("rank", "agreed")
def take_form(chosen: Chosen) -> str | Response | tuple[str, int]:
    """Save the draft to a file, read it back, or upload the application (FRM-02, APP-16, APP-20)."""
    action = request.form.get("action", "upload")
    if action == "save":
        return _draft(application_form.typed(_declared(chosen, _organisation(chosen))))
    if action == "load":
        return _loaded(chosen)
    return _upload(chosen)


def _draft(values: Mapping[str, str]) -> Response:
    answer = make_response(dump_draft(values))
    answer.headers["Content-Type"] = "application/json; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="guanfang-application-draft.json"'
    return answer


def _loaded(chosen: Chosen) -> str | tuple[str, int]:
    sent = request.files.get("draft_file")
    found = load_draft(sent.read(DRAFT_LARGEST + 1) if sent else b"")
    if isinstance(found, Problem):
        values = application_form.prefilled(_organisation(chosen))
        return _form_page(chosen, values, application_form.as_problems([found])), 400
    return _form_page(chosen, application_form.prefilled(_organisation(chosen)) | dict(found))


def _upload(chosen: Chosen) -> str | Response | tuple[str, int]:
    organisation = _organisation(chosen)
    declared = _declared(chosen, organisation)
    raw = application_form.typed(declared)
    if chosen.strayed:
        return _form_page(chosen, raw, (STRAYED,)), HTTPStatus.CONFLICT
    given = {"rank": chosen.rank, "subscriber_kind": chosen.kind, "agreement_accepted": "yes"}
    if organisation is not None and organisation.oid:
        given["oid"] = organisation.oid
    checked = application_form.check(declared, raw | given)
    problems = application_form.as_problems((*checked.problems, *checked.warnings))
    problems += application_form.check_codes(chosen.policy)
    if problems:
        return _form_page(chosen, raw, problems, checked), 400
    command = SubmitApplication(
        ca=Ca(chosen.ca),
        subscriber_kind=SubscriberKind(chosen.kind),
        rank=Rank(chosen.rank),
        organisation_id=chosen.organisation_id,
        window_id=organisation.window_id if organisation else None,
        form=checked.values,
        agreement_accepted=chosen.agreed,
        user_code=request.form["user_code"],
        filing=chosen.filing,
    )
    try:
        outcome = perform(command, PUBLIC)
    except RegistryError as error:
        return _form_page(chosen, raw, problems_of(error)), status_of(error)
    chosen.but(sent=outcome.number or "").keep()
    opened_case.remember(outcome.case_id or 0)
    return redirect(url_for("own_case.printing"))

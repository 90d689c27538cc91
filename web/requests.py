"""Certificate requests at the counter: submitted, looked at item by item, approved by two people, handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from pki.ceremony import p7b
from pki.pem import certificate_pem
from web import access
from web.access import allow
from web.casework import as_download
from web.door import perform
from web.errors import problems_of, status_of
from web.filing import filing
from web.language import t
from web.ports import office
from web.review import review as review_page
from workflow import policies
from workflow.commands_of_requests import AmendCertificateRequest, RequestedItem, SubmitCertificateRequest
from workflow.errors import BadInput, FieldProblem, NotFound, Refused, RegistryError
from workflow.requested_profiles import requestable
from workflow.views import repository
from workflow.views.requests import BatchPage, batch_page, item_certificate
from workflow.views.worklist import in_states
from workflow.vocabulary import Ca, CaseKind, Role

if TYPE_CHECKING:
    from web.casework import Answer

blueprint = Blueprint("requests", __name__, url_prefix="/requests")

ROLES = (Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.HELP_DESK)
DECISIONS = ("approve_request", "confirm_request", "refuse_request")
UNDER_WAY = ("submitted", "examined", "approved_once", "issuing", "to_accept")
DONE = ("issued", "partly_refused", "accepted", "not_accepted", "acceptance_lapsed")
CERTIFICATE = "application/pkix-cert"
PEM = "application/x-pem-file"
BUNDLE = "application/pkcs7-mime"
_FIELD_OF = {
    "request.size": "files",
    "request.profile_unknown": "profile",
    "request.profile_unfit": "profile",
    "request.kind_not_served": "profile",
    "request.organisation_unknown": "organisation_oid",
    "case.oid_missing": "organisation_oid",
    "case.not_eligible": "organisation_oid",
}
_DIFFER = FieldProblem(
    "user_code_again",
    "user_code_differs",
    "兩次輸入的用戶代碼不同，請重新輸入（大小寫有別）。",
    "The two user codes differ; type them again (case matters).",
)
_CONTACT = ("contact_name", "contact_email", "contact_phone")


@blueprint.get("/")
@allow(*ROLES, Role.AUDITOR)
def index() -> str:
    """List the batches that are under way, and those that are issued."""
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        lists = [in_states(connection, who, now, *states) for states in (UNDER_WAY, DONE)]
    under_way, done = (
        [line for line in lines if line.kind is CaseKind.CERTIFICATE_REQUEST] for lines in lists
    )
    return render_template("requests/index.html", under_way=under_way, done=done, may_submit=_may_submit())


def _may_submit() -> bool:
    return bool(access.actor().roles & set(ROLES))


@blueprint.route("/new/", methods=["GET", "POST"])
@allow(*ROLES)
def submit() -> Answer:
    """Put a batch on file, or show what is wrong with it beside the fields."""
    if request.method == "GET":
        return _form()
    if request.form.get("user_code", "") != request.form.get("user_code_again", ""):
        return _form(BadInput(_DIFFER)), 400
    try:
        outcome = perform(_command())
    except RegistryError as error:
        return _form(error), status_of(error)
    flash(t(f"已送出，案件流水號 {outcome.number}。", f"Submitted as case {outcome.number}."), "good")
    return redirect(url_for("requests.batch", case_id=outcome.case_id))


def _command() -> SubmitCertificateRequest:
    typed = request.form
    ca, _, profile = typed.get("profile", "").partition(":")
    return SubmitCertificateRequest(
        ca=next((one for one in Ca if one == ca), Ca.GCA),
        profile=profile,
        organisation_oid=typed.get("organisation_oid", "").strip(),
        items=_items(),
        contact={name: typed.get(name, "").strip() for name in _CONTACT},
        user_code=typed.get("user_code", ""),
        filing=typed.get("filing", ""),
    )


def _items() -> tuple[RequestedItem, ...]:
    typed = request.form
    said: dict[str, Any] = {
        name: typed[name].strip() for name in ("common_name", "email") if typed.get(name, "").strip()
    }
    if typed.get("dns_names", "").strip():
        said["dns_names"] = typed["dns_names"].replace(",", " ").split()
    files = [one for one in request.files.getlist("files") if one.filename]
    return tuple(
        RequestedItem(label=_name(one.filename or ""), csr=one.read(), subject=dict(said)) for one in files
    )


def _name(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1][:200]


def _form(error: RegistryError | None = None) -> str:
    problems = problems_of(error, _FIELD_OF.get(error.code, "")) if error else ()
    return render_template(
        "requests/submit.html", choices=_profiles(), problems=problems, typed=request.form, filing=filing()
    )


def _profiles() -> list[tuple[str, str]]:
    """Return the kinds of certificates that each CA issues now, as its policy in force says (P-11)."""
    found = []
    for ca in Ca:
        try:
            policy = policies.in_force(ca, office().clock.now().date())
        except LookupError:
            continue
        for name, (kind, profile) in requestable(office()).items():
            holder = profile.subject_type.name if profile.subject_type else ""
            whose = {str(one) for one in policy.request_subscribers.value} | {"server"}
            if kind in policy.request_kinds.value and holder in whose:
                found.append((f"{ca}:{name}", f"{ca.name} {t(profile.zh, profile.en)}"))
    return found


@blueprint.get("/<int(max=999999999999999):case_id>/")
@allow(*ROLES, Role.AUDITOR)
def batch(case_id: int) -> str:
    """Show a batch: each item with what was found on it, or with its certificate to download."""
    return render_template("requests/batch.html", batch=_batch(case_id), may_submit=_may_submit())


@blueprint.route("/<int(max=999999999999999):case_id>/amend/", methods=["GET", "POST"])
@allow(*ROLES)
def amend(case_id: int) -> Answer:
    """Put other requests in the place of a batch's; its approvals are void then."""
    page = _batch(case_id)
    problems: tuple[FieldProblem, ...] = ()
    status = 200
    if request.method == "POST":
        seen = request.form.get("seen_version", "")
        version = int(seen) if seen.isdecimal() and len(seen) < len(str(10**9)) else -1
        try:
            perform(AmendCertificateRequest(case_id=case_id, seen_version=version, items=_items()))
        except RegistryError as error:
            problems, status = problems_of(error, _FIELD_OF.get(error.code, "")), int(status_of(error))
        else:
            flash(
                t(
                    "已更換請求檔，先前的核准失效，將重新檢查。",
                    "Replaced; earlier approvals are void, and it is examined again.",
                ),
                "good",
            )
            return redirect(url_for("requests.batch", case_id=case_id))
    return render_template("requests/amend.html", batch=page, problems=problems, typed=request.form), status


@blueprint.route("/<int(max=999999999999999):case_id>/decide/", methods=["GET", "POST"])
@allow(Role.SECOND_REVIEWER)
def decide(case_id: int) -> Answer:
    """Approve a batch, the first time or the second, or refuse it; the decision is signed over what is shown."""
    onward = url_for("requests.batch", case_id=case_id)
    return review_page(case_id, DECISIONS, onward, "requests/decide.html", batch=_batch(case_id))


@blueprint.get("/items/<int(max=999999999999999):item_id>/<form>/")
@allow(*ROLES, Role.AUDITOR)
def certificate(item_id: int, form: str) -> Response:
    """Hand out an item's certificate as DER, PEM, or as p7b with its chain."""
    with office().reading() as connection:
        authority, serial, der = item_certificate(connection, access.actor(), item_id)
    if form == "der":
        return as_download(Response(der, mimetype=CERTIFICATE), f"{serial}.cer")
    if form == "pem":
        return as_download(Response(certificate_pem(der), mimetype=PEM), f"{serial}.pem")
    if form == "p7b":
        content = p7b([der, *repository.chain(office(), authority)])
        return as_download(Response(content, mimetype=BUNDLE), f"{serial}.p7b")
    raise NotFound("case.not_found")


@blueprint.get("/<int(max=999999999999999):case_id>/certificates.p7b")
@allow(*ROLES, Role.AUDITOR)
def certificates(case_id: int) -> Response:
    """Hand out all certificates of a batch with their chain in one file."""
    page = _batch(case_id)
    issued = [item.der for item in page.items if item.der is not None]
    if not issued:
        raise Refused("request.not_done")
    # A batch that was issued across a roll-over has certificates of two generations.
    names = dict.fromkeys(item.authority for item in page.items if item.der is not None)
    chains = dict.fromkeys(one for name in names for one in repository.chain(office(), name))
    content = p7b([*issued, *chains])
    return as_download(Response(content, mimetype=BUNDLE), f"{page.number}.p7b")


def _batch(case_id: int) -> BatchPage:
    with office().reading() as connection:
        return batch_page(connection, access.actor(), case_id)

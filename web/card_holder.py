"""What a proven holder sees and changes, and the suspension by card number and user code (CTC-01, STA-03, SUS-01)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, session, url_for

from forms.contact_change import CONTACT_CHANGE
from forms.typed import narrow
from web import application_form
from web.access import public
from web.card_talk import PROOF, owner
from web.door import perform
from web.errors import problems_of, status_of
from web.language import say, t
from web.ports import office
from web.security import limited
from workflow.commands_of_holders import ChangeContact, EndCardSession, ResumeByHolder, SuspendByHolder
from workflow.errors import FieldProblem, NotFound, Refused, RegistryError
from workflow.facts import PUBLIC
from workflow.views import holders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from workflow.views.holders import ProvenHolder

    Answer = str | Response | tuple[str, int]

blueprint = Blueprint("card_holder", __name__, url_prefix="/card")

REASONS = {
    "lost": ("卡片遺失", "The card is lost"),
    "misused": ("疑似遭冒用", "The card may be misused"),
    "own_wish": ("其他個人因素", "The holder's own wish"),
}


def _proof() -> str:
    kept = session.get(PROOF)
    return kept if isinstance(kept, str) else ""


def _holder() -> ProvenHolder:
    with office().reading() as connection:
        return holders.proven(connection, _proof(), owner(), office().clock.now())


# --- With card and PIN ----------------------------------------------------------------------------------------------


@blueprint.get("/home")
@public
def home() -> Answer:
    """Show a holder who logged in by card what is kept of the card: certificates, cases and contact."""
    try:
        holder = _holder()
    except Refused as refusal:
        return _prove_first("card.log_in", refusal)
    offered = holder.policy.agency_list_by_card.value
    with office().reading() as connection:
        certificates = holders.of_card(connection, holder.csn)
        cases = holders.cases_of(connection, holder)
    return render_template(
        "card/home.html", holder=holder, certificates=certificates, cases=cases, offered=offered
    )


@blueprint.get("/contact/form")
@public
def contact() -> Answer:
    """Show the contact as it is, to be changed (CTC-01)."""
    try:
        holder = _holder()
    except Refused as refusal:
        return _prove_first("card.contact", refusal)
    if not holder.policy.contact_change_by_card.value:
        raise NotFound("card.not_active")
    return _contact_page(holder, holder.contact)


def _prove_first(endpoint: str, refusal: Refused) -> Response:
    flash(say(refusal), "warn")
    return redirect(url_for(endpoint))


def _contact_page(
    holder: ProvenHolder, values: Mapping[str, str], problems: tuple[FieldProblem, ...] = ()
) -> str:
    return render_template(
        "card/contact.html",
        holder=holder,
        form=CONTACT_CHANGE,
        values=values,
        problems=problems,
        helper=application_form,
    )


@blueprint.post("/contact/form")
@public
@limited("20 per minute")
def change_contact() -> Answer:
    """Write the new contact."""
    try:
        holder = _holder()
    except Refused as refusal:
        return _prove_first("card.contact", refusal)
    raw = application_form.typed(CONTACT_CHANGE)
    checked = application_form.check(CONTACT_CHANGE, raw)
    if not checked.ok:
        found = application_form.as_problems((*checked.problems, *checked.warnings))
        return _contact_page(holder, raw, found), 400
    try:
        perform(ChangeContact(token=_proof(), owner=owner(), form=checked.values), PUBLIC)
    except RegistryError as error:
        return _contact_page(holder, raw, problems_of(error)), status_of(error)
    flash(
        t("連絡人資料已修改，並已通知新舊連絡人。", "The contact is changed; both contacts are told."), "good"
    )
    return redirect(url_for("card_holder.contact"))


@blueprint.get("/certificates/list")
@public
def certificates() -> Answer:
    """Show all certificates of the agency whose card this is (STA-03)."""
    try:
        holder = _holder()
    except Refused as refusal:
        return _prove_first("card.certificates", refusal)
    offered = holder.policy.agency_list_by_card.value
    with office().reading() as connection:
        found = holders.of_organisation(connection, holder) if offered else ()
    return render_template("card/certificates.html", holder=holder, certificates=found, offered=offered)


@blueprint.post("/leave")
@public
def leave() -> Response:
    """Forget the proof, as on a shared computer."""
    # It may have expired by itself.
    with suppress(Refused):
        perform(EndCardSession(token=_proof(), owner=owner()), PUBLIC)
    session.pop(PROOF, None)
    flash(t("已登出，可以取出卡片。", "You are logged out; the card may be removed."), "good")
    return redirect(url_for("card.index"))


# --- With card number and user code ---------------------------------------------------------------------------------


@blueprint.get("/suspend/")
@public
def suspend() -> str:
    """Ask for card number and user code (SUS-01)."""
    return _suspension_page("suspend", {})


@blueprint.get("/resume/")
@public
def resume() -> str:
    """Ask for card number and user code (SUS-06)."""
    return _suspension_page("resume", {})


def _suspension_page(deed: str, values: Mapping[str, str], problems: tuple[FieldProblem, ...] = ()) -> str:
    reasons = [(name, t(*words)) for name, words in REASONS.items()]
    return render_template(
        "card/suspension.html", deed=deed, values=values, problems=problems, reasons=reasons
    )


@blueprint.post("/suspend/")
@public
@limited("10 per minute")
def take_suspension() -> Answer:
    """Suspend at once (SUS-05, SUS-10)."""
    reason = request.form.get("reason", "")
    problems = _missing()
    if reason not in REASONS:
        problems += (FieldProblem("reason", "choice", "請選擇停用原因。", "Choose the reason."),)
    if problems:
        return _suspension_page("suspend", request.form, problems), 400
    number, code = narrow(request.form["card_number"]), request.form["user_code"]
    command = SuspendByHolder(card_number=number, user_code=code, reason=REASONS[reason][0])
    return _carried_out("suspend", command)


@blueprint.post("/resume/")
@public
@limited("10 per minute")
def take_resumption() -> Answer:
    """Resume what the holder suspended; nothing that the CA did (SUS-06, SUS-08)."""
    problems = _missing()
    if problems:
        return _suspension_page("resume", request.form, problems), 400
    number, code = narrow(request.form["card_number"]), request.form["user_code"]
    return _carried_out("resume", ResumeByHolder(card_number=number, user_code=code))


def _missing() -> tuple[FieldProblem, ...]:
    asked = (
        ("card_number", "請輸入卡號。", "Enter the card number."),
        ("user_code", "請輸入用戶代碼。", "Enter the user code."),
    )
    return tuple(
        FieldProblem(name, "required", zh, en)
        for name, zh, en in asked
        if not request.form.get(name, "").strip()
    )


def _carried_out(deed: str, command: SuspendByHolder | ResumeByHolder) -> Answer:
    try:
        outcome = perform(command, PUBLIC)
    except RegistryError as error:
        return _suspension_page(deed, request.form, problems_of(error, "user_code")), status_of(error)
    with office().reading() as connection:
        found = holders.of_case(connection, outcome.case_id or 0)
    return render_template("card/suspension_done.html", deed=deed, certificates=found)

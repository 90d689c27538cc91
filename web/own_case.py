"""The applicant's own case: printing and confirming after the upload, status, amendment, withdrawal (FRM-01, STA-01).

A case is opened by its number and user code, or by having just been uploaded. It stays open for fifteen minutes for
looking; whatever changes it, and the user-code letter, asks for the code again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for

from forms.typed import narrow
from web import application_form, opened_case
from web.access import public
from web.casework import whole_number
from web.door import perform
from web.errors import problems_of, status_of
from web.language import t
from web.opened_case import opened
from web.ports import office
from web.security import limited
from workflow import paper
from workflow.agencies import AGENCIES
from workflow.commands import AmendApplication, CheckUserCode, WithdrawApplication
from workflow.errors import FieldProblem, NotFound, Refused, RegistryError
from workflow.facts import PUBLIC
from workflow.views import organisations
from workflow.vocabulary import CaseKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from forms.fields import Checked
    from workflow.paper import Sheet
    from workflow.views.public import CaseSeen

    Answer = str | Response | tuple[str, int]

blueprint = Blueprint("own_case", __name__)

_NUMBER_LENGTH = 25
_SERIAL = re.compile(r"[0-9A-Fa-f]{32}")
CONFIRMATIONS = {
    "letter_printed": ("我已列印用戶代碼函", "I have printed the user-code letter"),
    "form_printed": ("我已列印憑證申請書", "I have printed the application form"),
    "address_right": ("申請書上的地址無誤", "The address on the form is right"),
}
_AFTERWARDS = {"case": "own_case.case", "amend": "own_case.amend", "accept": "acceptance.check"}


# --- Opening a case -----------------------------------------------------------------------------------------------


@blueprint.get("/status/")
@public
def status() -> str:
    """Ask for case number and user code (STA-01)."""
    return _status_page("case")


@blueprint.get("/amend/")
@public
def amend_start() -> str:
    """Ask for case number and user code, to go on to the form (FRM-01)."""
    return _status_page("amend")


def _status_page(then: str, number: str = "", problems: tuple[FieldProblem, ...] = ()) -> str:
    return render_template("applicant/status.html", then=then, number=number, problems=problems)


@blueprint.post("/status/")
@public
@limited("20 per minute")
def open_case() -> Answer:
    """Open a case; the third wrong code locks it (PIN-03). Whoever comes to accept may name a certificate's serial."""
    number, code = request.form.get("number", ""), request.form.get("user_code", "")
    then = request.form.get("then", "case")
    then = then if then in _AFTERWARDS else "case"
    by_serial = then == "accept" and _SERIAL.fullmatch(_digits(number)) is not None
    problems = (() if by_serial else _misshapen(number)) + _no_code(code)
    if problems:
        return _status_page(then, number, problems), 400
    try:
        outcome = perform(CheckUserCode(number=_digits(number), user_code=code), PUBLIC)
    except RegistryError as error:
        return _status_page(then, number, problems_of(error, "user_code")), status_of(error)
    opened_case.remember(outcome.case_id or 0)
    return redirect(url_for(_AFTERWARDS[then]))


def _digits(number: str) -> str:
    """Return a case number without the blanks and dashes people write into it."""
    return re.sub(r"[\s-]", "", narrow(number))


def _misshapen(number: str) -> tuple[FieldProblem, ...]:
    if len(_digits(number)) == _NUMBER_LENGTH:
        return ()
    return (
        FieldProblem("number", "shape", "案件流水號應為 25 位數字，請核對。", "A case number has 25 digits."),
    )


def _no_code(code: str) -> tuple[FieldProblem, ...]:
    if code:
        return ()
    return (FieldProblem("user_code", "required", "請輸入用戶代碼。", "Enter the user code."),)


@blueprint.post("/case/close")
@public
def close() -> Response:
    """Close the opened case, as on a shared computer."""
    opened_case.forget()
    flash(t("已結束查詢。", "The case is closed on this computer."), "good")
    return redirect(url_for("own_case.status"))


# --- After the upload: steps 4 to 6 ---------------------------------------------------------------------------------


@blueprint.get("/apply/4/")
@public
@opened
def printing(case: CaseSeen) -> str:
    """Step 4: the case number, the form and the user-code letter to print (APP-17, APP-18, APP-20)."""
    return render_template("applicant/printing.html", case=case, problems=())


@blueprint.get("/apply/5/")
@public
@opened
def confirming(case: CaseSeen) -> str:
    """Step 5: three questions before it is done (APP-19)."""
    return render_template(
        "applicant/confirming.html", case=case, problems=(), ticked={}, asked=CONFIRMATIONS
    )


@blueprint.post("/apply/5/")
@public
@opened
def take_confirmation(case: CaseSeen) -> Answer:
    """Go on when all three are confirmed (APP-19)."""
    ticked = {name: request.form.get(name, "") for name in CONFIRMATIONS}
    problems = tuple(
        FieldProblem(name, "required", f"請確認並勾選「{zh}」。", f"Check and tick “{en}”.")
        for name, (zh, en) in CONFIRMATIONS.items()
        if ticked[name] != "yes"
    )
    if problems:
        page = "applicant/confirming.html"
        return render_template(page, case=case, problems=problems, ticked=ticked, asked=CONFIRMATIONS), 400
    return redirect(url_for("own_case.sending"))


@blueprint.get("/apply/6/")
@public
@opened
def sending(case: CaseSeen) -> str:
    """Step 6: where the form and the official letter go (RV1-01, APP-01); a school's may go by electronic letter (APP-21)."""
    window = None
    if case.policy.first_review.value and case.window_id is not None:
        with office().reading() as connection:
            window = organisations.window(connection, case.window_id)
    kind = case.subscriber_kind
    seals = case.policy.application_seals.value.get(kind, ()) if kind else ()
    return render_template(
        "applicant/sending.html", case=case, window=window, agency=AGENCIES[case.ca], seals=seals
    )


# --- The case itself ------------------------------------------------------------------------------------------------


@blueprint.get("/case/")
@public
@opened
def case(case: CaseSeen) -> str:
    """Show where the case stands, in plain words, and what to do next (STA-01)."""
    return render_template("applicant/case.html", case=case)


@blueprint.get("/case/form.pdf")
@public
@opened
def form_pdf(case: CaseSeen) -> Response:
    """Hand out the form to print (FRM-01); a certificate request has none."""
    if case.kind is CaseKind.CERTIFICATE_REQUEST:
        raise NotFound("case.not_found")
    draw = paper.application_form if case.kind is CaseKind.CARD_APPLICATION else paper.reset_form
    return as_download(draw(office(), case.case_id))


@blueprint.post("/case/letter")
@public
@limited("20 per minute")
@opened
def letter_pdf(case: CaseSeen) -> Answer:
    """Print the user-code letter from the code typed again (APP-18)."""
    code = request.form.get("user_code", "")
    if not code:
        return render_template("applicant/printing.html", case=case, problems=_no_code(code)), 400
    try:
        return as_download(paper.user_code_letter(office(), case.case_id, code))
    except RegistryError as error:
        page = render_template("applicant/printing.html", case=case, problems=problems_of(error, "user_code"))
        return page, status_of(error)


def as_download(sheet: Sheet) -> Response:
    """Return a sheet as a file to save."""
    answer = make_response(sheet.content)
    answer.headers["Content-Type"] = sheet.media_type
    answer.headers["Content-Disposition"] = f'attachment; filename="{sheet.name}"'
    return answer


@blueprint.get("/case/amend")
@public
@opened
def amend(case: CaseSeen) -> str:
    """Show the form again, filled with what was sent (FRM-01)."""
    _refuse_unless(case, "amend")
    return _amend_page(case, case.values)


def _refuse_unless(case: CaseSeen, trigger: str) -> None:
    if trigger not in case.open_to:
        action = {"amend": "修改申請資料", "withdraw": "撤回申請"}[trigger]
        raise Refused("case.not_now", state=case.state.zh, action=action)


def _amend_page(
    case: CaseSeen,
    values: Mapping[str, str],
    problems: tuple[FieldProblem, ...] = (),
    checked: Checked | None = None,
) -> str:
    return render_template(
        "applicant/amend.html",
        case=case,
        form=application_form.build(case.policy, with_oid="oid" in case.values),
        values=values,
        problems=problems,
        warned={warning.field for warning in checked.warnings} if checked else set(),
        helper=application_form,
    )


@blueprint.post("/case/amend")
@public
@limited("20 per minute")
@opened
def take_amendment(case: CaseSeen) -> Answer:
    """Upload the amended form; the code is asked for again (FRM-01, RV1-04)."""
    _refuse_unless(case, "amend")
    declared = application_form.build(case.policy, with_oid="oid" in case.values)
    raw = application_form.typed(declared)
    fixed = {name: str(case.values[name]) for name in application_form.FIXED if name in case.values}
    checked = application_form.check(declared, raw | fixed)
    code = request.form.get("user_code", "")
    problems = application_form.as_problems((*checked.problems, *checked.warnings)) + _no_code(code)
    if problems:
        return _amend_page(case, raw, problems, checked), 400
    command = AmendApplication(
        case_id=case.case_id, seen_version=_seen_version(), user_code=code, form=checked.values
    )
    try:
        perform(command, PUBLIC)
    except RegistryError as error:
        return _amend_page(case, raw, problems_of(error, "user_code")), status_of(error)
    flash(
        t("已重新上傳申請資料，請重新列印申請書。", "The application is uploaded again. Print the new form."),
        "good",
    )
    return redirect(url_for("own_case.case"))


def _seen_version() -> int:
    """Return the version of the case on the page that was sent; a page without one is taken for stale."""
    return whole_number(request.form.get("seen_version", ""), -1)


@blueprint.get("/case/withdraw")
@public
@opened
def withdraw(case: CaseSeen) -> str:
    """Ask whether the application is to be taken back."""
    _refuse_unless(case, "withdraw")
    return render_template("applicant/withdraw.html", case=case, problems=())


@blueprint.post("/case/withdraw")
@public
@limited("20 per minute")
@opened
def take_withdrawal(case: CaseSeen) -> Answer:
    """Take the application back; the code is asked for again."""
    code = request.form.get("user_code", "")
    problems = _no_code(code)
    if problems:
        return render_template("applicant/withdraw.html", case=case, problems=problems), 400
    try:
        perform(
            WithdrawApplication(case_id=case.case_id, seen_version=_seen_version(), user_code=code), PUBLIC
        )
    except RegistryError as error:
        page = render_template("applicant/withdraw.html", case=case, problems=problems_of(error, "user_code"))
        return page, status_of(error)
    flash(t("申請案已撤回。", "The application is withdrawn."), "good")
    return redirect(url_for("own_case.case"))

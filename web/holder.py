"""The card holder's desk: activation of a card, and the request to reset a user code (ACT-01 … ACT-05, UCR-02 … UCR-04).

The PIN is shown once, in the answer to the post that set it; it is kept nowhere, so it can't be shown again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from forms.usercode_reset import USERCODE_RESET
from web import application_form, opened_case
from web.access import public
from web.door import perform
from web.errors import problems_of, status_of
from web.filing import filing
from web.language import t
from web.own_case import as_download
from web.ports import office, ports
from web.security import limited
from workflow import activation as activating
from workflow import paper
from workflow.agencies import AGENCIES
from workflow.commands import RequestReset
from workflow.deadlines import taipei_day
from workflow.errors import FieldProblem, Refused, RegistryError
from workflow.facts import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from workflow.activation import CardDetails
    from workflow.ports import ReaderStatus
    from workflow.views.public import CaseSeen

    Answer = str | Response | tuple[str, int]

blueprint = Blueprint("holder", __name__)


# --- Activation -----------------------------------------------------------------------------------------------------


@blueprint.get("/activate/")
@public
def activation() -> str:
    """List the readers, and say when there is none or no card in any (ACT-02)."""
    return _readers_page()


def _readers_page(problems: tuple[FieldProblem, ...] = ()) -> str:
    return render_template("holder/readers.html", readers=_open_readers(), problems=problems)


def _open_readers() -> tuple[ReaderStatus, ...]:
    """Return the readers of this machine that stand at the public's disposal."""
    return tuple(one for one in activating.readers(office()) if one.name in ports().holder_readers)


def _look(reader: str) -> CardDetails:
    if reader not in ports().holder_readers:
        raise Refused("card.reader_unknown", reader=reader)
    return activating.look_at_card(office(), reader)


@blueprint.post("/activate/card")
@public
@limited("30 per minute")
def look() -> Answer:
    """Show the card's details, to be checked before anything is done (ACT-02)."""
    reader = request.form.get("reader", "")
    if not reader:
        problem = FieldProblem("reader", "choice", "請選擇讀卡機。", "Choose the reader.")
        return _readers_page((problem,)), 400
    try:
        card = _look(reader)
    except RegistryError as error:
        return _readers_page(problems_of(error, "reader")), status_of(error)
    return _card_page(reader, card)


def _card_page(reader: str, card: CardDetails, problems: tuple[FieldProblem, ...] = ()) -> str:
    if card.activated:
        return render_template("holder/activated.html", card=card)
    return render_template("holder/card.html", reader=reader, card=card, problems=problems)


@blueprint.post("/activate/")
@public
@limited("20 per minute")
def activate() -> Answer:
    """Activate the card that was checked, and show its PIN this once (ACT-01)."""
    reader, code = request.form.get("reader", ""), request.form.get("user_code", "")
    try:
        card = _look(reader)
    except RegistryError as error:
        return _readers_page(problems_of(error, "reader")), status_of(error)
    if card.csn != request.form.get("csn", ""):
        # Another card was put in after the details were checked.
        raise Refused("card.wrong_card", number=request.form.get("card_number", "")[:20])
    problems = _unchecked(code)
    if problems:
        return _card_page(reader, card, problems), 400
    try:
        pin = activating.activate(office(), case_id=card.case_id, user_code=code, reader=reader, actor=PUBLIC)
    except RegistryError as error:
        return _card_page(reader, card, problems_of(error, "user_code")), status_of(error)
    return render_template("holder/pin.html", card=card, pin=pin)


def _unchecked(code: str) -> tuple[FieldProblem, ...]:
    found = []
    if request.form.get("details_right") != "yes":
        found.append(
            FieldProblem(
                "details_right",
                "required",
                "請核對卡片資料，確認無誤後勾選；資料有誤請取消開卡並洽服務台。",
                "Check the card's details and tick the box. If they are wrong, cancel and call the help desk.",
            )
        )
    if not code:
        found.append(FieldProblem("user_code", "required", "請輸入用戶代碼。", "Enter the user code."))
    return tuple(found)


# --- User-code reset ------------------------------------------------------------------------------------------------


@blueprint.get("/usercode-reset/")
@public
def reset() -> str:
    """Show the form of a user-code reset (UCR-04)."""
    today = taipei_day(office().clock.now())
    values = {
        "application_date": today.isoformat(),
        "reachable_date": (today + timedelta(days=1)).isoformat(),
        "reachable_from": "9",
        "reachable_until": "17",
    }
    return _reset_page(values)


def _reset_page(values: Mapping[str, str], problems: tuple[FieldProblem, ...] = ()) -> str:
    return render_template(
        "holder/reset.html",
        form=USERCODE_RESET,
        values=values,
        problems=problems,
        helper=application_form,
        filing=filing(),
    )


@blueprint.post("/usercode-reset/")
@public
@limited("10 per minute")
def request_reset() -> Answer:
    """Put the reset on file; nothing is changed until its sealed paper is seen by people (UCR-02, UCR-03)."""
    raw = application_form.typed(USERCODE_RESET)
    checked = application_form.check(USERCODE_RESET, raw)
    if not checked.ok:
        return _reset_page(raw, application_form.as_problems((*checked.problems, *checked.warnings))), 400
    try:
        command = RequestReset(
            card_number=checked.values["card_number"],
            form=checked.values,
            filing=request.form.get("filing", ""),
        )
        outcome = perform(command, PUBLIC)
    except RegistryError as error:
        return _reset_page(raw, problems_of(error, "card_number")), status_of(error)
    opened_case.remember(outcome.case_id or 0, opened_case.RESET)
    return redirect(url_for("holder.reset_filed"))


def _filed_reset() -> CaseSeen | None:
    found = opened_case.current(opened_case.RESET)
    if found is None:
        flash(
            t("頁面已逾時，請重新填寫或洽服務台。", "The page has expired. Fill the form again or call us."),
            "warn",
        )
    return found


@blueprint.get("/usercode-reset/next")
@public
def reset_filed() -> str | Response:
    """Say what to do with the form, as the CA's rules have it (UCR-02, UCR-03)."""
    case = _filed_reset()
    if case is None:
        return redirect(url_for("holder.reset"))
    policy = case.policy
    seals = policy.reset_seals.value.get(case.subscriber_kind, ()) if case.subscriber_kind else ()
    return render_template(
        "holder/reset_filed.html", case=case, policy=policy, seals=seals, agency=AGENCIES[case.ca]
    )


@blueprint.get("/usercode-reset/form.pdf")
@public
def reset_pdf() -> Response:
    """Hand out the form to seal and send."""
    case = _filed_reset()
    if case is None:
        return redirect(url_for("holder.reset"))
    return as_download(paper.reset_form(office(), case.case_id))

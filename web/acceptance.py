"""The subscriber checks the certificates that were asked for without a card, and accepts them or not (ACT-06, ACT-07).

The case is opened by number and user code; the word itself asks for the code again and is bound to what was shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pki.described import describe
from web.access import public
from web.casework import whole_number
from web.door import perform
from web.errors import problems_of, status_of
from web.language import say, t
from web.opened_case import opened
from web.ports import office
from web.security import limited
from workflow.commands_of_requests import AcceptCertificates, DeclineCertificates
from workflow.errors import FieldProblem, Refused, RegistryError
from workflow.facts import PUBLIC
from workflow.views.acceptance import one_to_check, to_check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.views.public import CaseSeen

    Answer = str | Response | tuple[str, int]

blueprint = Blueprint("acceptance", __name__)
WORDS = {"accept": AcceptCertificates, "decline": DeclineCertificates}
CERTIFICATE = "application/pkix-cert"


@blueprint.get("/accept/")
@public
def start() -> str:
    """Ask for case number and user code."""
    return render_template("applicant/status.html", then="accept", number="", problems=())


@blueprint.get("/accept/certificates/")
@public
@opened
def check(case: CaseSeen) -> Answer:
    """Show every field of the certificates, and ask for the word on them."""
    return _page(case)


def _page(case: CaseSeen, problems: tuple[FieldProblem, ...] = ()) -> str:
    if "accept_certificates" not in case.open_to:
        raise Refused("case.not_now", state=say(case.state), action=t("接受憑證", "accept the certificates"))
    page = max(whole_number(request.args.get("page", "1"), 1), 1)
    with office().reading() as connection:
        found, pages = to_check(connection, case.case_id, page)
        if page > pages:
            page, (found, pages) = pages, to_check(connection, case.case_id, pages)
    return render_template(
        "applicant/accept.html",
        case=case,
        certificates=[(one, describe(one.der)) for one in found],
        page=page,
        pages=pages,
        problems=problems,
        typed=request.form,
    )


@blueprint.get("/accept/certificates/<serial>.cer")
@public
@limited("120 per minute", "GET")
@opened
def download(case: CaseSeen, serial: str) -> Response:
    """Send one of the certificates as DER, for those who check with tools of their own."""
    with office().reading() as connection:
        der = one_to_check(connection, case.case_id, serial)
    if der is None:
        abort(404)
    answer = Response(bytes(der), mimetype=CERTIFICATE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{serial}.cer"'
    return answer


@blueprint.post("/accept/certificates/")
@public
@limited("20 per minute")
@opened
def decide(case: CaseSeen) -> Answer:
    """Take the word; the third wrong code locks it (PIN-03)."""
    problems = tuple(_missing())
    if problems:
        return _page(case, problems), 400
    command = WORDS[request.form["word"]](
        case_id=case.case_id,
        seen_version=whole_number(request.form.get("seen_version", ""), -1),
        user_code=request.form["user_code"],
    )
    try:
        perform(command, PUBLIC)
    except RegistryError as error:
        return _page(case, problems_of(error, "user_code")), int(status_of(error))
    flash(_done(request.form["word"]), "good")
    return redirect(url_for("own_case.case"))


def _missing() -> Iterator[FieldProblem]:
    word = request.form.get("word", "")
    if word not in WORDS:
        yield FieldProblem(
            "word", "required", "請選擇接受憑證或不接受憑證。", "Choose whether you accept the certificates."
        )
    if word == "accept" and request.form.get("checked") != "yes":
        yield FieldProblem(
            "checked",
            "required",
            "請核對憑證內容後勾選此項。",
            "Check what the certificates say, and tick the box.",
        )
    if not request.form.get("user_code"):
        yield FieldProblem("user_code", "required", "請輸入用戶代碼。", "Enter the user code.")


def _done(word: str) -> str:
    if word == "accept":
        return t(
            "憑證已接受，現為有效並公布於儲存庫。",
            "The certificates are accepted, in force and in the repository.",
        )
    return t("已登錄不接受，憑證已廢止。", "Declined: the certificates are revoked.")

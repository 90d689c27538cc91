"""The holder says whether the card's certificates stand in the repository (RV2-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from forms.typed import narrow
from web.access import public
from web.door import perform
from web.errors import problems_of, status_of
from web.language import t
from web.security import limited
from workflow.commands_of_repository import SetPublication
from workflow.errors import FieldProblem, RegistryError
from workflow.facts import PUBLIC

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("publication", __name__)
CHOICES = {"yes": True, "no": False}
LONGEST_NUMBER = 30


@blueprint.get("/publication/")
@public
def choice() -> str:
    """Ask for case or card number, the choice and the user code."""
    return _page("", "")


def _page(number: str, chosen: str, problems: tuple[FieldProblem, ...] = ()) -> str:
    return render_template("holder/publication.html", number=number, chosen=chosen, problems=problems)


@blueprint.post("/publication/")
@public
@limited("20 per minute")
def choose() -> str | Response | tuple[str, int]:
    """Carry the choice out; the third wrong code locks it (PIN-03)."""
    number = "".join(narrow(request.form.get("number", "")).split())[:LONGEST_NUMBER]
    chosen, code = request.form.get("published", ""), request.form.get("user_code", "")
    problems = _missing(number, chosen, code)
    if problems:
        return _page(number, chosen, problems), 400
    try:
        perform(SetPublication(number=number, published=CHOICES[chosen], user_code=code), PUBLIC)
    except RegistryError as error:
        return _page(number, chosen, problems_of(error, "user_code")), int(status_of(error))
    flash(_done(published=CHOICES[chosen]), "good")
    return redirect(url_for("publication.choice"))


def _done(*, published: bool) -> str:
    if published:
        return t("憑證已公布於儲存庫。", "The certificates stand in the repository.")
    return t(
        "憑證已自儲存庫撤下，查詢不會再顯示；OCSP 與廢止清冊仍提供其狀態。",
        "The certificates are no longer shown in the repository. OCSP and the CRL still tell their status.",
    )


def _missing(number: str, chosen: str, code: str) -> tuple[FieldProblem, ...]:
    asked = (
        ("number", number, "請輸入案件流水號或卡號。", "Enter the case number or the card number."),
        ("published", chosen in CHOICES, "請選擇公布或不公布。", "Choose whether they are published."),
        ("user_code", code, "請輸入用戶代碼。", "Enter the user code."),
    )
    return tuple(FieldProblem(field, "required", zh, en) for field, given, zh, en in asked if not given)

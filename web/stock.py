"""The account of cards: counting blanks in, spoiling them, and whether everything balances (CRD-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from web.access import allow
from web.casework import beside_field, whole_number
from web.door import perform
from web.errors import status_of
from web.language import t
from web.ports import office
from workflow.commands import AddStock, SpoilBlank
from workflow.errors import BadInput, FieldProblem, NotFound, RegistryError
from workflow.views import cards
from workflow.vocabulary import CardState, Role

if TYPE_CHECKING:
    from web.casework import Answer

blueprint = Blueprint("stock", __name__, url_prefix="/centre/stock")


@blueprint.get("/")
@allow(Role.CARD_CENTRE, Role.AUDITOR)
def index() -> str:
    """Show the account by box and by state."""
    return _page()


@blueprint.post("/add/")
@allow(Role.CARD_CENTRE)
def add() -> Answer:
    """Count blank cards in from a pasted or scanned list."""
    csns, box = tuple(request.form.get("csns", "").split()), request.form.get("box", "").strip()
    problems = []
    if not box:
        problems.append(FieldProblem("box", "required", "請填寫盒號。", "Give the number of the box."))
    if not csns:
        problems.append(
            FieldProblem(
                "csns", "required", "請貼上晶片序號，每行一個。", "Paste the serial numbers, one a line."
            )
        )
    try:
        if problems:
            raise BadInput(*problems)
        outcome = perform(AddStock(csns=csns, box=box))
    except RegistryError as error:
        return _page(beside_field(error)), status_of(error)
    flash(
        t(f"盒 {box} 入庫 {outcome.created_id} 張。", f"Box {box}: {outcome.created_id} cards counted in."),
        "good",
    )
    return redirect(url_for("stock.index"))


@blueprint.post("/spoil/")
@allow(Role.CARD_CENTRE)
def spoil() -> Answer:
    """Take one blank card out of stock as spoiled, with the reason."""
    csn = request.form.get("csn", "").strip()
    try:
        perform(SpoilBlank(csn=csn, reason=request.form.get("reason", "")))
    except NotFound as error:
        return _page((FieldProblem("csn", error.code, error.zh, error.en),)), status_of(error)
    except RegistryError as error:
        return _page(beside_field(error)), status_of(error)
    flash(t(f"{csn} 已列為廢卡。", f"{csn} is spoiled."), "good")
    return redirect(url_for("stock.index"))


def _page(problems: tuple[FieldProblem, ...] = ()) -> str:
    asked = request.args.get("state", "")
    state = next((one for one in CardState if one == asked), None)
    after = request.args.get("after", "")
    with office().reading() as connection:
        account = cards.account(connection)
        lines, more = cards.cards(connection, state, whole_number(after))
    return render_template(
        "centre/stock.html",
        account=account,
        lines=lines,
        more=more,
        state=state,
        states=CardState,
        problems=problems,
        typed=request.form,
    )

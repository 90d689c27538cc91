"""The account of cards: what waits at the stock, places, states, spoiling, and whether everything balances (CRD-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from web import access
from web.access import allow
from web.casework import beside_field, whole_number
from web.door import perform
from web.errors import status_of
from web.language import t
from web.ports import office
from workflow.commands import SpoilBlank
from workflow.errors import FieldProblem, NotFound, RegistryError
from workflow.views import cards, stock
from workflow.vocabulary import CardState, Role

if TYPE_CHECKING:
    from web.casework import Answer

blueprint = Blueprint("stock", __name__, url_prefix="/centre/stock")


@blueprint.get("/")
@allow(Role.CARD_CENTRE, Role.CONTROLLER, Role.AUDITOR)
def index() -> str:
    """Show what waits, the places and the account by state; numbers of places are for the auditor alone."""
    return _page()


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
    flash(t(f"{csn} 已列為廢卡，請放入廢卡箱。", f"{csn} is spoiled. Put it with the spoiled cards."), "good")
    return redirect(url_for("stock.index"))


def _page(problems: tuple[FieldProblem, ...] = ()) -> str:
    asked = request.args.get("state", "")
    state = next((one for one in CardState if one == asked), None)
    after = request.args.get("after", "")
    with office().reading() as connection:
        account = cards.account(connection)
        lines, more = cards.cards(connection, state, whole_number(after))
        places, waiting = stock.places(connection), stock.waiting(connection)
    return render_template(
        "centre/stock.html",
        account=account,
        places=places,
        waiting=waiting,
        # Whoever counts must not know what to arrive at.
        numbers=access.actor().has(Role.AUDITOR),
        lines=lines,
        more=more,
        state=state,
        states=CardState,
        problems=problems,
        typed=request.form,
    )

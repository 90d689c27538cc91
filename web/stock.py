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
from workflow.stock_words import KEEPERS
from workflow.views import cards, stock
from workflow.views.stock_counts import hidden_from
from workflow.vocabulary import CardState, Role

if TYPE_CHECKING:
    from web.casework import Answer

blueprint = Blueprint("stock", __name__, url_prefix="/centre/stock")


@blueprint.get("/")
@allow(Role.CARD_CENTRE, Role.CONTROLLER, Role.AUDITOR)
def index() -> str:
    """Show what waits, the places and the account by state, without what leads to the number of a count."""
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
    after, place = (whole_number(request.args.get(name, "")) for name in ("after", "place"))
    with office().reading() as connection:
        hidden = hidden_from(connection, access.actor())
        account = cards.account(connection)
        lines, more = cards.cards(connection, state, after, place, hidden)
        places, waiting = stock.places(connection, hidden), stock.waiting(connection)
    return render_template(
        "centre/stock.html",
        account=account,
        places=places,
        waiting=waiting,
        # Whoever counts must not know what to arrive at: boxes and places are not for them, and totals only at rest.
        numbers=not access.actor().roles & KEEPERS,
        hidden=hidden,
        lines=lines,
        more=more,
        state=state,
        place=place,
        states=CardState,
        problems=problems,
        typed=request.form,
    )

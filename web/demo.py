"""The demonstration's desk: clock, people, mails and the holder's letter-box. Registered only in a demonstration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from web.access import public
from web.door import perform
from web.language import t
from web.ports import office, ports
from workflow.commands import MoveClock
from workflow.facts import Actor
from workflow.views import accounts
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from web.ports import CardFolder

blueprint = Blueprint("demo", __name__, url_prefix="/demo")

LEAPS = (1, 7, 30, 90)
LATEST_MAILS = 40
_VISITOR = Actor(name="demonstration", roles=frozenset({Role.OPERATOR}), channel="demo")


@blueprint.get("/")
@public
def index() -> str:
    """Show the clock, the people to be, the mails and the cards."""
    given = ports()
    with office().reading() as connection:
        people = accounts.everybody(connection)
    mails = list(given.mailbox())[-LATEST_MAILS:][::-1] if given.mailbox else []
    folder = given.card_folder
    return render_template(
        "demo/index.html",
        leaps=LEAPS,
        people=people,
        password=given.demo_password,
        mails=mails,
        cards=folder.cards() if folder else (),
        readers=folder.readers() if folder else (),
        has_folder=folder is not None,
    )


@blueprint.post("/clock")
@public
def move_clock() -> Response:
    """Move the clock forward by one of the leaps."""
    text = request.form.get("days", "")
    days = next((leap for leap in LEAPS if str(leap) == text), 0)
    if not days:
        abort(400)
    perform(MoveClock(days=days), _VISITOR)
    flash(t(f"時鐘已往前撥 {days} 日。", f"The clock has moved forward by {days} days."), "good")
    return redirect(url_for("demo.index"))


def _folder() -> CardFolder:
    folder = ports().card_folder
    if folder is None:
        abort(404)
    return folder


@blueprint.post("/cards/insert")
@public
def insert_card() -> Response:
    """Put a card from the letter-box into a reader."""
    try:
        _folder().insert(request.form.get("reader", ""), request.form.get("csn", ""))
    except LookupError:
        flash(t("找不到這張卡片或讀卡機。", "There is no such card or reader."), "bad")
    else:
        flash(t("卡片已插入讀卡機。", "The card is in the reader."), "good")
    return redirect(url_for("demo.index", _anchor="cards"))


@blueprint.post("/cards/remove")
@public
def remove_card() -> Response:
    """Take the card out of a reader."""
    try:
        _folder().remove(request.form.get("reader", ""))
    except LookupError:
        flash(t("找不到這台讀卡機。", "There is no such reader."), "bad")
    else:
        flash(t("卡片已取出。", "The card is out of the reader."), "good")
    return redirect(url_for("demo.index", _anchor="cards"))

"""Boxes that were delivered and cards that are carried: one person takes in or hands out, another counts blind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from forms.csn_list import BadList, ListedBox, read_csn_list
from web.access import actor, allow
from web.casework import whole_number
from web.door import perform
from web.errors import problems_of, status_of
from web.language import t
from web.ports import office
from workflow.commands_of_stock import CountBox, HandOut, ReceiveBoxes, TakeIn
from workflow.errors import BadInput, FieldProblem, RegistryError
from workflow.stock_words import KEEPERS
from workflow.views import stock
from workflow.views.stock_counts import hidden_from
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from web.casework import Answer
    from workflow.outcome import Outcome

blueprint = Blueprint("stock_moves", __name__, url_prefix="/centre/stock")
LARGEST_LIST = 1_000_000
"""Bytes: more than the cards that one list may hold."""
NAMED = 10
"""Bad lines that are named; the rest are counted."""
Problems = tuple[FieldProblem, ...]


@blueprint.get("/boxes/")
@allow(*KEEPERS, Role.AUDITOR)
def boxes() -> str:
    """Show the delivered boxes, those that wait to be counted first."""
    return _boxes_page()


@blueprint.post("/boxes/")
@allow(Role.CARD_CENTRE)
def receive() -> Answer:
    """Take boxes in from the maker's list, uploaded or pasted."""
    try:
        outcome = perform(_received())
    except RegistryError as error:
        return _boxes_page(problems_of(error, "csns")), status_of(error)
    said = (
        f"已登錄 {outcome.created_id} 張，請由另一位人員點收。",
        f"{outcome.created_id} cards are taken in. Somebody else has to count them.",
    )
    flash(t(*said), "good")
    return redirect(url_for("stock_moves.boxes"))


def _received() -> ReceiveBoxes:
    boxes = _listed()
    return ReceiveBoxes(
        place_id=whole_number(request.form.get("place_id", "")),
        boxes=tuple((box.order, box.number) for box in boxes),
        cards=tuple((at, line, csn) for at, box in enumerate(boxes) for line, csn in box.cards),
    )


def _listed() -> tuple[ListedBox, ...]:
    """Read the list that was sent; BadInput names its bad lines."""
    sent = request.files.get("list")
    content = sent.read(LARGEST_LIST + 1) if sent is not None and sent.filename else b""
    if len(content) > LARGEST_LIST:
        raise _bad("清單檔案過大，請分次登錄。", "The file is too large. Take it in by parts.")
    try:
        text = content.decode("utf-8-sig") or request.form.get("csns", "")
        return read_csn_list(text, request.form.get("order", ""), request.form.get("box", ""))
    except UnicodeDecodeError as error:
        raise _bad("清單不是 UTF-8 文字檔。", "The list is no text in UTF-8.") from error
    except BadList as error:
        shown, more = error.problems[:NAMED], len(error.problems) - NAMED
        zh = "；".join(f"第 {one.line} 行：{one.zh}" for one in shown)
        en = "; ".join(f"line {one.line}: {one.en}" for one in shown)
        if more > 0:
            zh, en = f"{zh}；另有 {more} 行", f"{en}; and {more} lines more"
        raise _bad(f"{zh}。請更正清單後再登錄。", f"{en}. Correct the list.") from error


def _bad(zh: str, en: str) -> BadInput:
    return BadInput(FieldProblem("csns", "csn", zh, en))


def _boxes_page(problems: Problems = ()) -> str:
    with office().reading() as connection:
        hidden = hidden_from(connection, actor())
        found, places = stock.boxes(connection, hidden), stock.places(connection, hidden)
    return render_template(
        "centre/stock_boxes.html", found=found, places=places, problems=problems, typed=request.form
    )


@blueprint.route("/boxes/<int(max=999999999999999):box_id>/", methods=["GET", "POST"])
@allow(*KEEPERS)
def box(box_id: int) -> Answer:
    """Count one box; how many were listed is shown only afterwards."""
    with office().reading() as connection:
        found = stock.one(stock.boxes(connection, hidden_from(connection, actor()), box_id))
    problems: Problems = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = perform(CountBox(box_id=box_id, counted=_counted()))
        except RegistryError as error:
            problems, status = problems_of(error, "counted"), status_of(error)
        else:
            return _counted_page(outcome, "stock_moves.boxes")
    return render_template(
        "centre/stock_count.html", found=found, kind="box", problems=problems, typed=request.form
    ), status


@blueprint.get("/moves/")
@allow(*KEEPERS, Role.AUDITOR)
def moves() -> str:
    """Show what is carried from store to store, what is on the way first."""
    return _moves_page()


@blueprint.post("/moves/")
@allow(Role.CARD_CENTRE)
def hand_out() -> Answer:
    """Hand out a whole box, or cards by their serial numbers."""
    form = request.form
    command = HandOut(
        from_id=whole_number(form.get("from_id", "")),
        to_id=whole_number(form.get("to_id", "")),
        box=form.get("box", ""),
        csns=tuple(form.get("csns", "").split()),
    )
    try:
        outcome = perform(command)
    except RegistryError as error:
        return _moves_page(problems_of(error, "csns")), status_of(error)
    said = f"第 {outcome.created_id} 筆已撥出，請由另一位人員接收。", "Handed out. Somebody else receives it."
    flash(t(*said), "good")
    return redirect(url_for("stock_moves.moves"))


def _moves_page(problems: Problems = ()) -> str:
    with office().reading() as connection:
        hidden = hidden_from(connection, actor())
        found, places = stock.moves(connection, hidden), stock.places(connection, hidden)
        whole = stock.store_boxes(connection)
    return render_template(
        "centre/stock_moves.html",
        found=found,
        places=places,
        whole=whole,
        problems=problems,
        typed=request.form,
    )


@blueprint.route("/moves/<int(max=999999999999999):move_id>/", methods=["GET", "POST"])
@allow(*KEEPERS)
def move(move_id: int) -> Answer:
    """Count and receive what was handed out; how many that were is shown only afterwards."""
    with office().reading() as connection:
        found = stock.one(stock.moves(connection, hidden_from(connection, actor()), move_id))
    problems: Problems = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = perform(TakeIn(move_id=move_id, counted=_counted()))
        except RegistryError as error:
            problems, status = problems_of(error, "counted"), status_of(error)
        else:
            return _counted_page(outcome, "stock_moves.moves")
    return render_template(
        "centre/stock_count.html", found=found, kind="move", problems=problems, typed=request.form
    ), status


def _counted() -> int:
    """Return the count that was typed; anything else is no number, which the registry refuses."""
    return whole_number(request.form.get("counted", "").strip(), -1)


def _counted_page(outcome: Outcome, onward: str) -> Answer:
    if outcome.number == "differs":
        said = (
            "點收數與帳上不符，須由未經手的人員處理差異。",
            "The count differs from the books. Somebody who did not handle the cards settles it.",
        )
        flash(t(*said), "warn")
        return redirect(url_for("stock_accounts.differences"))
    flash(t("點收相符。", "The count agrees with the books."), "good")
    return redirect(url_for(onward))

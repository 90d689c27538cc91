"""The card centre: manufacture, packing, registered post and the account of cards (CRD-01, CRD-05…07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from web import access
from web.access import allow
from web.casework import as_download, beside_field, whole_number
from web.door import perform
from web.errors import status_of
from web.language import t
from web.ports import office
from workflow import activation, paper
from workflow.commands import OrderManufacture, PackCard, PostCards, RecordMailReturned
from workflow.errors import BadInput, FieldProblem, RegistryError
from workflow.views import cards, mail
from workflow.views.search import exact
from workflow.views.worklist import in_states
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from web.casework import Answer
    from workflow.views.worklist import Line

blueprint = Blueprint("centre", __name__, url_prefix="/centre")

Problems = tuple[FieldProblem, ...]
PACKED = ("packed", "late_packed")
TO_PACK = ("made", "mail_returned", "late_allowed")


@blueprint.route("/", methods=["GET", "POST"])
@allow(Role.CARD_CENTRE)
def index() -> Answer:
    """Show what is to be made and what is being made; put one case on a reader."""
    problems: Problems = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = perform(_order())
        except RegistryError as error:
            problems, status = beside_field(error), status_of(error)
        else:
            flash(t(f"{outcome.number} 已送製卡。", f"{outcome.number} is being made."), "good")
            return redirect(url_for("centre.index", reader=request.form.get("reader")))
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        approved = in_states(connection, who, now, "approved")
        making = in_states(connection, who, now, "manufacturing")
        progress = cards.progress(connection, tuple(line.case_id for line in making))
    return render_template(
        "centre/index.html",
        approved=approved,
        making=making,
        progress=progress,
        readers=activation.readers(office()),
        reader=request.values.get("reader", ""),
        problems=problems,
    ), status


@blueprint.route("/packing/", methods=["GET", "POST"])
@allow(Role.CARD_CENTRE)
def packing() -> Answer:
    """Put the right card into the right envelope: both numbers are scanned (CRD-07)."""
    problems: Problems = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = perform(_pack())
        except RegistryError as error:
            problems, status = beside_field(error), status_of(error)
        else:
            flash(t(f"相符，{outcome.number} 已裝封。", f"They match: {outcome.number} is packed."), "good")
            return redirect(url_for("centre.packing"))
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        made = in_states(connection, who, now, *TO_PACK)
    return render_template("centre/packing.html", made=made, problems=problems, typed=request.form), status


@blueprint.post("/labels.pdf")
@allow(Role.CARD_CENTRE)
def labels() -> Response:
    """Draw the address labels of the chosen cases."""
    chosen = set(map(whole_number, request.form.getlist("case_id")))
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        lines = in_states(connection, who, now, *TO_PACK, *PACKED)
    allowed = tuple(line.case_id for line in lines if line.case_id in chosen)
    if not allowed:
        raise BadInput(
            FieldProblem("case_id", "required", "請至少選擇一個案件。", "Choose at least one case.")
        )
    sheet = paper.address_labels(office(), allowed)
    return as_download(Response(sheet.content, mimetype=sheet.media_type), sheet.name)


@blueprint.route("/posting/", methods=["GET", "POST"])
@allow(Role.CARD_CENTRE)
def posting() -> Answer:
    """Post packed cards: each gets the number of its registered mail, all together make one list (CRD-05)."""
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        packed = in_states(connection, who, now, *PACKED)
    problems: Problems = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = perform(PostCards(items=_numbered(packed)))
        except RegistryError as error:
            problems, status = _beside_row(error, packed), status_of(error)
        else:
            flash(t(f"已交寄 {len(outcome.cases)} 件。", f"Items posted: {len(outcome.cases)}."), "good")
            return redirect(url_for("centre.mailing_list", list_id=outcome.created_id))
    return render_template(
        "centre/posting.html", packed=packed, problems=problems, typed=request.form
    ), status


@blueprint.get("/lists/")
@allow(Role.CARD_CENTRE, Role.AUDITOR)
def mailing_lists() -> str:
    """Show the mailing lists, newest first."""
    before = request.args.get("before", "")
    with office().reading() as connection:
        found, more = mail.mailing_lists(connection, whole_number(before) or None)
    return render_template("centre/lists.html", found=found, more=more)


@blueprint.get("/lists/<int(max=999999999999999):list_id>/")
@allow(Role.CARD_CENTRE, Role.AUDITOR)
def mailing_list(list_id: int) -> str:
    """Show one mailing list."""
    with office().reading() as connection:
        return render_template("centre/list.html", found=mail.mailing_list(connection, list_id))


@blueprint.get("/lists/<int(max=999999999999999):list_id>/list.pdf")
@allow(Role.CARD_CENTRE, Role.AUDITOR)
def mailing_list_sheet(list_id: int) -> Response:
    """Draw the mailing list for the post office."""
    sheet = paper.mailing_list(office(), list_id)
    return as_download(Response(sheet.content, mimetype=sheet.media_type), sheet.name)


@blueprint.route("/returned/", methods=["GET", "POST"])
@allow(Role.CARD_CENTRE, Role.HELP_DESK)
def returned() -> Answer:
    """Log an envelope that the post brought back, by any number on it."""
    problems: Problems = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = perform(_return())
        except RegistryError as error:
            problems, status = beside_field(error), status_of(error)
        else:
            flash(t(f"{outcome.number} 已登錄退回。", f"{outcome.number}: the return is logged."), "good")
            return redirect(url_for("centre.returned"))
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        back = in_states(connection, who, now, "mail_returned")
    return render_template("centre/returned.html", back=back, problems=problems, typed=request.form), status


def _order() -> OrderManufacture:
    """Read which case goes on which reader; the button pressed names the case and the version that was seen."""
    reader = request.form.get("reader", "").strip()
    case_id, _, version = request.form.get("order", "").partition(":")
    if not reader:
        raise BadInput(FieldProblem("reader", "required", "請選擇讀卡機。", "Choose a reader."))
    return OrderManufacture(
        case_id=whole_number(case_id), seen_version=whole_number(version, -1), reader=reader
    )


def _found(number: str, field: str) -> Line:
    with office().reading() as connection:
        line = exact(connection, access.actor(), number, office().clock.now()) if number else None
    if line is None:
        raise BadInput(
            FieldProblem(
                field,
                "unknown",
                f"查無此號碼「{number}」，請重新掃描。" if number else "請掃描或輸入號碼。",
                f"Nothing has the number '{number}'; scan again." if number else "Scan or type the number.",
            )
        )
    return line


def _pack() -> PackCard:
    card, envelope = (request.form.get(name, "").strip() for name in ("card_number", "envelope_number"))
    line = _found(card, "card_number")
    _found(envelope, "envelope_number")
    return PackCard(
        case_id=line.case_id, seen_version=line.version, card_number=card, envelope_number=envelope
    )


def _return() -> RecordMailReturned:
    line = _found(request.form.get("number", "").strip(), "number")
    reason = request.form.get("reason", "").strip()
    return RecordMailReturned(case_id=line.case_id, seen_version=line.version, reason=reason)


def _numbered(packed: tuple[Line, ...]) -> tuple[tuple[int, str], ...]:
    """Return the cases that were given a mail number, in the order of the page."""
    typed = ((line.case_id, request.form.get(f"mail-{line.case_id}", "").strip()) for line in packed)
    return tuple((case_id, number) for case_id, number in typed if number)


def _beside_row(error: RegistryError, packed: tuple[Line, ...]) -> Problems:
    """Show a refusal of one mail number beside the row that it was typed into."""
    wrong = str(error.facts.get("number", ""))
    for line in reversed(packed):
        if wrong and request.form.get(f"mail-{line.case_id}", "").replace(" ", "") == wrong:
            return (FieldProblem(f"mail-{line.case_id}", error.code, error.zh, error.en),)
    return beside_field(error)

"""The end of the day at the stock: counting, confirming, settling differences, and destroying spoiled cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from web.access import actor, allow
from web.casework import as_download, whole_number
from web.door import perform
from web.errors import problems_of, status_of
from web.language import t
from web.ports import office
from workflow import stock_paper
from workflow.commands_of_stock import (
    ConfirmAccount,
    CountPlace,
    ProposeDestruction,
    ReportFound,
    SettleDifference,
    WitnessDestruction,
)
from workflow.errors import FieldProblem, RegistryError
from workflow.stock_words import KEEPERS
from workflow.views import stock, stock_accounts
from workflow.views.stock_counts import hidden_from
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from web.casework import Answer
    from workflow.paper import Sheet

blueprint = Blueprint("stock_accounts", __name__, url_prefix="/centre/stock")
Problems = tuple[FieldProblem, ...]


@blueprint.get("/accounts/")
@allow(*KEEPERS, Role.AUDITOR)
def accounts() -> str:
    """Show the accounts, newest first, and what has to be counted."""
    return _accounts_page()


@blueprint.post("/accounts/")
@allow(*KEEPERS)
def count() -> Answer:
    """Count a place; the page does not say how many cards the books have there."""
    form = request.form
    command = CountPlace(
        place_id=whole_number(form.get("place_id", "")),
        counted=whole_number(form.get("counted", "").strip(), -1),
    )
    try:
        outcome = perform(command)
    except RegistryError as error:
        field = "place_id" if error.code in {"stock.no_place", "stock.account_open"} else "counted"
        return _accounts_page(problems_of(error, field)), status_of(error)
    if outcome.number == "differs":
        said = (
            "盤點數與帳上不符，須由另一位人員處理差異後才能結帳。",
            "The count differs from the books. Somebody else settles it before the account is closed.",
        )
        flash(t(*said), "warn")
        return redirect(url_for("stock_accounts.differences"))
    flash(t("盤點相符，請由另一位人員確認。", "The count agrees. Somebody else confirms it."), "good")
    return redirect(url_for("stock_accounts.account", account_id=outcome.created_id))


def _accounts_page(problems: Problems = ()) -> str:
    before = whole_number(request.args.get("before", "")) or None
    with office().reading() as connection:
        hidden = hidden_from(connection, actor())
        found, more = stock_accounts.accounts(connection, hidden, before)
        still_open = stock_accounts.to_confirm(connection, hidden)
        places = stock.places(connection, hidden)
    return render_template(
        "centre/stock_accounts.html",
        found=found,
        more=more,
        still_open=still_open,
        places=places,
        problems=problems,
        typed=request.form,
    )


@blueprint.get("/accounts/<int(max=999999999999999):account_id>/")
@allow(*KEEPERS, Role.AUDITOR)
def account(account_id: int) -> str:
    """Show one account with its figures."""
    return _account_page(account_id)


@blueprint.post("/accounts/<int(max=999999999999999):account_id>/")
@allow(*KEEPERS)
def confirm(account_id: int) -> Answer:
    """Confirm an account, which closes it."""
    try:
        perform(ConfirmAccount(account_id=account_id))
    except RegistryError as error:
        return _account_page(account_id, problems_of(error)), status_of(error)
    flash(t("日結已確認。", "The account is closed."), "good")
    return redirect(url_for("stock_accounts.account", account_id=account_id))


def _account_page(account_id: int, problems: Problems = ()) -> str:
    with office().reading() as connection:
        found = stock_accounts.account(connection, hidden_from(connection, actor()), account_id)
        return render_template(
            "centre/stock_account.html",
            account=found,
            figures=() if found.numbers is None else stock_accounts.figures(connection, account_id),
            problems=problems,
        )


@blueprint.get("/accounts/<int(max=999999999999999):account_id>/account.pdf")
@allow(*KEEPERS, Role.AUDITOR)
def account_pdf(account_id: int) -> Response:
    """Draw an account on paper."""
    return _download(stock_paper.account_sheet(office(), actor(), account_id))


@blueprint.get("/accounts/<int(max=999999999999999):account_id>/account.csv")
@allow(*KEEPERS, Role.AUDITOR)
def account_csv(account_id: int) -> Response:
    """Give an account as a table, with each card's step."""
    return _download(stock_paper.account_table(office(), actor(), account_id))


def _download(sheet: Sheet) -> Response:
    return as_download(Response(sheet.content, content_type=sheet.media_type), sheet.name)


@blueprint.get("/differences/")
@allow(*KEEPERS, Role.AUDITOR)
def differences() -> str:
    """Show the counts that differed, open ones first."""
    return _differences_page()


@blueprint.post("/differences/")
@allow(*KEEPERS)
def report_found() -> Answer:
    """Put a missing card that turned up again into quarantine."""
    csn = request.form.get("csn", "").strip()
    try:
        perform(ReportFound(csn=csn, reason=request.form.get("reason", "")))
    except RegistryError as error:
        field = "reason" if error.code == "case.reason_missing" else "csn"
        return _differences_page(problems_of(error, field)), status_of(error)
    said = (
        f"{csn} 已列入隔離，請放入隔離櫃，由另一位人員於「隔離卡片」處理。",
        f"{csn} is in quarantine. Put it into the cabinet; somebody else settles it under 'Cards in quarantine'.",
    )
    flash(t(*said), "good")
    return redirect(url_for("stock_accounts.differences"))


def _differences_page(problems: Problems = ()) -> str:
    with office().reading() as connection:
        found = stock.differences(connection, hidden_from(connection, actor()))
    return render_template(
        "centre/stock_differences.html", found=found, problems=problems, typed=request.form
    )


@blueprint.route("/differences/<int(max=999999999999999):difference_id>/", methods=["GET", "POST"])
@allow(*KEEPERS)
def difference(difference_id: int) -> Answer:
    """Settle one difference: count again, name what is missing, say why."""
    problems: Problems = ()
    status = 200
    if request.method == "POST":
        try:
            perform(_settled(difference_id))
        except RegistryError as error:
            field = "reason" if error.code == "case.reason_missing" else "recounted"
            problems, status = problems_of(error, field), status_of(error)
        else:
            flash(t("差異已處理。", "The difference is settled."), "good")
            return redirect(url_for("stock_accounts.differences"))
    with office().reading() as connection:
        found = stock.difference(connection, hidden_from(connection, actor()), difference_id)
    return render_template(
        "centre/stock_difference.html", found=found, problems=problems, typed=request.form
    ), status


def _settled(difference_id: int) -> SettleDifference:
    form = request.form
    return SettleDifference(
        difference_id=difference_id,
        recounted=whole_number(form.get("recounted", "").strip(), -1),
        missing=tuple(form.get("missing", "").split()),
        reason=form.get("reason", ""),
    )


@blueprint.get("/destructions/")
@allow(*KEEPERS, Role.AUDITOR)
def destructions() -> str:
    """Show the destructions, those that wait for a witness first, and the spoiled cards."""
    return _destructions_page()


@blueprint.post("/destructions/")
@allow(Role.CARD_CENTRE)
def propose() -> Answer:
    """Put spoiled cards up for destruction."""
    form = request.form
    command = ProposeDestruction(csns=tuple(form.get("csns", "").split()), method=form.get("method", ""))
    try:
        perform(command)
    except RegistryError as error:
        return _destructions_page(problems_of(error, "csns")), status_of(error)
    flash(t("已提報，請由另一位人員在場見證銷毀。", "Somebody else has to see them destroyed."), "good")
    return redirect(url_for("stock_accounts.destructions"))


def _destructions_page(problems: Problems = ()) -> str:
    with office().reading() as connection:
        return render_template(
            "centre/stock_destructions.html",
            found=stock.destructions(connection),
            spoiled=stock.spoiled_cards(connection, hidden_from(connection, actor())),
            problems=problems,
            typed=request.form,
        )


@blueprint.post("/destructions/<int(max=999999999999999):destruction_id>/")
@allow(*KEEPERS)
def witness(destruction_id: int) -> Answer:
    """Record that one saw the cards destroyed."""
    try:
        perform(WitnessDestruction(destruction_id=destruction_id))
    except RegistryError as error:
        return _destructions_page(problems_of(error)), status_of(error)
    flash(t("銷毀已見證。", "The destruction is witnessed."), "good")
    return redirect(url_for("stock_accounts.destructions"))


@blueprint.get("/destructions/<int(max=999999999999999):destruction_id>/record.pdf")
@allow(*KEEPERS, Role.AUDITOR)
def destruction_pdf(destruction_id: int) -> Response:
    """Draw the record of destroyed cards."""
    return _download(stock_paper.destruction_sheet(office(), destruction_id))

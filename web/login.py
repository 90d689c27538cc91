"""The staff's door: log-in with lock-out, and log-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, session, url_for

from web import access
from web.access import public
from web.door import perform
from web.errors import problems_of, status_of
from web.language import t
from web.security import limited
from web.staff_card import in_use
from workflow.commands import LogIn, RecordLogOut
from workflow.errors import FieldProblem, RegistryError
from workflow.facts import PUBLIC

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("login", __name__)


@blueprint.get("/login/")
@public
def form() -> str | Response:
    """Show the log-in."""
    if access.staff() is not None:
        return redirect(onward(request.args.get("next", "")))
    return _page()


@blueprint.post("/login/")
@public
@limited("20 per minute")
def log_in() -> str | Response | tuple[str, int]:
    """Log in; wrong passwords count towards the lock-out."""
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    missing = _missing(login, password)
    if missing:
        return _page(login, missing), 400
    try:
        outcome = perform(LogIn(login=login, password=password), PUBLIC)
    except RegistryError as error:
        return _page(login, problems_of(error, "login")), status_of(error)
    if outcome.actor is not None and outcome.actor.account_id is not None:
        access.begin_session(outcome.actor.account_id)
    return redirect(onward(request.form.get("next", "")))


@blueprint.post("/logout/")
@public
def log_out() -> Response:
    """Log out."""
    who = access.staff()
    if who is not None:
        perform(RecordLogOut(), who)
    session.clear()
    flash(t("您已登出。", "You are logged out."), "good")
    return redirect(url_for("login.form"))


def _page(login: str = "", problems: tuple[FieldProblem, ...] = ()) -> str:
    wanted = request.values.get("next", "")
    return render_template(
        "login/login.html", login=login, problems=problems, onward=wanted, staff_cards=in_use()
    )


def _missing(login: str, password: str) -> tuple[FieldProblem, ...]:
    found = []
    if not login:
        found.append(FieldProblem("login", "required", "請輸入帳號。", "Enter your account."))
    if not password:
        found.append(FieldProblem("password", "required", "請輸入密碼。", "Enter your password."))
    return tuple(found)


def onward(asked: str) -> str:
    """Return where to go after the log-in: the page that was asked for, if it is one of ours."""
    # Not parsed: what begins with one slash names no host, and what is no address at all is an error to a parser.
    ours = (
        asked.startswith("/")
        and not asked.startswith(("//", "/\\"))
        # A browser drops a tab or a line break, and a line break would be taken for the end of the header as well.
        and asked.isprintable()
    )
    return asked if ours else url_for("staff.home")

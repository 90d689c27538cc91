"""Which case the visitor has opened: remembered for fifteen minutes by a signed note in the session, never by the code."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from flask import current_app, flash, redirect, session, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from web.language import t
from web.ports import office
from workflow.views import public as cases

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from workflow.views.public import CaseSeen

    Answer = str | Response | tuple[str, int]

P = ParamSpec("P")

SECONDS = 15 * 60
CASE = "opened_case"
RESET = "opened_reset"


def _notes() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="opened-case")


def remember(case_id: int, slot: str = CASE) -> None:
    """Note that the visitor may see a case for the next fifteen minutes."""
    session[slot] = _notes().dumps([slot, case_id])


def forget(slot: str = CASE) -> None:
    """Close the case."""
    session.pop(slot, None)


def current(slot: str = CASE) -> CaseSeen | None:
    """Return the opened case as it is now, or None when none is open or the time is over."""
    note = session.get(slot)
    if not isinstance(note, str):
        return None
    try:
        noted_slot, case_id = _notes().loads(note, max_age=SECONDS)
    except BadSignature:
        forget(slot)
        return None
    if noted_slot != slot:
        return None
    with office().reading() as connection:
        return cases.case(connection, int(case_id))


def opened(view: Callable[Concatenate[CaseSeen, P], Answer]) -> Callable[P, Answer]:
    """Give a view the opened case; whoever has none open is asked for number and code."""

    @functools.wraps(view)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Answer:
        case = current()
        if case is None:
            flash(t("請輸入案件流水號與用戶代碼。", "Enter the case number and the user code."), "warn")
            return redirect(url_for("own_case.status"))
        return view(case, *args, **kwargs)

    return wrapped

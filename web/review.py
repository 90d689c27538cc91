"""One review page for both reviews: all that the reviewer must see, and the decision bound to it and signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request

from web import access
from web.actions import ACTIONS, Action
from web.casework import beside_field, carry_out, whole_case
from web.errors import status_of
from web.language import say, t
from web.staff_card import in_use
from workflow.errors import BadInput, FieldProblem, Refused, RegistryError

if TYPE_CHECKING:
    from web.casework import Answer

_CHOOSE = FieldProblem("decision", "required", "請選擇審核決定。", "Choose a decision.")


def review(
    case_id: int, triggers: tuple[str, ...], onward: str, template: str = "staff/review.html", **more: Any
) -> Answer:
    """Show a case for review, and decide on it; the decision names its trigger. `more` is for another template."""
    whole = whole_case(case_id, access.actor())
    problems: tuple[FieldProblem, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            action = _decision(triggers)
            carry_out(whole, action)
        except RegistryError as error:
            problems, status = beside_field(error), status_of(error)
        else:
            flash(
                t(
                    f"{whole.page.head.number} 已完成：{action.zh}",
                    f"{whole.page.head.number}: {action.en}, done",
                ),
                "good",
            )
            return redirect(onward)
    choices = [(action.trigger, say(action)) for action in whole.actions if action.trigger in triggers]
    if not choices and not problems:
        raise Refused("case.not_now", state=say(whole.page.head.state), action=t("審核", "review"))
    return render_template(
        template,
        whole=whole,
        choices=choices,
        problems=problems,
        typed=request.form,
        staff_cards=in_use(),
        **more,
    ), status


def _decision(triggers: tuple[str, ...]) -> Action:
    chosen = request.form.get("decision", "")
    if chosen not in triggers:
        raise BadInput(_CHOOSE)
    return ACTIONS[chosen]

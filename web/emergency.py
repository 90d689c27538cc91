"""The help desk's emergencies: papers that came by fax are logged, the person called back, the card suspended (SUS-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from web.access import allow
from web.door import perform
from web.errors import problems_of, status_of
from web.language import t
from web.ports import office
from workflow.commands_of_holders import RefuseEmergency, SuspendInEmergency, TakeEmergency
from workflow.errors import FieldProblem, RegistryError
from workflow.views import emergencies
from workflow.vocabulary import EmergencyPaper, Role

if TYPE_CHECKING:
    from web.casework import Answer

blueprint = Blueprint("emergency", __name__, url_prefix="/desk/emergency")


@blueprint.get("/")
@allow(Role.HELP_DESK)
def index() -> Answer:
    """Show whom to call back, and what came of the last calls."""
    return _page()


def _page(problems: tuple[FieldProblem, ...] = ()) -> str:
    with office().reading() as connection:
        waiting, settled = emergencies.waiting(connection), emergencies.settled(connection)
    return render_template(
        "desk/emergency.html",
        waiting=waiting,
        settled=settled,
        papers=[(paper.value, t(paper.zh, paper.en)) for paper in EmergencyPaper],
        problems=problems,
        typed=request.form,
    )


@blueprint.post("/")
@allow(Role.HELP_DESK)
def take() -> Answer:
    """Log a request that came by fax."""
    paper = next((one for one in EmergencyPaper if one.value == request.form.get("paper")), None)
    if paper is None:
        problem = FieldProblem("paper", "choice", "請選擇所附證件。", "Choose the papers that came.")
        return _page((problem,)), 400
    names = ("card_number", "asked_by", "phone", "reason")
    given = {name: request.form.get(name, "").strip() for name in names}
    try:
        perform(TakeEmergency(paper=paper, **given))
    except RegistryError as error:
        return _page(problems_of(error, "card_number")), status_of(error)
    flash(t("已登錄，請立即回電確認身分。", "Logged. Call back at once to identify the person."), "good")
    return redirect(url_for("emergency.index"))


@blueprint.post("/<int(max=999999999999999):emergency_id>/")
@allow(Role.HELP_DESK)
def settle(emergency_id: int) -> Answer:
    """Suspend after the call back, or refuse; a suspension wants the tick too, which Enter alone does not give."""
    outcome, said = request.form.get("outcome"), request.form.get("said", "")
    try:
        if outcome == "suspend":
            identified = request.form.get("identified") == "yes"
            done = perform(SuspendInEmergency(emergency_id=emergency_id, said=said, identified=identified))
            flash(
                t(f"{done.number} 的憑證已停用。", f"{done.number}: the certificates are suspended."), "good"
            )
        elif outcome == "refuse":
            done = perform(RefuseEmergency(emergency_id=emergency_id, said=said))
            flash(t(f"{done.number} 不予受理。", f"{done.number}: refused."), "good")
        else:
            problem = FieldProblem(
                f"identified-{emergency_id}", "choice", "請選擇停用或不予受理。", "Suspend, or refuse."
            )
            return _page((problem,)), 400
    except RegistryError as error:
        return _page(_beside(error, emergency_id)), status_of(error)
    return redirect(url_for("emergency.index"))


def _beside(error: RegistryError, emergency_id: int) -> tuple[FieldProblem, ...]:
    """Put a problem beside the field of its own request, whose forms stand below one another."""
    return tuple(
        FieldProblem(f"{one.field}-{emergency_id}", one.code, one.zh, one.en)
        for one in problems_of(error, "said")
    )

"""The first-review window: its own organisations' cases, its decisions, and its letter that takes them on (RV1-01…05)."""

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
from web.review import review as review_page
from workflow.commands import ForwardCases
from workflow.errors import RegistryError
from workflow.views.letters import rank_counts
from workflow.views.worklist import in_states
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from web.casework import Answer
    from workflow.errors import FieldProblem

blueprint = Blueprint("window", __name__, url_prefix="/window")

DECISIONS = ("approve_first", "return_first")


@blueprint.get("/")
@allow(Role.FIRST_REVIEWER)
def index() -> str:
    """List what waits for the first review, and what has passed it."""
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        waiting = in_states(connection, who, now, "first_review")
        passed = in_states(connection, who, now, "first_passed")
        returned = in_states(connection, who, now, "returned_first", "returned_second")
    return render_template("window/index.html", waiting=waiting, passed=passed, returned=returned)


@blueprint.route("/cases/<int(max=999999999999999):case_id>/", methods=["GET", "POST"])
@allow(Role.FIRST_REVIEWER)
def review(case_id: int) -> Answer:
    """Review one case: pass it or return it with the reason."""
    return review_page(case_id, DECISIONS, url_for("window.index"))


@blueprint.route("/forward/", methods=["GET", "POST"])
@allow(Role.FIRST_REVIEWER)
def forward() -> Answer:
    """Choose the cases that passed, and send them on with the window's own letter (LTR-02)."""
    who = access.actor()
    chosen = tuple(filter(None, map(whole_number, request.form.getlist("case_id"))))
    problems: tuple[FieldProblem, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = perform(ForwardCases(case_ids=chosen), who)
        except RegistryError as error:
            problems, status = beside_field(error), status_of(error)
        else:
            flash(
                t(
                    f"已函送 {len(outcome.cases)} 案，公文如下。",
                    f"{len(outcome.cases)} cases went on; here is the letter.",
                ),
                "good",
            )
            return redirect(url_for("clerk.letter", letter_id=outcome.created_id))
    with office().reading() as connection:
        passed = in_states(connection, who, office().clock.now(), "first_passed")
    return render_template(
        "window/forward.html", passed=passed, counts=rank_counts(passed), chosen=chosen, problems=problems
    ), status

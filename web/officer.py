"""The second reviewer: decides what is issued, on late cases, and gives an organisation its OID (RV2-01, RV2-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from web import access
from web.access import allow
from web.door import perform
from web.errors import problems_of, status_of
from web.language import t
from web.ports import office
from web.review import review as review_page
from workflow.commands import AssignOid
from workflow.errors import NotFound, RegistryError
from workflow.views.case_page import case_head
from workflow.views.worklist import in_states
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from web.casework import Answer
    from workflow.errors import FieldProblem

blueprint = Blueprint("officer", __name__, url_prefix="/officer")

DECISIONS = ("approve_second", "return_second", "refuse")
LATE = ("late_paper", "late_paper_revoked", "suspended_unactivated")


@blueprint.get("/")
@allow(Role.SECOND_REVIEWER)
def index() -> str:
    """List what waits for the second review, and the late cases that people decide on."""
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        waiting = in_states(connection, who, now, "second_review")
        late = in_states(connection, who, now, *LATE)
    return render_template("officer/index.html", waiting=waiting, late=late)


@blueprint.route("/cases/<int(max=999999999999999):case_id>/", methods=["GET", "POST"])
@allow(Role.SECOND_REVIEWER)
def review(case_id: int) -> Answer:
    """Review one case: approve, return or refuse."""
    return review_page(case_id, DECISIONS, url_for("officer.index"))


@blueprint.route("/cases/<int(max=999999999999999):case_id>/oid/", methods=["GET", "POST"])
@allow(Role.SECOND_REVIEWER)
def assign_oid(case_id: int) -> Answer:
    """Give the organisation of a case its OID (APP-12)."""
    with office().reading() as connection:
        head = case_head(connection, access.actor(), case_id)
    if head.organisation_id is None:
        raise NotFound("case.not_found")
    problems: tuple[FieldProblem, ...] = ()
    status = 200
    typed = request.form.get("oid", head.oid).strip()
    if request.method == "POST":
        try:
            perform(AssignOid(organisation_id=head.organisation_id, oid=typed))
        except RegistryError as error:
            problems, status = problems_of(error, "oid"), status_of(error)
        else:
            flash(t(f"已配賦 OID：{typed}", f"OID assigned: {typed}"), "good")
            return redirect(url_for("staff.case", case_id=case_id))
    return render_template("officer/oid.html", head=head, typed=typed, problems=problems), status

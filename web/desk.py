"""The help desk: user-code resets, mail that came back, notices sent once more (UCR-02, UCR-03, CRD-08)."""

from __future__ import annotations

from flask import Blueprint, render_template

from web import access
from web.access import allow
from web.ports import office
from workflow.views.worklist import in_states
from workflow.vocabulary import Role

blueprint = Blueprint("desk", __name__, url_prefix="/desk")


@blueprint.get("/")
@allow(Role.HELP_DESK)
def index() -> str:
    """Show the resets by what has to be done with them, and where cards have not reached their holders."""
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        return render_template(
            "desk/index.html",
            requested=in_states(connection, who, now, "requested"),
            to_tell=in_states(connection, who, now, "copy_received"),
            awaiting=in_states(connection, who, now, "awaiting_paper"),
            overdue=in_states(connection, who, now, "paper_overdue_suspended", "paper_overdue_revoked"),
            unreached=in_states(connection, who, now, "mail_returned"),
        )

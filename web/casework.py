"""What the case screens share: loading a page, its buttons, and carrying out an action with its errors in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for

from web import access, form_view
from web.actions import ACTIONS, DESKS, FIELD_OF, Action, build
from web.door import perform
from web.errors import problems_of, status_of
from web.language import say, t
from web.ports import office
from workflow import policies
from workflow.errors import Refused, RegistryError
from workflow.views import deadlines
from workflow.views.case_page import case_page
from workflow.views.charts import Chart, chart
from workflow.views.holders import contact_on_record
from workflow.vocabulary import CaseKind, DeadlineState, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

    from workflow.errors import FieldProblem
    from workflow.facts import Actor
    from workflow.outcome import Outcome
    from workflow.views.case_parts import CasePage, DecisionPart, Head

    Answer = str | BaseResponse | tuple[str, int]


LONGEST_NUMBER = 15
"""Digits of the longest row number that is looked up."""


@dataclass(frozen=True, slots=True)
class WholeCase:
    """Everything that a page about one case draws from."""

    page: CasePage
    form: tuple[form_view.Part, ...]
    due: tuple[deadlines.DeadlinePart, ...]
    pauses: tuple[deadlines.PausePart, ...]
    chart: Chart
    actions: tuple[Action, ...]
    desks: tuple[tuple[str, str, str], ...]
    """Pages where the case is worked on together with others: endpoint and words."""
    recorded: Mapping[str, str] | None
    """For a reset: the contact whom the card's own case has on record, which the form can't change."""
    verified: frozenset[int]
    """The decisions whose signatures verify, by id."""


def whole_case(case_id: int, who: Actor) -> WholeCase:
    """Load a case for somebody; NotFound when they may not see it."""
    with office().reading() as connection:
        page = case_page(connection, who, case_id)
        due = deadlines.of_case(connection, page.head)
        pauses = deadlines.pauses(connection, case_id)
        head = page.head
        is_reset = head.kind is CaseKind.USERCODE_RESET and head.parent_id is not None
        recorded = contact_on_record(connection, head.parent_id or 0) if is_reset else None
    steps = tuple((str(step.source or "new"), str(step.dest)) for step in page.history)
    return WholeCase(
        page=page,
        form=form_view.parts(head, page.form) if page.form else (),
        due=due,
        pauses=pauses,
        chart=chart(head.kind, policies.by_version(head.policy_version), head.state, steps),
        actions=_actions(page, due, who),
        desks=tuple(DESKS[trigger] for trigger in page.actions if trigger in DESKS),
        recorded=recorded,
        verified=frozenset(one.id for one in page.decisions if _verifies(one)),
    )


def _verifies(decision: DecisionPart) -> bool:
    """Tell whether a decision's signature is its account's over its statement."""
    if decision.signing_spki is None:
        return False
    try:
        office().statements.verify(decision.signing_spki, decision.statement.encode(), decision.signature)
    except ValueError:
        return False
    return True


def _actions(page: CasePage, due: tuple[deadlines.DeadlinePart, ...], who: Actor) -> tuple[Action, ...]:
    """Return the buttons: what the table offers the role, and what the role may do around any case."""
    triggers = [trigger for trigger in page.actions if trigger in ACTIONS]
    states = {part.state for part in due}
    if who.has(Role.SECOND_REVIEWER) and DeadlineState.WAITING in states:
        triggers.append("pause_deadlines")
    if who.has(Role.SECOND_REVIEWER) and DeadlineState.PAUSED in states:
        triggers.append("resume_deadlines")
    if who.has(Role.HELP_DESK):
        triggers.append("resend_notice")
        if _is_locked_out(page.head):
            triggers.append("unlock_user_code")
    return tuple(ACTIONS[trigger] for trigger in triggers)


def _is_locked_out(head: Head) -> bool:
    """Tell whether an applicant who has no card yet is locked out by wrong user codes (PIN-03)."""
    limit = policies.by_version(head.policy_version).user_code_tries.value
    return head.kind is not CaseKind.USERCODE_RESET and not head.card_number and head.code_tries >= limit


def action_for(whole: WholeCase, trigger: str) -> Action:
    """Return the action of a trigger that is offered now; Refused when the case has no such way out."""
    for action in whole.actions:
        if action.trigger == trigger:
            return action
    words = ACTIONS.get(trigger, None)
    raise Refused("case.not_now", state=say(whole.page.head.state), action=say(words) if words else trigger)


def carry_out(whole: WholeCase, action: Action) -> Outcome:
    """Carry out an action with what was posted, as the member of the staff who is logged in."""
    return perform(build(action, whole.page.head, request.form))


def beside_field(error: RegistryError) -> tuple[FieldProblem, ...]:
    """Return a refusal as problems to show in the form that was posted; raises it again when it needs a page of its own."""
    if error.code == "input.invalid":
        return problems_of(error)
    if error.code not in FIELD_OF:
        raise error
    return problems_of(error, FIELD_OF[error.code])


def do(case_id: int, trigger: str, template: str, onward: str) -> Answer:
    """Serve the form of one action: show it on GET, carry it out on POST, and go onward to an address."""
    who = access.actor()
    whole = whole_case(case_id, who)
    action = ACTIONS.get(trigger) if request.method == "POST" else action_for(whole, trigger)
    if action is None:
        raise Refused("case.not_now", state=say(whole.page.head.state), action=trigger)
    problems: tuple[FieldProblem, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = carry_out(whole, action)
        except RegistryError as error:
            problems, status = beside_field(error), status_of(error)
        else:
            if outcome.secret:
                return told_once(outcome)
            flash(t(*action.done), "good")
            return redirect(onward)
    return render_template(
        template, whole=whole, action=action, problems=problems, typed=request.form
    ), status


def told_once(outcome: Outcome) -> str:
    """Show a secret in the answer to the post itself, which nobody can open again; pages are not stored."""
    return render_template("staff/told_once.html", outcome=outcome)


def case_address(case_id: int) -> str:
    """Return the address of a case's page."""
    return url_for("staff.case", case_id=case_id)


def whole_number(text: str, otherwise: int = 0) -> int:
    """Return a number that came with a request; one that no row can have, or none at all, is `otherwise`."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else otherwise


def as_download(response: Response, name: str) -> Response:
    """Make a response a file to keep, never a page to open in the site's own name."""
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response

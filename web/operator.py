"""The operator and the auditor: dead letters, the sweeper's breaker, deadlines to come, the audit log (AUD-01, AUD-04)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from forms.rocdate import RocDateError, parse_roc, roc_year
from web import access
from web.access import allow
from web.casework import beside_field, whole_number
from web.door import perform
from web.errors import status_of
from web.language import say, t
from web.ports import office
from workflow.audit_words import kind_in_words
from workflow.commands import ConfirmSweep, RequeueDeadLetter
from workflow.days import TAIPEI
from workflow.errors import FieldProblem, RegistryError
from workflow.views import audit, deadlines, outbox, watches
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from web.casework import Answer

blueprint = Blueprint("operator", __name__, url_prefix="/operator")

_KEY_PARTS = 2
_ISO_DAY = re.compile(r"^([12]\d{3})-(\d{2})-(\d{2})$")


@blueprint.get("/")
@allow(Role.OPERATOR, Role.ADMINISTRATOR)
def index() -> str:
    """Show how the lanes stand, what is dead, and whether the breaker is open."""
    return _page()


@blueprint.post("/requeue/")
@allow(Role.OPERATOR)
def requeue() -> Answer:
    """Put a dead letter back to work."""
    work = request.form.get("outbox_id", "")
    perform(RequeueDeadLetter(outbox_id=whole_number(work)))
    flash(t("已重新排入處理。", "It is back to work."), "good")
    return redirect(url_for("operator.index"))


@blueprint.post("/confirm-sweep/")
@allow(Role.OPERATOR)
def confirm_sweep() -> Answer:
    """Let a sweep over the limit go on, with the reason."""
    try:
        perform(ConfirmSweep(reason=request.form.get("reason", "")))
    except RegistryError as error:
        return _page(beside_field(error)), status_of(error)
    flash(t("已確認，下次到期處理將繼續。", "Confirmed: the next sweep goes on."), "good")
    return redirect(url_for("operator.index"))


@blueprint.get("/deadlines/")
@allow(Role.OPERATOR, Role.SECOND_REVIEWER, Role.HELP_DESK, Role.AUDITOR)
def deadline_list() -> str:
    """Forecast what deadlines will do to certificates, and list them."""
    asked = request.args.get("days", "")
    days = next((one for one in deadlines.HORIZONS if str(one) == asked), deadlines.HORIZONS[0])
    now = office().clock.now()
    with office().reading() as connection:
        forecast = deadlines.forecast(connection, now)
        lines, after = deadlines.upcoming(connection, now, days, _key(request.args.get("after", "")))
    return render_template(
        "operator/deadlines.html",
        forecast=forecast,
        lines=lines,
        days=days,
        horizons=deadlines.HORIZONS,
        after=f"{after[0].isoformat()}~{after[1]}" if after else "",
    )


@blueprint.get("/audit/")
@allow(Role.AUDITOR)
def audit_log() -> str:
    """Show the audit log, filtered, and how its sealing stands."""
    wanted, problems = _wanted()
    with office().reading() as connection:
        lines, more = audit.entries(connection, wanted)
        sealing, kinds = audit.sealing(connection), audit.kinds(connection)
    args = {name: value for name, value in request.args.items() if value and name != "before"}
    return render_template(
        "operator/audit.html",
        lines=lines,
        more=more,
        sealing=sealing,
        kinds=sorted(((kind, say(kind_in_words(kind))) for kind in kinds), key=itemgetter(1)),
        in_words=kind_in_words,
        args=args,
        problems=problems,
    )


def _page(problems: tuple[FieldProblem, ...] = ()) -> str:
    with office().reading() as connection:
        return render_template(
            "operator/index.html",
            lanes=outbox.lanes(connection),
            dead=outbox.dead_letters(connection),
            breakers=outbox.breakers(connection),
            alarms=watches.open_findings(connection),
            too_long=office().clock.now() - timedelta(days=office().settings.escalation_days),
            sealing=audit.sealing(connection),
            works=access.actor().has(Role.OPERATOR),
            problems=problems,
            typed=request.form,
        )


def _wanted() -> tuple[audit.AuditWanted, tuple[FieldProblem, ...]]:
    asked = {name: value.strip() for name, value in request.args.items()}
    problems: list[FieldProblem] = []
    since, until = (_day(asked.get(name, ""), name, problems) for name in ("since", "until"))
    before = asked.get("before", "")
    wanted = audit.AuditWanted(
        kind=asked.get("kind", ""),
        actor=asked.get("actor", ""),
        case_number=asked.get("case_number", ""),
        since=since,
        # The last day counts whole.
        until=until + timedelta(days=1) if until else None,
        before=whole_number(before) or None,
    )
    return wanted, tuple(problems)


def _day(text: str, field: str, problems: list[FieldProblem]) -> datetime | None:
    if not text:
        return None
    try:
        day = parse_roc(_ISO_DAY.sub(_in_roc_years, text))
    except RocDateError as error:
        problems.append(FieldProblem(field, "roc_date", error.zh, error.en))
        return None
    return datetime(day.year, day.month, day.day, tzinfo=TAIPEI)


def _in_roc_years(day: re.Match[str]) -> str:
    """Write a day that was typed as the English page shows days in the way that is read everywhere."""
    return f"{roc_year(date(int(day[1]), 1, 1))}/{day[2]}/{day[3]}"


def _key(text: str) -> deadlines.Key | None:
    """Read back the key of a page; what was tampered with shows the first page."""
    parts = text.split("~")
    if len(parts) != _KEY_PARTS or not whole_number(parts[1]):
        return None
    try:
        due = datetime.fromisoformat(parts[0])
        # A moment at the edge of the calendar has no day in another zone.
        return (due.astimezone(UTC), int(parts[1])) if due.tzinfo else None
    except (ValueError, OverflowError):
        return None

"""The work area of all staff: work list, search, the case page, its actions and documents."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for

from forms.rocdate import ShortStyle, roc_short
from web import access
from web.access import allow
from web.actions import words_of
from web.casework import as_download, case_address, do, whole_case, whole_number
from web.language import language, t
from web.ports import office
from web.security import limited
from workflow import paper
from workflow.days import TAIPEI, taipei_day
from workflow.errors import NotFound
from workflow.views import accounts, documents, stock
from workflow.views import worklist as lists
from workflow.views.case_page import case_head
from workflow.views.search import search as find
from workflow.vocabulary import STAFF_ROLES, Ca, CaseKind, Role

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from web.casework import Answer
    from workflow.vocabulary import Word

blueprint = Blueprint("staff", __name__, url_prefix="/staff")

CASE_ROLES = (
    Role.LETTER_CLERK, Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.CARD_CENTRE, Role.HELP_DESK, Role.AUDITOR,
)  # fmt: skip
_TONES = {
    "good": {"activated", "closed", "issued", "accepted"},
    "bad": {"refused", "revoked_unactivated", "suspended_unactivated", "lapsed", "paper_overdue_suspended",
            "paper_overdue_revoked", "declined", "not_accepted", "acceptance_lapsed"},
    "warn": {"partly_refused", "returned_first", "returned_second", "mail_returned", "late_paper", "late_paper_revoked", "late_allowed"},
    "neutral": {"withdrawn", "cancelled"},
    "wait": {"uploaded", "posted", "awaiting_paper", "requested", "to_accept"},
}  # fmt: skip
_LINE = {"zh": 12, "en": 24}
_KEY_PARTS = 3
_NAMELESS = {"public": ("申請人", "Applicant"), "system": ("系統", "System")}


@blueprint.get("/")
@allow(*STAFF_ROLES)
def home() -> BaseResponse:
    """Lead each member of the staff to the work that is theirs."""
    who = access.actor()
    if who.roles & set(CASE_ROLES) - {Role.AUDITOR}:
        return redirect(url_for("staff.worklist"))
    if who.has(Role.AUDITOR):
        return redirect(url_for("operator.audit_log"))
    if who.has(Role.ADMINISTRATOR):
        return redirect(url_for("administrator.accounts"))
    if who.has(Role.OPERATOR):
        return redirect(url_for("operator.index"))
    # What remains is the controller of physical security.
    return redirect(url_for("stock.index"))


@blueprint.get("/worklist/")
@allow(*CASE_ROLES)
def worklist() -> str:
    """Show what waits for the roles of the one who asks."""
    who, now = access.actor(), office().clock.now()
    wanted = _wanted()
    with office().reading() as connection:
        page = lists.worklist(connection, who, wanted, now)
        counts = lists.counts(connection, who, now)
        at_stock = stock.waiting(connection) if who.has(Role.CARD_CENTRE) else None
    args = {
        name: value
        for name, value in request.args.items()
        if name in {"tab", "ca", "kind", "state"} and value
    }
    return render_template(
        "staff/worklist.html",
        page=page,
        counts=counts,
        at_stock=at_stock,
        wanted=wanted,
        args=args,
        after=_key_text(page.after) if page.after else "",
        tabs=lists.Tab,
        cas=Ca,
        kinds=CaseKind,
        states=lists.states(),
    )


@blueprint.get("/search/")
@allow(*CASE_ROLES)
@limited("60 per minute")
def search() -> str:
    """Search by any number or name."""
    text = request.args.get("q", "").strip()[:100]
    with office().reading() as connection:
        found = find(connection, access.actor(), text, office().clock.now()) if text else None
    return render_template("staff/search.html", text=text, found=found)


@blueprint.get("/cases/<int(max=999999999999999):case_id>/")
@allow(*CASE_ROLES)
def case(case_id: int) -> str:
    """Show all of a case."""
    return render_template("staff/case.html", whole=whole_case(case_id, access.actor()))


@blueprint.route("/cases/<int(max=999999999999999):case_id>/do/<trigger>/", methods=["GET", "POST"])
@allow(*CASE_ROLES)
def act(case_id: int, trigger: str) -> Answer:
    """Show the form of one action, and carry it out."""
    return do(case_id, trigger, "staff/act.html", case_address(case_id))


@blueprint.get("/cases/<int(max=999999999999999):case_id>/form.pdf")
@allow(*CASE_ROLES)
def form_sheet(case_id: int) -> Response:
    """Draw the application form of the case anew."""
    with office().reading() as connection:
        head = case_head(connection, access.actor(), case_id)
    if head.kind is CaseKind.CERTIFICATE_REQUEST:
        raise NotFound("case.not_found")
    draw = paper.reset_form if head.kind is CaseKind.USERCODE_RESET else paper.application_form
    sheet = draw(office(), case_id)
    return as_download(Response(sheet.content, mimetype=sheet.media_type), sheet.name)


@blueprint.get("/documents/<int(max=999999999999999):document_id>/")
@allow(*CASE_ROLES)
def document(document_id: int) -> Response:
    """Hand out a document."""
    with office().reading() as connection:
        found = documents.document(connection, access.actor(), document_id)
    return as_download(Response(found.content, mimetype=found.media_type), found.name)


@blueprint.app_template_global()
def tone(state: Word) -> str:
    """Return the tone of a state's badge."""
    return next((name for name, states in _TONES.items() if str(state) in states), "info")


@blueprint.app_template_filter()
def label_lines(words: str) -> list[str]:
    """Break a state's name into the two lines that its box on the chart has room for."""
    if len(words) <= _LINE[language()]:
        return [words]
    breaks = [place for place, sign in enumerate(words) if sign in " ，（" and place]
    middle = len(words) // 2
    at = min(breaks, key=lambda place: abs(place - middle), default=middle)
    at += words[at] == "，"
    return [words[:at].strip(), words[at:].strip()]


@blueprint.app_template_global()
def waiting_for_me() -> lists.Counts | None:
    """Count what waits for the one who is logged in, for the line above every page of the work area."""
    who = access.staff()
    if who is None or not who.roles & set(CASE_ROLES):
        return None
    with office().reading() as connection:
        return lists.counts(connection, who, office().clock.now())


@blueprint.app_template_filter()
def short_day(when: date | datetime | None) -> str:
    """Return a day as tables show it: 115/11/20, or 2026-11-20 in English."""
    if when is None:
        return "—"
    there = taipei_day(when) if isinstance(when, datetime) else when
    return t(roc_short(there, ShortStyle.SLASHES), there.isoformat())


@blueprint.app_template_filter()
def short_moment(when: datetime | None) -> str:
    """Return a moment as tables show it, in Taipei's time."""
    return "—" if when is None else f"{short_day(when)} {when.astimezone(TAIPEI):%H:%M}"


@blueprint.app_template_filter()
def by_whom(name: str) -> str:
    """Return who acted by the login that was written down: a person's name, or a word for those who have none here."""
    if name in _NAMELESS:
        return t(*_NAMELESS[name])
    # A page names few people many times.
    known = access.names_of_staff()
    if name not in known:
        with office().reading() as connection:
            known[name] = accounts.person_of(connection, name) or name
    return known[name]


@blueprint.app_template_filter()
def what_was_done(trigger: str) -> str:
    """Return what was done, as the history of a case calls it."""
    return t(*words_of(trigger))


@blueprint.app_template_filter()
def last_day(due_at: datetime) -> str:
    """Return the last day that counts: a deadline is due at the midnight that ends it."""
    return short_day(due_at - timedelta(seconds=1))


@blueprint.app_template_filter()
def span(length: timedelta) -> str:
    """Return a length of time in days and hours."""
    hours = int(length.total_seconds()) // 3600
    days, rest = divmod(hours, 24)
    return t(f"{days} 日 {rest} 小時", f"{days} d {rest} h") if hours else "—"


@blueprint.app_template_filter()
def file_size(size: int) -> str:
    """Return the size of a file in kilobytes."""
    return f"{-(-size // 1024)} KB"


@blueprint.app_template_filter()
def words(choices: tuple[tuple[str, str, str], ...]) -> list[tuple[str, str]]:
    """Return the choices of an action's field in the language of the request."""
    return [(value, t(zh, en)) for value, zh, en in choices]


def _wanted() -> lists.Wanted:
    asked = request.args
    return lists.Wanted(
        tab=lists.Tab.MINE if asked.get("tab") == lists.Tab.MINE else lists.Tab.TEAM,
        ca=next((ca for ca in Ca if ca == asked.get("ca")), None),
        kind=next((kind for kind in CaseKind if kind == asked.get("kind")), None),
        state=asked.get("state", ""),
        after=_key(asked.get("after", "")),
    )


def _key_text(key: lists.Key) -> str:
    due, queued, case_id = key
    return f"{due.isoformat()}~{queued.isoformat()}~{case_id}"


def _key(text: str) -> lists.Key | None:
    """Read back the key of a page; what was tampered with shows the first page."""
    parts = text.split("~")
    if len(parts) != _KEY_PARTS or not whole_number(parts[2]):
        return None
    try:
        due, queued = (datetime.fromisoformat(part) for part in parts[:2])
    except ValueError:
        return None
    return (due, queued, int(parts[2])) if due.tzinfo and queued.tzinfo else None

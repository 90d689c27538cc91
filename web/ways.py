"""The ways on from a refusal: what its page offers, the most useful first.

A page that was refused because the case moved on would refuse again; whoever stands before it needs the case, or their
own work, rather than the same page once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import current_app, request, session, url_for

from web import access, opened_case

_ROOT = "public.home"
_CASE = "staff.case"
_AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Way:
    """One link of a refusal's page: where it leads, and its words."""

    address: str
    zh: str
    en: str


def logged_out() -> bool:
    """Tell whether the page is one of the staff's and nobody is logged in, as after a session ended."""
    if not request.endpoint:
        return False
    rule = access.rule_of(current_app, request.endpoint)
    return rule is not None and not rule.everybody and rule.scope is None and access.staff() is None


def ways(status: int) -> tuple[Way, ...]:
    """Return the links that a refusal's page offers, the main one first."""
    home = Way(url_for(_ROOT), "回首頁", "Home page")
    if status == HTTPStatus.FORBIDDEN and logged_out():
        return Way(url_for("login.form", next=_wanted()), "重新登入", "Log in again"), home
    found = (*_the_case(status), *_the_same_page(status))
    if access.staff() is not None:
        return (*found, Way(url_for("staff.home"), "回工作區", "Your work"))
    return (*found, home)


def _the_case(status: int) -> tuple[Way, ...]:
    """Return the case that a conflict was about."""
    if status not in (HTTPStatus.CONFLICT, HTTPStatus.LOCKED):
        return ()
    case_id = (request.view_args or {}).get("case_id")
    rule = access.rule_of(current_app, _CASE)
    if isinstance(case_id, int) and rule is not None and access.may(rule, access.staff()):
        return (Way(url_for(_CASE, case_id=case_id), "查看這個案件", "See this case"),)
    if access.staff() is None and isinstance(session.get(opened_case.CASE), str):
        return (Way(url_for("own_case.case"), "查看這個案件", "See this case"),)
    return ()


def _the_same_page(status: int) -> tuple[Way, ...]:
    """Return the page itself, where it may be opened by a link and would not say the same again."""
    again = status in _AGAIN or request.method not in {"GET", "HEAD"}
    if status == HTTPStatus.NOT_FOUND or not again or not _has_get():
        return ()
    return (Way(request.path, "重新載入這個頁面", "Load this page again"),)


def _wanted() -> str:
    """Return the page to see after a log-in; an address that only takes posts is told by its form which one that is."""
    return request.full_path.rstrip("?") if _has_get() else request.args.get("next", "")


def _has_get() -> bool:
    return request.url_rule is not None and "GET" in (request.url_rule.methods or set())

"""Who may open which page: every view says so, and what does not say so is closed.

`@allow(Role.X, …)` opens a view to members of the staff with one of the roles, `@token(ApiScope.X)` to programs that
show a token with that scope, `@public` to everybody. A route without any of these stops the application from starting.
The account is read again with each request, so that a role taken away or an account closed takes effect at once (ROL-01,
ROL-09).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, abort, g, redirect, request, session, url_for

from web.ports import office, ports
from workflow.commands_of_repository import AdmitApiToken
from workflow.errors import NotProven
from workflow.facts import PUBLIC, Actor
from workflow.handlers import handle
from workflow.views import accounts

if TYPE_CHECKING:
    from datetime import timedelta

    from werkzeug.wrappers import Response

    from workflow.vocabulary import ApiScope, Role

View = TypeVar("View", bound=Callable[..., Any])
ACCOUNT = "account_id"
EPOCH = "session_epoch"
BEGAN = "logged_in_at"
SEEN = "seen_at"
_RULE = "access_rule"
_OPEN_ENDPOINTS = frozenset({"static", "bootstrap.static"})


class OpenDoorError(Exception):
    """Routes that do not say who may use them; the application must not start."""


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Who may use a view: anybody, the staff with one of the roles, or a program with a token of a scope."""

    everybody: bool
    roles: frozenset[Role] = frozenset()
    scope: ApiScope | None = None


def public(view: View) -> View:
    """Open a view to everybody."""
    setattr(view, _RULE, AccessRule(everybody=True))
    return view


def allow(*roles: Role) -> Callable[[View], View]:
    """Open a view to members of the staff who hold one of the roles."""
    if not roles:
        raise ValueError("a view for the staff names at least one role")

    def wrap(view: View) -> View:
        setattr(view, _RULE, AccessRule(everybody=False, roles=frozenset(roles)))
        return view

    return wrap


def token(scope: ApiScope) -> Callable[[View], View]:
    """Open a view to programs whose request carries a token with a scope; raises NotProven or NotAllowed inside.

    The token is looked at within the view, so that the limit on its use counts wrong ones, too.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def admitted(*arguments: Any, **named: Any) -> Any:
            g.caller = _admit(scope)
            return view(*arguments, **named)

        setattr(admitted, _RULE, AccessRule(everybody=False, scope=scope))
        return cast("View", admitted)

    return wrap


def _admit(scope: ApiScope) -> Actor:
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not shown.strip():
        raise NotProven("token.missing")
    found = handle(
        office(), AdmitApiToken(token=shown.strip(), scope=scope), replace(PUBLIC, channel="api")
    ).actor
    if found is None:
        raise NotProven("token.refused")
    return found


def caller() -> Actor:
    """Return the program whose token was admitted in this request; only within a view under `@token`."""
    found: Actor = g.caller
    return found


def rule_of(app: Flask, endpoint: str) -> AccessRule | None:
    """Return the access rule of an endpoint; None if its view has none."""
    if endpoint in _OPEN_ENDPOINTS:
        return AccessRule(everybody=True)
    found = getattr(app.view_functions[endpoint], _RULE, None)
    return found if isinstance(found, AccessRule) else None


def staff() -> Actor | None:
    """Return the member of the staff who is logged in, read from the accounts once a request."""
    if "staff" not in g:
        g.staff = _read_account()
    found: Actor | None = g.staff
    return found


def names_of_staff() -> dict[str, str]:
    """Return the names of people by login that this request has read so far."""
    found: dict[str, str] = g.setdefault("names_of_staff", {})
    return found


def ask_nobody() -> None:
    """Take the visitor for a stranger for the rest of this request, since the accounts can't be read."""
    g.staff = None


def begin_session(account_id: int) -> None:
    """Begin the session of a member of the staff; nothing set before the log-in is carried over."""
    with office().reading() as connection:
        epoch = accounts.session_epoch(connection, account_id)
    session.clear()
    session.permanent = True
    now = office().wall.now().timestamp()
    session[ACCOUNT], session[EPOCH], session[BEGAN], session[SEEN] = account_id, epoch, now, now


def _read_account() -> Actor | None:
    """Read the account of a session that is neither too old, nor idle for too long, nor ended by a log-out."""
    account_id, epoch = session.get(ACCOUNT), session.get(EPOCH)
    if not (isinstance(account_id, int) and isinstance(epoch, int)):
        return None
    found = None
    if _younger(BEGAN, ports().staff_longest) and _younger(SEEN, ports().staff_idle):
        with office().reading() as connection:
            found = accounts.actor(connection, account_id, epoch)
            if found is not None:
                # The head of each page says the name, also of one that tells of a database that went away.
                names_of_staff()[found.name] = accounts.person_of(connection, found.name) or found.name
    if found is None:
        session.pop(ACCOUNT, None)
    else:
        session[SEEN] = office().wall.now().timestamp()
    return found


def _younger(mark: str, span: timedelta) -> bool:
    """Tell whether the session's mark was set less than a span ago."""
    since = session.get(mark)
    return isinstance(since, float) and 0 <= office().wall.now().timestamp() - since < span.total_seconds()


def actor() -> Actor:
    """Return who acts in this request: the member of the staff, else the public."""
    return staff() or PUBLIC


def may(endpoint_rule: AccessRule, who: Actor | None) -> bool:
    """Tell whether somebody passes a rule."""
    return endpoint_rule.everybody or (who is not None and bool(who.roles & endpoint_rule.roles))


def _stand_at_the_door(app: Flask) -> Callable[[], Response | None]:
    def check() -> Response | None:
        rule = rule_of(app, request.endpoint) if request.endpoint else AccessRule(everybody=True)
        if rule is not None and (rule.everybody or rule.scope is not None or may(rule, staff())):
            # A token is looked at by the view itself.
            return None
        if staff() is None and request.method in {"GET", "HEAD"}:
            return redirect(url_for("login.form", next=request.full_path.rstrip("?")))
        return abort(403)

    return check


def install(app: Flask) -> None:
    """Set the guard before every request."""
    app.before_request(_stand_at_the_door(app))


def check_all(app: Flask) -> None:
    """Refuse to start while a route says nothing of who may use it; raises OpenDoorError with all of them."""
    silent = sorted(
        {str(rule.endpoint) for rule in app.url_map.iter_rules() if rule_of(app, rule.endpoint) is None}
    )
    if silent:
        raise OpenDoorError(f"no access rule on: {', '.join(silent)}")

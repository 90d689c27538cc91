"""What protects every page: headers, cookies, tokens against forged posts, and limits on guessing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import Flask, Response, abort, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from web.ports import WebPorts, ports

View = TypeVar("View", bound=Callable[..., Any])
LARGEST_UPLOAD = 24 * 1024 * 1024
_LIMIT = "rate_limit"


def policy(connect: str = "") -> str:
    """Return the content security policy of a page; `connect` is one more origin that its scripts may call."""
    return (
        # Bootstrap's stylesheet draws its arrows and ticks from data: pictures.
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ) + (f"; connect-src 'self' {connect}" if connect else "")


_HEADERS = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
csrf = CSRFProtect()
"""Checks every post for its token; holds no state but the names of the views that machines post to."""
_STATIC = frozenset({"static", "bootstrap.static"})


def limited(rate: str, method: str = "POST") -> Callable[[View], View]:
    """Limit how often one address may post to a view, such as `20 per minute`; guesses of codes are slowed by it.

    A search that reads much by GET names that method.
    """

    def wrap(view: View) -> View:
        setattr(view, _LIMIT, (rate, method))
        return view

    return wrap


def exempt(view: View) -> View:
    """Let machines post to a view without a token: it changes nothing and knows nobody."""
    csrf.exempt(view)
    return view


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if ports().https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint not in _STATIC:
        # Nearly every page shows somebody's data, and the rest costs little to send again.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _refuse_nameless_fields() -> None:
    """Refuse a form with a part that has no name: no browser sends one, and the check of tokens would stumble on it."""
    if request.mimetype == "multipart/form-data" and None in request.form:
        abort(HTTPStatus.BAD_REQUEST)


def install(app: Flask, given: WebPorts) -> None:
    """Set cookies, headers and the check of posts."""
    app.config.update(
        SECRET_KEY=given.secret_key,
        SESSION_COOKIE_NAME="guanfang",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=given.https,
        # The staff's idle time is counted by the log-in itself; an applicant may take hours over the form.
        PERMANENT_SESSION_LIFETIME=given.staff_longest,
        MAX_CONTENT_LENGTH=LARGEST_UPLOAD,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        # The referrer is withheld by our own policy, so it can't be checked; the token can.
        WTF_CSRF_SSL_STRICT=False,
        RATELIMIT_STORAGE_URI="memory://",
        RATELIMIT_ENABLED=given.rate_limits,
    )
    app.before_request(_refuse_nameless_fields)
    csrf.init_app(app)
    app.after_request(_add_headers)
    if given.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=given.proxies, x_proto=given.proxies)  # type: ignore[method-assign]


def _require_own_names(app: Flask) -> None:
    """Refuse to start where two views share a name: the limiter would add up the limits of both."""
    names = Counter(
        f"{view.__module__}.{view.__qualname__}"
        for view in set(app.view_functions.values())
        if getattr(view, _LIMIT, None)
    )
    if shared := [name for name, count in names.items() if count > 1]:
        raise RuntimeError(f"limited views share a name: {', '.join(shared)}")


def limit_all(app: Flask) -> None:
    """Put the limits on the views that asked for one; called when all routes are there."""
    _require_own_names(app)
    limiter = Limiter(get_remote_address, app=app)
    # The wrapped views hold the limiter by a weak reference only.
    app.extensions["guanfang-limiter"] = limiter
    for endpoint, view in list(app.view_functions.items()):
        found = getattr(view, _LIMIT, None)
        if found:
            rate, method = found
            # Flask answers HEAD with the whole view of GET.
            methods = [method, "HEAD"] if method == "GET" else [method]
            app.view_functions[endpoint] = cast("Any", limiter.limit(rate, methods=methods)(view))

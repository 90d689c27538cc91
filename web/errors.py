"""The only place where a refusal becomes an HTTP answer.

A refusal of the registry keeps its own sentence. Whatever else goes wrong is written to the log with its traceback,
and the visitor gets a blank page that says nothing about it.
"""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from web import access
from web.api import shapes
from web.api.openapi import PREFIX, PROBLEM
from web.api.shapes import Problem
from web.language import say, t
from web.ways import logged_out, ways
from workflow import errors
from workflow.errors import FieldProblem, RegistryError
from workflow.outages import outage

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from web.language import Bilingual

Answer = tuple[str, int]
_LOG = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[RegistryError], HTTPStatus], ...] = (
    (errors.NotAllowed, HTTPStatus.FORBIDDEN),
    (errors.NotProven, HTTPStatus.UNAUTHORIZED),
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.Stale, HTTPStatus.CONFLICT),
    (errors.Refused, HTTPStatus.CONFLICT),
    (errors.WrongUserCode, HTTPStatus.FORBIDDEN),
    (errors.UserCodeLocked, HTTPStatus.LOCKED),
    (errors.Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.BadInput, HTTPStatus.BAD_REQUEST),
)
_HTTP_WORDS = {
    HTTPStatus.FORBIDDEN: ("您沒有使用此頁面的權限。", "You may not use this page."),
    HTTPStatus.NOT_FOUND: ("找不到這個頁面，請由首頁或網站導覽重新選擇。", "There is no such page. Start from the home page or the site map."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "這個頁面不能這樣開啟，請由首頁重新進入。",
        "This page can't be opened that way. Start from the home page.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("上傳的檔案太大。", "The uploaded file is too large."),
    HTTPStatus.TOO_MANY_REQUESTS: (
        "嘗試次數過多，請一分鐘後再試。",
        "Too many tries. Please wait a minute.",
    ),
}  # fmt: skip
_OTHER = ("這個要求無法處理，請返回上一頁檢查。", "The request can't be handled. Go back and check.")
_CSRF = (
    "頁面已逾時或來源不明，為保護您的資料，這次送出沒有被受理。請返回上一頁重新整理後再送出。",
    "The page has expired or came from elsewhere, so nothing was accepted. Go back, reload and send again.",
)
_LOGGED_OUT = (
    "您尚未登入，或登入已逾時，這次送出沒有被受理。請重新登入；您填寫的內容會帶回頁面。",
    "You are not logged in, or no longer, so nothing was accepted. Log in again; what you typed is kept.",
)


def status_of(error: RegistryError) -> HTTPStatus:
    """Return the HTTP status of a refusal."""
    if error.code == "account.locked":
        return HTTPStatus.LOCKED
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.BAD_REQUEST


def problems_of(error: RegistryError, field: str = "") -> tuple[FieldProblem, ...]:
    """Return a refusal as problems to show in a form: its own per field, or one sentence beside `field`."""
    if isinstance(error, errors.BadInput):
        return error.problems
    return (FieldProblem(field, error.code, error.zh, error.en),)


def _page(status: int, said: Bilingual | tuple[str, str], code: str = "") -> Answer | Response:
    if request.path.startswith(PREFIX):
        return _problem(status, said, code)
    _know_the_visitor()
    return render_template(
        "errors/error.html", status=status, sentence=say(said), code=code, ways=ways(status)
    ), status


def _know_the_visitor() -> None:
    """Ask who the visitor is before the page is drawn; while the database is away, everybody is a stranger."""
    try:
        access.staff()
    except Exception as error:
        if outage(error) is None:
            raise
        access.ask_nobody()


def _problem(
    status: int, said: Bilingual | tuple[str, str], code: str, found: tuple[FieldProblem, ...] = ()
) -> Response:
    """Return a refusal to a program: problem details (RFC 9457)."""
    zh, en = said if isinstance(said, tuple) else (said.zh, said.en)
    code = code or f"http.{status}"
    shape = Problem(
        type=f"urn:guanfang:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=t(zh, en),
        detail_zh=zh,
        detail_en=en,
        code=code,
        instance=request.path,
        errors=tuple(shapes.FieldProblem(one.field, one.code, one.zh, one.en) for one in found),
    )
    answer = Response(json.dumps(shapes.to_json(shape), ensure_ascii=False), status, content_type=PROBLEM)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _refusal(error: RegistryError) -> Answer | Response:
    if isinstance(error, errors.BadInput) and request.path.startswith(PREFIX):
        return _problem(status_of(error), error, error.code, error.problems)
    return _page(status_of(error), error, error.code)


def _csrf(_error: CSRFError) -> Answer | Response:
    _know_the_visitor()
    if logged_out():
        return _page(HTTPStatus.FORBIDDEN, _LOGGED_OUT, "session.ended")
    return _page(HTTPStatus.BAD_REQUEST, _CSRF, "request.csrf")


def _http(error: HTTPException) -> Answer | BaseResponse:
    status = error.code or int(HTTPStatus.INTERNAL_SERVER_ERROR)
    if status < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    words = _HTTP_WORDS.get(HTTPStatus(status), _OTHER)
    if status == HTTPStatus.FORBIDDEN and logged_out():
        words = _LOGGED_OUT
    answer = _page(status, words)
    if isinstance(answer, Response) and isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _unknown(error: Exception) -> Answer | Response:
    unavailable = outage(error)
    if unavailable is not None:
        _LOG.error("the database failed at %s %s", request.method, request.path, exc_info=error)
        return _refusal(unavailable)
    # The path alone: the query or the body may hold what must not be in a log.
    _LOG.error("unexpected error at %s %s", request.method, request.path, exc_info=error)
    if request.path.startswith(PREFIX):
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, _OTHER, "")
    return render_template("errors/blank.html"), int(HTTPStatus.INTERNAL_SERVER_ERROR)


def install(app: Flask) -> None:
    """Give an application its answers to everything that goes wrong."""
    app.register_error_handler(RegistryError, _refusal)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)

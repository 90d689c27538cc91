"""The routes of the programming interface: each made from a declared operation, so none can be undeclared."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, render_template, request

from web.access import public, token
from web.api.declared import JSON, Operation
from web.api.openapi import PREFIX, document
from web.api.operations import LOOK_UPS
from web.api.reading import read
from web.api.submitting import SUBMISSIONS
from web.published import Publication, send
from web.security import exempt, limited
from workflow.errors import BadInput, FieldProblem

if TYPE_CHECKING:
    from flask import Response

    from web.api.declared import Asked, Body

pages = Blueprint("api", __name__)
"""The page for people."""


def _document(_asked: Asked) -> Response:
    said = document(OPERATIONS, version("guanfang"))
    return send(Publication(json.dumps(said, ensure_ascii=False, indent=1).encode(), JSON, max_age=300))


OPERATIONS: tuple[Operation, ...] = (
    *LOOK_UPS,
    *SUBMISSIONS,
    Operation(
        "getDocument",
        "/openapi.json",
        ("這份文件", "This document"),
        {JSON: None},
        _document,
        from_registry=False,
    ),
)


def blueprint_of(operations: tuple[Operation, ...]) -> Blueprint:
    """Make the routes of some operations."""
    made = Blueprint("api_v1", __name__, url_prefix=PREFIX)
    for operation in operations:
        path = operation.path.replace("{", "<").replace("}", ">")
        made.add_url_rule(path, operation.name, _view(operation), methods=[operation.method])
    return made


def _view(operation: Operation) -> Any:
    """Return the view of an operation: parameters are checked first, and a scope asks for its token."""

    def view(**in_path: str) -> Response:
        repeated = [name for name, values in request.args.lists() if len(values) > 1]
        if repeated:
            raise BadInput(
                *(
                    FieldProblem(one[:40], "repeated", "參數重複。", "Given more than once.")
                    for one in repeated
                )
            )
        asked = operation.check({**request.args.to_dict(), **in_path})
        if operation.body is None:
            return operation.run(asked)
        return operation.run(asked, _body(operation.body))

    # The limiter knows views by their names: without one of its own, each would have the limits of all.
    view.__name__ = view.__qualname__ = operation.name
    guarded: Any = public(view) if operation.scope is None else token(operation.scope)(view)
    guarded = limited(operation.rate, operation.method)(guarded)
    # Callers prove themselves with a token in a header, which no other site can make a browser send.
    return exempt(guarded) if operation.method != "GET" else guarded


def _body(body: Body) -> Any:
    """Return the value of a JSON body; BadInput names what does not fit."""
    if request.mimetype != JSON:
        abort(415)
    # Holds for a body that does not say its length, too.
    request.max_content_length = body.largest
    try:
        given = json.loads(request.get_data(cache=False))
        # JSON can say half of a character, which no text that is kept or sent may hold.
        json.dumps(given, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadInput(
            FieldProblem("body", "json", "內容不是正確的 JSON。", "The body is not good JSON.")
        ) from None
    return read(body.shape, given)


@pages.get("/api/")
@public
def index() -> str:
    """Explain the programming interface to people."""
    return render_template("api/index.html", operations=OPERATIONS, prefix=PREFIX)


blueprint = blueprint_of(OPERATIONS)

"""The OpenAPI 3.1 document, made from the declared operations."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from web.api import shapes
from web.api.declared import JSON, LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web.api.declared import Operation, Pair, Parameter

PREFIX = "/api/v1"
PROBLEM = "application/problem+json"
_ALWAYS = (400, 429)
_FROM_REGISTRY = (500, 503)
_WITH_BODY = (413, 415)
_WITH_TOKEN = (401, 403)


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Return the document; its descriptions say everything in both languages."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    answers = {shape for one in operations for shape in one.answers.values() if shape is not None}
    answers.add(shapes.Problem)
    bodies = {one.body.shape for one in operations if one.body is not None}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "關防 Guanfang",
            "version": version,
            "description": "憑證查詢、儲存庫與憑證請求。Certificate look-ups, the repository, and certificate requests.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": shapes.schemas(answers, bodies),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _both(pair: Pair) -> str:
    return f"{pair[0]} {pair[1]}"


def _operation(operation: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.says[1],
        "description": _both(operation.says),
        "parameters": [_parameter(one) for one in (*operation.parameters, LANGUAGE)],
        "responses": _answers(operation) | _refusals(operation),
        "security": [{"token": []}] if operation.scope else [],
    }
    if operation.scope:
        said["description"] += f" (scope: {operation.scope})"
    if operation.body is not None:
        schema = {"$ref": f"#/components/schemas/{operation.body.shape.__name__}"}
        said["requestBody"] = {
            "required": True,
            "description": _both(operation.body.says),
            "content": {JSON: {"schema": schema}},
        }
    return said


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "maxLength": parameter.longest}
    if parameter.choices:
        schema = {"type": "string", "enum": list(parameter.choices)}
    elif parameter.pattern:
        schema["pattern"] = f"^(?:{parameter.pattern})$"
    return {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "required": parameter.required,
        "description": _both(parameter.says),
        "schema": schema,
    }


def _answers(operation: Operation) -> dict[str, Any]:
    """Return what an operation answers when it does what was asked: the answer, and 304 to who has it already."""
    content = {
        kind: {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}} if shape else {}
        for kind, shape in operation.answers.items()
    }
    answer: dict[str, Any] = {"description": operation.says[1], "content": content}
    if operation.status == HTTPStatus.CREATED:
        answer["headers"] = _header("Location", "The address of what was made")
    if not operation.kept_by_caches:
        return {str(operation.status): answer}
    answer["headers"] = _header("ETag", "To be sent as If-None-Match")
    return {
        str(operation.status): answer,
        "304": {"description": "Not Modified", "headers": answer["headers"]},
    }


def _header(name: str, says: str) -> dict[str, Any]:
    return {name: {"description": says, "required": True, "schema": {"type": "string"}}}


def _refusals(operation: Operation) -> dict[str, Any]:
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    wanted = {*_ALWAYS, *operation.refusals, *(_WITH_TOKEN if operation.scope else ())}
    wanted |= {*(_WITH_BODY if operation.body else ()), *(_FROM_REGISTRY if operation.from_registry else ())}
    refusals: dict[str, Any] = {
        str(status): {"description": HTTPStatus(status).phrase, "content": problem}
        for status in sorted(wanted)
    }
    if operation.scope:
        refusals["401"]["headers"] = _header("WWW-Authenticate", "Bearer (RFC 6750)")
    return refusals

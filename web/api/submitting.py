"""Sending certificate requests in, and asking what became of them; both need a token with the scope `submit`."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from flask import abort

from web import access
from web.api import shapes
from web.api.declared import JSON, Asked, Body, Operation, Parameter
from web.api.operations import answered
from web.door import perform
from web.ports import office
from workflow.commands_of_requests import RequestedItem, SubmitCertificateRequest
from workflow.errors import BadInput, FieldProblem
from workflow.views.directory import published
from workflow.views.submissions import submission
from workflow.vocabulary import ApiScope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Response

    from workflow.views.submissions import ItemSeen, SubmissionSeen
    from workflow.vocabulary import Ca

LARGEST = 8 * 1024 * 1024
_PEM = "-----BEGIN"


def _submit(_asked: Asked, request: shapes.CertificateRequest) -> Response:
    command = SubmitCertificateRequest(
        ca=request.ca,
        profile=request.profile,
        organisation_oid=request.organisation_oid,
        items=tuple(_item(place, one) for place, one in enumerate(request.items)),
        contact=shapes.to_json(request.contact),
        user_code=request.user_code,
    )
    outcome = perform(command, access.caller())
    answer = answered(_shape(_mine(str(outcome.number))), private=True)
    answer.status_code = 201
    answer.headers["Location"] = f"/api/v1/certificate-requests/{outcome.number}"
    return answer


def _item(place: int, given: shapes.RequestItem) -> RequestedItem:
    said = shapes.to_json(given.subject)
    return RequestedItem(
        label=given.label,
        csr=_csr(place, given.csr),
        subject={name: value for name, value in said.items() if value},
    )


def _csr(place: int, text: str) -> bytes:
    if text.lstrip().startswith(_PEM):
        return text.encode("utf-8", errors="replace")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(
            FieldProblem(
                f"items[{place}].csr",
                "csr",
                f"第 {place + 1} 份憑證請求檔須為 PEM，或 DER 的 base64。",
                f"Signing request {place + 1} is PEM, or base64 of its DER.",
            )
        ) from None


def _mine(number: str) -> SubmissionSeen:
    """Return a batch that the caller sent in; 404 for anybody else's."""
    with office().reading() as connection:
        found = submission(connection, access.caller(), number)
    if found is None:
        abort(404)
    return found


def _shape(found: SubmissionSeen) -> shapes.Submission:
    return shapes.Submission(
        number=found.number,
        ca=str(found.ca),
        state=shapes.named(found.state),
        opened_at=found.opened_at,
        url=f"/api/v1/certificate-requests/{found.number}",
        items=tuple(_items(found)),
    )


def _items(found: SubmissionSeen) -> Iterator[shapes.SubmittedItem]:
    for one in found.items:
        yield shapes.SubmittedItem(
            position=one.position,
            label=one.label,
            state=shapes.named(one.state),
            findings=tuple(_finding(finding) for finding in one.findings),
            serial=one.serial,
            certificate=_address(found.ca, one),
        )


def _finding(said: Any) -> shapes.FieldProblem:
    return shapes.FieldProblem(
        str(said.get("field", "")), str(said["code"]), str(said["zh"]), str(said["en"])
    )


def _address(ca: Ca, item: ItemSeen) -> str | None:
    if item.serial is None:
        return None
    with office().reading() as connection:
        shown = published(connection, ca, item.serial, office().clock.now())
    return f"/api/v1/certificates/{ca}/{item.serial}" if shown else None


def _status(asked: Asked) -> Response:
    return answered(_shape(_mine(asked["number"])), private=True)


SUBMISSIONS: tuple[Operation, ...] = (
    Operation(
        "submitCertificateRequest",
        "/certificate-requests",
        ("送出一批憑證請求檔（CSR）；經兩人核准後簽發", "Submit a batch of signing requests; two people approve it before it is issued"),
        {JSON: shapes.Submission},
        _submit,
        method="POST",
        status=201,
        scope=ApiScope.SUBMIT,
        body=Body(shapes.CertificateRequest, LARGEST, ("憑證請求檔與聯絡人", "The signing requests and whom to ask")),
        rate="30 per minute",
        refusals=(409,),
        kept_by_caches=False,
    ),
    Operation(
        "getCertificateRequest",
        "/certificate-requests/{number}",
        ("查詢自己送出的憑證請求", "What became of a batch that you submitted"),
        {JSON: shapes.Submission},
        _status,
        (Parameter("number", ("案件流水號", "Case number"), "[0-9]{25}", in_path=True, required=True),),
        scope=ApiScope.SUBMIT,
        refusals=(404,),
        kept_by_caches=False,
    ),
)  # fmt: skip

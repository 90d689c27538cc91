from __future__ import annotations

import base64
import dataclasses

import pytest
from flask import Flask

from tests.certificates import FARMERS
from web import access, blueprints
from web.api.declared import Operation, Parameter
from web.api.routes import OPERATIONS, blueprint_of
from web.app import create_app
from web.security import limit_all, limited
from workflow.store import schema as s
from workflow.vocabulary import ApiScope

V1 = "/api/v1"


@pytest.fixture
def serial(house):
    return house.repository()


@pytest.mark.rule("STA-02")
@pytest.mark.parametrize(
    ("by", "q"),
    [("name", "O=農會"), ("oid", "2.16.886.111.7"), ("email", "office@example.tw"), ("serial", "2")],
)
def test_a_program_finds_certificates_by_any_one_thing(client, fits, serial, by, q):
    answer = client.get(f"{V1}/certificates", query_string={"by": by, "q": q})
    assert answer.status_code == 200
    fits("CertificatePage", answer.json)
    assert answer.json["items"][0]["serial"] == serial
    assert answer.json["items"][0]["status"] == {"code": "valid", "zh": "有效", "en": "Valid"}
    assert client.get(answer.json["items"][0]["url"]).status_code == 200


def test_a_long_result_is_read_page_by_page(client, house, fits):
    made = [house.published(oid=None) for _ in range(45)]
    seen, after = [], None
    while after != "end":
        asked = {"by": "name", "q": "農會"} | ({"after": after} if after else {})
        page = client.get(f"{V1}/certificates", query_string=asked).json
        fits("CertificatePage", page)
        seen += [one["serial"] for one in page["items"]]
        after = page["next"] or "end"
    assert seen == made[::-1]


def test_every_answer_is_what_the_document_says(client, fits, serial):
    for path, name in (
        (f"/certificates/xca/{serial}", "CertificateDetail"), (f"/certificates/xca/{1:032x}", "CertificateDetail"),
        ("/authorities", "AuthorityList"), ("/crls", "CrlList"), ("/crls?authority=xca", "CrlList"),
        ("/documents", "DocumentList"), ("/statistics", "StatisticsTable"), ("/statistics?ca=gca", "StatisticsTable"),
    ):  # fmt: skip
        answer = client.get(V1 + path)
        assert answer.status_code == 200, path
        fits(name, answer.json)
        assert "Set-Cookie" not in answer.headers
    assert len(client.get(f"{V1}/crls?authority=xca").json["items"]) == 2
    detail = client.get(f"{V1}/certificates/xca/{serial}").json
    assert {"label": "O", "value": "農會"} in detail["subject"]
    assert client.get(f"{V1}/certificates/xca/{serial}/der").data == base64.b64decode(detail["der"])
    assert client.get(f"{V1}/certificates/xca/{serial}/pem").data.startswith(b"-----BEGIN CERTIFICATE-----\n")
    assert client.get(f"{V1}/authorities/root/certificate").mimetype == "application/pkix-cert"
    assert dict(FARMERS)["O"] in str(detail["certificate"]["subject"])


def test_answers_are_confirmed_instead_of_sent_again(client, serial):
    for path in (
        f"/certificates/xca/{serial}",
        "/authorities",
        "/openapi.json",
        f"/certificates/xca/{serial}/der",
    ):
        first = client.get(V1 + path)
        again = client.get(V1 + path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), path
        head = client.head(V1 + path)
        assert (head.status_code, head.data) == (200, b"")


def test_unpublished_and_withdrawn_certificates_are_nowhere(client, house, serial):
    key = house.rows(s.certificate, serial=serial)[0].id
    house.update(s.certificate, key, withdrawn_at=house.office.clock.now())
    for path in ("", "/der", "/pem", "/p7b"):
        assert client.get(f"{V1}/certificates/xca/{serial}{path}").status_code == 404
    for by, q in (
        ("serial", serial),
        ("name", "農會"),
        ("oid", "2.16.886.111.7"),
        ("email", "office@example.tw"),
    ):
        found = client.get(f"{V1}/certificates", query_string={"by": by, "q": q}).json["items"]
        assert serial not in [one["serial"] for one in found]


@pytest.mark.parametrize(
    ("path", "status", "code", "field"),
    [
        ("/certificates", 400, "input.invalid", "by"), ("/certificates?by=name&q=農", 400, "input.invalid", "q"),
        ("/certificates?by=sql&q=x", 400, "input.invalid", "by"), ("/certificates?by=name&q=農會&after=x", 400, "input.invalid", "after"),
        ("/certificates?by=name&q=農會&x=1", 400, "input.invalid", "x"), ("/certificates?by=name&by=oid&q=x", 400, "input.invalid", "by"),
        ("/certificates/abc/1", 400, "input.invalid", "ca"), ("/certificates/xca/zz", 400, "input.invalid", "serial"),
        ("/certificates/xca/ff", 404, "http.404", None), ("/nowhere", 404, "http.404", None),
        ("/crls?authority=ocsp:xca", 400, "input.invalid", "authority"), ("/certificates/xca/1/exe", 400, "input.invalid", "form"),
    ],
)  # fmt: skip
def test_errors_are_problem_details_in_both_languages(client, fits, path, status, code, field):
    answer = client.get(V1 + path)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    fits("Problem", answer.json)
    assert (answer.json["code"], answer.json["status"]) == (code, status)
    assert answer.json["detail"] == answer.json["detail_zh"]
    assert (
        client.get(f"{V1}{path}{'&' if '?' in path else '?'}lang=en").json["detail"]
        == answer.json["detail_en"]
    )
    if field:
        assert field in [one["field"] for one in answer.json["errors"]]


def test_another_method_is_refused_and_told_which_would_do(client):
    for call in (client.post, client.put, client.delete, client.patch):
        answer = call(f"{V1}/authorities")
        assert answer.status_code in {400, 405}
        assert answer.mimetype == "application/problem+json"
    assert "GET" in client.put(f"{V1}/authorities").headers["Allow"]


# --- The door ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(web_ports, monkeypatch):
    """An application with one operation that asks for a token that may submit."""
    from flask import jsonify

    operation = Operation(
        "tryDoor", "/door/{name}", ("門", "The door"), {"application/json": None},
        lambda asked: jsonify(caller=access.caller().name, asked=asked["name"]),
        (Parameter("name", ("名", "Name"), in_path=True, required=True),), method="POST", scope=ApiScope.SUBMIT,
        rate="5 per minute",
    )  # fmt: skip
    kept = tuple(one for one in blueprints.ALL if one.name != "api_v1")
    monkeypatch.setattr(blueprints, "ALL", (*kept, blueprint_of((*OPERATIONS, operation))))
    return lambda **more: create_app(dataclasses.replace(web_ports, **more)).test_client()


def enter(client, shown, scheme="Bearer"):
    return client.post(f"{V1}/door/x", headers={"Authorization": f"{scheme} {shown}"} if shown else {})


def test_a_token_opens_its_own_door(guarded, token):
    answer = enter(guarded(), token(ApiScope.SUBMIT))
    assert answer.json == {"caller": "token:t0", "asked": "x"}


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("none", 401, "token.missing"), ("basic", 401, "token.missing"), ("guess", 401, "token.refused"),
        ("unconfirmed", 401, "token.refused"), ("expired", 401, "token.refused"), ("foreign", 403, "token.scope"),
    ],
)  # fmt: skip
def test_any_other_token_stays_outside(guarded, token, clock, kind, status, code):
    shown = {
        "none": lambda: "",
        "basic": lambda: token(ApiScope.SUBMIT),
        "guess": lambda: "gft_guess",
        "unconfirmed": lambda: token(ApiScope.SUBMIT, confirmed=False),
        "expired": lambda: token(ApiScope.SUBMIT),
        "foreign": lambda: token(ApiScope.READ),
    }[kind]()
    if kind == "expired":
        clock.move(days=11)
    answer = enter(guarded(), shown, "Basic" if kind == "basic" else "Bearer")
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_wrong_tokens_are_counted_against_the_limit(guarded):
    client = guarded(rate_limits=True)
    statuses = [enter(client, f"gft_{number}").status_code for number in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert enter(client, "gft_x").json["code"] == "http.429"


def test_an_operation_whose_path_and_parameters_differ_is_refused():
    with pytest.raises(ValueError, match="differ"):
        Operation("wrong", "/x/{y}", ("", ""), {}, lambda _asked: None)


def test_each_operation_has_a_budget_of_its_own(guarded):
    client = guarded(rate_limits=True)
    assert [client.get(f"{V1}/statistics").status_code for _ in range(31)] == [200] * 30 + [429]
    # Another operation, of another rate, has used nothing of it, and is not held to the rate of the first.
    assert {client.get(f"{V1}/crls").status_code for _ in range(60)} == {200}
    assert client.get(f"{V1}/crls").status_code == 429
    assert client.get(f"{V1}/authorities").status_code == 200


def test_views_that_share_a_name_are_refused_at_the_start():
    app = Flask(__name__)
    for rate in ("1 per minute", "2 per minute"):
        app.add_url_rule(f"/{rate[0]}", rate, limited(rate)(lambda: "one lambda is called like the other"))
    with pytest.raises(RuntimeError, match="share a name"):
        limit_all(app)

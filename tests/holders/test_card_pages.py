"""The card pages without a browser: what they let through, what they say, and where alone the agent may be reached."""

from __future__ import annotations

import hashlib
import io
import re

import pytest
from flask import render_template

from tests.workflow.registry import CODE
from web.app import create_app
from web.card import FLOWS
from web.card_talk import _dated
from web.ports import WebPorts
from workflow.days import taipei_day
from workflow.store import schema as t
from workflow.vocabulary import CertificateStatus

AGENT = "http://127.0.0.1:61161"


@pytest.fixture
def client(browser_of):
    app = create_app(WebPorts(office=browser_of.office, secret_key="t" * 40, rate_limits=False))
    return app.test_client()


def token_of(client, path="/card/suspend/"):
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[1]


def post(client, path, said, **headers):
    return client.post(path, json=said, headers={"X-CSRFToken": token_of(client)} | headers)


def test_only_card_pages_may_reach_the_agent(client):
    for path in ("/card/activate/", "/card/check/", "/agent/"):
        headers = client.get(path).headers
        assert f"connect-src 'self' {AGENT}" in headers["Content-Security-Policy"]
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    for path in ("/", "/card/suspend/", "/login/", "/activate/"):
        headers = client.get(path).headers
        assert AGENT not in headers["Content-Security-Policy"]
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("name", sorted(FLOWS))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_errand_has_its_page_in_both_languages(client, name, language):
    page = client.get(f"/card/{name.replace('_', '-')}/?lang={language}").text
    flow = FLOWS[name]
    assert (flow.en if language == "en" else flow.zh) in page
    assert f'data-errand="{flow.errand.value}"' in page


def test_a_conversation_needs_the_pages_own_token(client):
    assert client.post("/card/talk/open", json={"errand": "look"}).status_code == 400
    answer = post(client, "/card/talk/open", {"errand": "look"})
    assert answer.status_code == 200
    assert answer.json["command"].startswith("00a404")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("open", []),
        ("open", {"errand": "destroy"}),
        ("open", "look"),
        ("step", {"session": "x", "step": "0", "response": "9000"}),
        ("step", {"session": "x", "step": -1, "response": "9000"}),
        ("step", {"session": "x", "step": 0, "response": "no hex"}),
        ("step", {"session": "x", "step": 0, "response": "90" * 400}),
    ],
)
def test_nonsense_is_refused(client, path, said):
    assert post(client, f"/card/talk/{path}", said).status_code == 400


def test_another_browser_can_not_go_on_with_a_conversation(client):
    opened = post(client, "/card/talk/open", {"errand": "look"}).json
    other = client.application.test_client()
    said = {"session": opened["session"], "step": 0, "response": "9000"}
    answer = post(other, "/card/talk/step", said)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "card.session_over")
    assert "重新操作" in answer.json["error"]["message"]


def test_a_wrong_user_code_is_counted_and_said(client, browser_of):
    said = {"errand": "activate", "csn": browser_of.csn, "user_code": "wrong-1"}
    answer = post(client, "/card/talk/open", said)
    assert answer.status_code == 403
    assert "還可嘗試 2 次" in answer.json["error"]["message"]
    assert browser_of.bench.case.user_code_tries == 1
    assert post(client, "/card/talk/open", said | {"csn": "00" * 16}).status_code == 404


def test_what_a_holder_may_see_wants_the_proof(client):
    for path, home in (
        ("/card/contact/form", "/card/contact/"),
        ("/card/certificates/list", "/card/certificates/"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, home)


def form(client, path, **fields):
    return client.post(path, data={"csrf_token": token_of(client, path)} | fields)


@pytest.mark.rule("SUS-01", "SUS-06")
def test_suspension_and_resumption_take_effect_and_show_the_status(client, browser_of):
    browser_of.activate()
    number = browser_of.bench.card.number
    fields = {"card_number": number, "user_code": CODE}
    empty = form(client, "/card/suspend/")
    assert empty.status_code == 400
    assert all(f'href="#f-{name}"' in empty.text for name in ("card_number", "user_code", "reason"))
    wrong = form(client, "/card/suspend/", **fields | {"user_code": "wrong-1"}, reason="lost")
    assert wrong.status_code == 403
    assert "卡號或用戶代碼不正確" in wrong.text
    assert "停用" in form(client, "/card/suspend/", **fields, reason="lost").text
    assert browser_of.statuses() == {"suspended"}
    assert browser_of.bench.rows(t.holder_suspension)[0].reason == "卡片遺失"
    assert form(client, "/card/suspend/", **fields, reason="lost").status_code == 409
    assert "有效" in form(client, "/card/resume/", **fields).text
    assert browser_of.statuses() == {"valid"}


def test_a_card_number_typed_at_full_width_costs_no_try(client, browser_of):
    browser_of.activate()
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in browser_of.bench.card.number)
    assert form(client, "/card/suspend/", card_number=wide, user_code=CODE, reason="lost").status_code == 200
    assert browser_of.statuses() == {"suspended"}


def test_a_moment_on_the_card_is_read_in_taipei():
    shown = _dated({"not_before": "2026-11-20T18:00:00+00:00", "not_after": "2031-11-20T15:59:59+00:00"})
    assert [taipei_day(shown[name]).isoformat() for name in ("not_before", "not_after")] == [
        "2026-11-21",
        "2031-11-20",
    ]


def test_the_agents_package_is_read_for_its_hash_once(browser_of, tmp_path, monkeypatch):
    package = tmp_path / "guanfang-0.1.0-py3-none-any.whl"
    package.write_bytes(b"wheel")
    opened, opening = [], io.open
    monkeypatch.setattr(
        io, "open", lambda path, *more: opened.append(path == package) or opening(path, *more)
    )
    ports = WebPorts(office=browser_of.office, secret_key="t" * 40, agent_package=package)
    client = create_app(ports).test_client()
    for _ in range(3):
        assert hashlib.sha256(b"wheel").hexdigest() in client.get("/agent/").text
    assert sum(opened) == 1


def test_the_agent_is_handed_out_as_the_operators_own_package(browser_of, tmp_path):
    package = tmp_path / "guanfang-0.1.0-py3-none-any.whl"
    ports = WebPorts(office=browser_of.office, secret_key="t" * 40, agent_package=package)
    client = create_app(ports).test_client()
    assert "請向服務專線索取" in client.get("/agent/").text
    package.write_bytes(b"wheel")
    page = client.get("/agent/").text
    assert hashlib.sha256(b"wheel").hexdigest() in page
    assert page.count(f"install {browser_of.office.settings.base_url}/agent/package/{package.name}") == 3
    package.write_bytes(b"another wheel")
    assert hashlib.sha256(b"another wheel").hexdigest() in client.get("/agent/").text
    package.write_bytes(b"wheel")
    answer = client.get(f"/agent/package/{package.name}")
    assert (answer.data, answer.headers["Content-Disposition"]) == (
        b"wheel", f"attachment; filename={package.name}",
    )  # fmt: skip
    for other in ("other.whl", "..%2Fguanfang.sqlite"):
        assert client.get(f"/agent/package/{other}").status_code == 404


@pytest.mark.parametrize(("port", "place"), [(61161, ""), (40123, " --port 40123")])
def test_the_agent_is_started_where_the_pages_look_for_it(browser_of, port, place):
    ports = WebPorts(office=browser_of.office, secret_key="t" * 40, agent_url=f"http://127.0.0.1:{port}")
    page = create_app(ports).test_client().get("/agent/").text
    said = f"<code>guanfang agent --allow-origin {browser_of.office.settings.base_url}{place}</code>"
    assert page.count(said) == 3


@pytest.mark.rule("VEW-02", "STA-04")
@pytest.mark.parametrize(("status", "warns"), [("valid", False), ("suspended", True), ("revoked", True)])
def test_a_card_that_works_with_a_certificate_that_does_not_is_warned_of(browser_of, status, warns):
    app = create_app(WebPorts(office=browser_of.office, secret_key="t" * 40))
    with app.test_request_context("/card/test/"):
        shown = render_template("card/results/test.html", answer={"status": CertificateStatus(status)})
    assert ("應用系統不會接受" in shown) is warns


@pytest.mark.rule("PIN-04")
def test_holders_are_warned_off_the_vendors_tool_where_they_unblock(client):
    assert "請勿使用卡片廠商工具的「Unlock PIN」功能" in client.get("/card/unblock/").text
    assert "Never use the card vendor" in client.get("/card/unblock/?lang=en").text

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from flask import Blueprint

from web import access, app, blueprints, security
from web.app import create_app
from workflow.vocabulary import Role

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def test_the_public_pages_open_in_both_languages(visitor, pages):
    for path in pages["public"]:
        joiner = "&" if "?" in path else "?"
        visitor.client.delete_cookie("lang")
        chinese, english = visitor.get(path), visitor.get(f"{path}{joiner}lang=en")
        assert (chinese.status_code, english.status_code) == (200, 200), path
        assert '<html lang="zh-Hant-TW">' in chinese.text
        assert '<html lang="en">' in english.text


def test_the_language_chosen_is_remembered(visitor):
    visitor.get("/?lang=en")
    assert (
        "Find your organisation" in visitor.get("/apply/").text
        or "find your organisation" in visitor.get("/apply/").text
    )
    visitor.get("/?lang=zh")
    assert "查詢機構" in visitor.get("/apply/").text


def test_no_english_page_has_a_chinese_mark_between_its_words():
    inside = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
    both_at_once = {"blank.html"}
    found = {
        page.name: re.findall("[：，（）、；]", inside.sub("", page.read_text(encoding="utf-8")))
        for page in TEMPLATES.rglob("*.html")
        if page.name not in both_at_once
    }
    assert {name: marks for name, marks in found.items() if marks} == {}


def test_no_english_count_stands_before_a_plural_that_one_would_make_wrong():
    counts = re.compile(r'"%d (?!days)[a-z]+s\b[^"]*"')
    found = {
        page.name: counts.findall(page.read_text(encoding="utf-8")) for page in TEMPLATES.rglob("*.html")
    }
    assert {name: counted for name, counted in found.items() if counted} == {}


def test_the_mark_between_two_parts_is_that_of_the_language(visitor):
    assert re.search(r"[0-9]（[0-9:–]+，例假日休息）", visitor.get("/").text)
    assert re.search(r"[0-9] \([0-9:–]+, closed on holidays\)", visitor.get("/?lang=en").text)


def test_every_route_says_who_may_use_it(app):
    for rule in app.url_map.iter_rules():
        assert access.rule_of(app, rule.endpoint) is not None, rule.endpoint


def test_a_route_without_a_rule_stops_the_start(web_ports, monkeypatch):
    careless = Blueprint("careless", __name__)
    careless.get("/careless/")(lambda: "open")
    monkeypatch.setattr(blueprints, "ALL", (*blueprints.ALL, careless))
    with pytest.raises(access.OpenDoorError, match="careless"):
        create_app(web_ports)


@pytest.fixture
def guarded(web_ports, monkeypatch):
    room = Blueprint("room", __name__)

    @room.get("/room/")
    @access.allow(Role.AUDITOR)
    def enter():
        return "inside"

    @room.post("/room/")
    @access.allow(Role.AUDITOR)
    def act():
        return "done"

    @room.get("/broken/")
    @access.public
    def broken():
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(blueprints, "ALL", (*blueprints.ALL, room))
    return create_app(web_ports)


def test_the_door_asks_strangers_to_log_in_and_turns_others_away(guarded, house, make_visitor):
    house.account("audit", "auditor")
    house.account("clerk", "letter_clerk")
    stranger = make_visitor(guarded)
    assert "/login/?next=" in stranger.get("/room/").headers["Location"]
    assert stranger.post("/room/").status_code == 403
    clerk, auditor = make_visitor(guarded), make_visitor(guarded)
    clerk.log_in("clerk")
    assert clerk.get("/room/").status_code == 403
    auditor.log_in("audit")
    assert auditor.get("/room/").text == "inside"


def test_an_account_that_is_closed_is_out_at_once(guarded, house, make_visitor):
    from workflow.store import schema as s

    account = house.account("audit", "auditor")
    auditor = make_visitor(guarded)
    auditor.log_in("audit")
    assert auditor.get("/room/").status_code == 200
    house.update(s.account, account, active=False)
    assert auditor.get("/room/").status_code == 302


def test_an_unknown_error_is_logged_and_says_nothing(guarded, make_visitor, caplog):
    answer = make_visitor(guarded).get("/broken/?code=hidden")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "unexpected error at GET /broken/" in caplog.text
    assert "hidden" not in caplog.text


def test_every_page_carries_the_headers(visitor):
    headers = visitor.get("/").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers
    cookie = visitor.get("/login/").headers.get("Set-Cookie", "")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_under_https_cookies_and_headers_insist_on_it(web_ports, make_visitor):
    visitor = make_visitor(create_app(dataclasses.replace(web_ports, https=True)))
    answer = visitor.get("/login/")
    assert "Strict-Transport-Security" in answer.headers
    assert "Secure" in answer.headers["Set-Cookie"]


def test_a_post_without_its_token_is_refused(client):
    answer = client.post("/status/", data={"number": "1", "user_code": "x"})
    assert answer.status_code == 400
    assert "沒有被受理" in answer.text


def test_too_many_guesses_are_slowed_down(web_ports, make_visitor):
    visitor = make_visitor(create_app(dataclasses.replace(web_ports, rate_limits=True)))
    statuses = {visitor.post("/status/", number="1", user_code="x").status_code for _ in range(21)}
    assert 429 in statuses
    assert "嘗試次數過多" in visitor.post("/status/", number="1", user_code="x").text


def test_an_unknown_page_offers_the_way_home(visitor):
    answer = visitor.get("/nowhere/")
    assert answer.status_code == 404
    assert "回首頁" in answer.text


def test_a_short_secret_key_is_refused(web_ports):
    with pytest.raises(ValueError, match="too short"):
        dataclasses.replace(web_ports, secret_key="short")


def test_templates_and_static_files_are_where_the_factory_looks():
    assert (app.TEMPLATES / "base.html").is_file()
    assert security.LARGEST_UPLOAD > 1024 * 1024


@pytest.mark.rule("RV1-01")
def test_a_window_is_found_by_county_and_kind(visitor, house):
    house.window()
    page = visitor.get("/windows/", query_string={"county": "臺北市", "kind": "school"}).text
    assert "臺北市政府教育局" in page
    assert "02-2720-8889" in page
    assert "查無符合的窗口" in visitor.get("/windows/", query_string={"county": "高雄市"}).text


def test_no_post_is_taken_without_its_token(app, client):
    for rule in app.url_map.iter_rules():
        # OCSP answers relying parties, not browsers with a session.
        if "POST" not in rule.methods or rule.arguments or rule.endpoint.startswith("repository."):
            continue
        answer = client.post(rule.rule)
        # A program proves itself with a token in a header instead.
        wanted = {401} if rule.endpoint.startswith("api_v1.") else {400, 403}
        assert answer.status_code in wanted, rule.rule


def test_a_name_in_the_register_is_never_taken_for_markup(visitor, house):
    house.organisation('<img src=x onerror="x()">學校')
    page = visitor.get("/apply/?ca=xca&q=學校").text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_codes_and_passwords_reach_no_log(visitor, house, caplog):
    caplog.set_level("DEBUG")
    house.account("audit", "auditor")
    visitor.log_in("audit", "wrong-Pass9")
    visitor.post("/status/", number="0400100000000000000000001", user_code="Secret7")
    assert "wrong-Pass9" not in caplog.text
    assert "Secret7" not in caplog.text

"""Somebody who wishes the registry ill, at every address: without the right, without the token, with nasty words."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from web import security
from web.access import rule_of
from workflow.store import schema as s
from workflow.vocabulary import STAFF_ROLES, Role

IDS = {
    "case_id": 1, "letter_id": 1, "document_id": 1, "list_id": 1, "trigger": "cancel", "ca": "xca", "subscriber_kind": "school",
}  # fmt: skip
LEAVES_A_TRACE = frozenset({"audit_entry", "audit_leaf", "audit_checkpoint"})
FIELD = re.compile(r'<(?:input|textarea|select)[^>]*\sname="([^"]+)"')
MARK = "gfx<script>alert(1)</script>{{7*7}}"
NASTY = (
    MARK,
    "' OR 1=1; DROP TABLE \"case\"; --",
    "a\r\nSet-Cookie: owned=1",
    "a\x00b",
    "\\",
    '=HYPERLINK("http://evil.example")',
    "\u202e\u0000\u200b",
    "9" * 400,
    "-1",
    "x" * 70_000,
    "../../../../etc/passwd",
    "//evil.example/",
)  # fmt: skip


def routes(app, method="POST"):
    """Name every address that takes a method, with ids that look like rows."""
    adapter = app.url_map.bind("localhost")
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        if method not in rule.methods or rule.endpoint == "static" or rule.endpoint.startswith("bootstrap"):
            continue
        values = {}
        for name, converter in rule._converters.items():
            values[name] = IDS.get(name, 1 if "Integer" in type(converter).__name__ else "abc")
            if type(converter).__name__ == "AnyConverter":
                values[name] = min(converter.items)
        yield rule, adapter.build(rule.endpoint, values | (rule.defaults or {}), method=method)


def stored(house):
    """Return all that is stored, but for the log, which tells of each refusal."""
    return {
        name: house.rows(table) for name, table in s.metadata.tables.items() if name not in LEAVES_A_TRACE
    }


def for_machines(app, rule):
    """Tell whether programs post here, with a token of their own or none: they hold no session that could be misused."""
    view = app.view_functions[rule.endpoint]
    exempt = f"{view.__module__}.{view.__name__}" in app.extensions["csrf"]._exempt_views
    return exempt or rule_of(app, rule.endpoint).scope is not None


def without_the_right(app, who):
    """Name the posts that somebody with a role may not send."""
    for rule, path in routes(app):
        access = rule_of(app, rule.endpoint)
        if access.everybody or access.scope is not None or (who is not None and who in access.roles):
            continue
        yield path


@pytest.mark.rule("ROL-09", "ROL-10")
def test_every_post_wants_its_role_and_changes_nothing_otherwise(app, counter):
    counter.received()
    browsers = {
        role: counter.browser(str(role), window_id=counter.window if role is Role.FIRST_REVIEWER else None)
        for role in sorted(STAFF_ROLES)
    }
    before = stored(counter.house)
    for role, browser in browsers.items():
        refused = list(without_the_right(app, role))
        assert refused
        for path in refused:
            assert browser.post(path, follow=False).status_code == 403, (role, path)
    assert stored(counter.house) == before


@pytest.mark.parametrize("token", [None, "", "wrong", "another's"])
def test_every_post_wants_the_pages_own_token(app, counter, visitor, token):
    counter.received()
    officer = counter.officer.client
    if token == "another's":
        visitor.get("/login/")
        token = visitor._token
    before = stored(counter.house)
    for rule, path in routes(app):
        if for_machines(app, rule):
            continue
        fields = {} if token is None else {"csrf_token": token}
        answer = officer.post(path, data=fields)
        assert answer.status_code in {400, 403}, path
    assert stored(counter.house) == before


def test_no_method_of_http_breaks_an_address(app, counter):
    client = counter.officer.client
    for method in ("GET", "POST"):
        for _rule, path in routes(app, method):
            for verb in ("PUT", "DELETE", "OPTIONS", "PROPFIND"):
                status = client.open(path, method=verb).status_code
                assert status < 500, (verb, path, status)
                assert verb == "OPTIONS" or status >= 400, (
                    verb,
                    path,
                )


def fields_on(page):
    return sorted(set(FIELD.findall(page)) - {"csrf_token", "seen_version", "seen_sha256"})


def known_fields(browser, paths):
    """Gather the names of every field that the pages of a person show."""
    found = set()
    for path in paths:
        found.update(fields_on(browser.get(path).text))
    return sorted(found)


def assert_unharmed(answer, where):
    assert answer.status_code < 500, where
    assert "owned=1" not in str(answer.headers.getlist("Set-Cookie")), where
    assert not answer.headers.get("Location", "/").startswith(("//", "http:", "https:")), where
    if answer.mimetype == "text/html":
        assert "gfx<script" not in answer.text, where
        assert "gfx&lt;script&gt;alert(1)&lt;/script&gt;49" not in answer.text, where


def openable(app, browser):
    found = []
    for rule, path in routes(app, "GET"):
        if not rule.endpoint.startswith("login"):
            answer = browser.get(path)
            assert answer.status_code < 500, path
            if answer.status_code == 200 and answer.mimetype == "text/html":
                found.append(path)
    return found


def open_to(app, role, method):
    """Name the addresses that somebody with a role, or anybody, may use."""
    for rule, path in routes(app, method):
        access = rule_of(app, rule.endpoint)
        if rule.endpoint.startswith("login") or access.scope is not None:
            continue
        if (role in access.roles) if role else access.everybody:
            yield path


ROUNDS = 2


@pytest.mark.parametrize("role", ["", *sorted(STAFF_ROLES)])
def test_nasty_words_in_every_field_break_nothing(app, counter, visitor, role):
    counter.received()
    browser = visitor
    if role:
        browser = counter.browser(role, window_id=counter.window if role == Role.FIRST_REVIEWER else None)
    pages = openable(app, browser)
    names = known_fields(browser, pages)
    for turn in range(ROUNDS):
        # Each field meets other words in each round.
        said = {name: NASTY[(place + turn * 5) % len(NASTY)] for place, name in enumerate(names)}
        for path in open_to(app, role, "POST"):
            answer = browser.post(path, follow=False, **said)
            assert_unharmed(answer, path)
            assert "request.csrf" not in answer.text, path
        short = {name: word[:400] for name, word in said.items()}
        for path in open_to(app, role, "GET"):
            assert_unharmed(browser.get(path, query_string=short), path)
    for path in pages:
        # What was stored is shown as words, too.
        assert_unharmed(browser.get(path), path)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"csrf_token=%ff%fe&q=%80&card_number=%c3%28", "application/x-www-form-urlencoded"),
        (b"a=1&a=2&card_number=1&card_number=2&csrf_token=", "application/x-www-form-urlencoded"),
        (b"&" * 2000, "application/x-www-form-urlencoded"),
        (b"no boundary at all", "multipart/form-data"),
        (
            b'--b\r\nContent-Disposition: form-data; name="\r\n\r\n\r\n--b--',
            "multipart/form-data; boundary=b",
        ),
        (b"{" * 20_000, "application/json"),
        (b"\xff\x00", "text/plain; charset=none-such"),
    ],
)
def test_a_body_that_is_no_form_breaks_nothing(app, counter, body, kind):
    for rule, path in routes(app):
        answer = counter.officer.client.post(path, data=body, content_type=kind)
        assert 400 <= answer.status_code < 500 or (for_machines(app, rule) and answer.status_code == 200), (
            path
        )


def test_a_body_beyond_measure_is_refused_in_words(visitor):
    large, kind = bytes(security.LARGEST_UPLOAD + 1), "multipart/form-data; boundary=b"
    answer = visitor.client.post("/usercode-reset/", data=large, content_type=kind)
    assert answer.status_code == 413
    assert "檔案太大" in answer.text


@pytest.mark.parametrize(
    "onward",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
     "/\t/evil.example", "http:evil.example", "/login/\r\nX: y", " //evil.example", "///evil.example"],
)  # fmt: skip
def test_nobody_is_led_away_after_the_log_in(app, counter, make_visitor, onward):
    counter.house.account("led", "letter_clerk", person="王導")
    browser = make_visitor(app)
    answer = browser.post("/login/", follow=False, login="led", password="correct horse", next=onward)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/"), answer.headers["Location"]
    assert not re.match(r"/[\\/\t]", answer.headers["Location"])
    assert "X" not in answer.headers


def zipped(*entries, packing=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", packing) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return held.getvalue()


BOMB = (
    '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE 函 [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + "]><函><主旨>&j;</主旨></函>"
)
OUTSIDE = '<!DOCTYPE 函 [<!ENTITY x SYSTEM "file:///etc/passwd">]><函><主旨>&x;</主旨></函>'
UPLOADS = {
    "a bomb": lambda: [("letter.zip", zipped(("a.di", b"0" * 200_000_000)))],
    "a way out": lambda: [("letter.zip", zipped(("../../../../tmp/owned.di", OUTSIDE)))],
    "thousands of entries": lambda: [("letter.zip", zipped(*((f"{n}.txt", b"x") for n in range(3_000))))],
    "growing entities": lambda: [("a.di", BOMB.encode())],
    "an entity from outside": lambda: [("a.di", OUTSIDE.encode())],
    "nesting": lambda: [("a.di", b"<a>" * 100_000)],
    "a program": lambda: [("a.exe", b"MZ" + bytes(1000))],
    "nothing": lambda: [("a.di", b"")],
    "a name beyond measure": lambda: [("x" * 5000 + ".di", b"<a/>")],
    "a name with markup": lambda: [(MARK + ".di", b"<a/>")],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(UPLOADS))
def test_a_wicked_letter_is_refused_and_nothing_is_kept(counter, name):
    browser = counter.clerk
    before = counter.count(s.letter), counter.count(s.document)
    files = [(io.BytesIO(content), file_name) for file_name, content in UPLOADS[name]()]
    answer = browser.post("/letters/import/", follow=False, files=files)
    assert answer.status_code in {400, 413}, answer.status_code
    assert_unharmed(answer, name)
    assert "root:" not in answer.text
    assert (counter.count(s.letter), counter.count(s.document)) == before


@pytest.mark.parametrize(
    "file_name",
    ['a"b.pdf', "a\r\nX-Owned: 1.pdf", "../../a.pdf", MARK + ".pdf", "關防.pdf", ".pdf", "a" * 400 + ".pdf"],
)
def test_a_scan_of_any_name_comes_back_as_a_file_to_keep(counter, file_name):
    scan = (io.BytesIO(b"%PDF-1.4 scan"), file_name)
    fields = {
        "sender_name": "市府",
        "number": "北市字第77號",
        "dated": "115/11/20",
        "subject": "申請",
        "numbers": "",
    }
    answer = counter.clerk.post("/letters/new/", follow=False, **fields, files=scan)
    assert_unharmed(answer, file_name)
    if answer.status_code != 302:
        assert answer.status_code == 400
        return
    page = counter.clerk.get(answer.headers["Location"])
    assert_unharmed(page, file_name)
    for link in re.findall(r'href="(/[^"]*(?:file|document)[^"]*)"', page.text):
        got = counter.clerk.get(link)
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "X-Owned" not in got.headers
        assert ".." not in got.headers["Content-Disposition"]

"""Every page of the staff opens to the roles it is for, and to nobody else."""

import itertools

import pytest

from web.access import rule_of
from workflow.vocabulary import STAFF_ROLES, Role

BLUEPRINTS = (
    "staff",
    "clerk",
    "window",
    "officer",
    "centre",
    "line",
    "stock",
    "stock_moves",
    "stock_accounts",
    "desk",
    "operator",
    "administrator",
)


def rules(app):
    found = [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in BLUEPRINTS]
    return sorted(found, key=lambda rule: rule.rule)


def paths(app):
    """Name each page with ids that are not there: an open page answers 404 or shows itself, a closed one 403."""
    ids = {
        "case_id": 999,
        "letter_id": 999,
        "document_id": 999,
        "list_id": 999,
        "batch_id": 999,
        "account_id": 999,
        "box_id": 999,
        "move_id": 999,
        "difference_id": 999,
        "destruction_id": 999,
        "trigger": "cancel",
    }
    adapter = app.url_map.bind("localhost")
    for rule in rules(app):
        values = {name: ids[name] for name in rule.arguments}
        for method in sorted({"GET", "POST"} & rule.methods):
            yield (
                method,
                adapter.build(rule.endpoint, values, method=method),
                rule_of(app, rule.endpoint).roles,
            )


@pytest.mark.rule("ROL-09", "ROL-10")
@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_a_role_opens_its_own_pages_and_no_others(app, counter, role):
    browser = counter.browser(str(role), window_id=counter.window if role is Role.FIRST_REVIEWER else None)
    for method, path, roles in paths(app):
        answer = browser.get(path) if method == "GET" else browser.post(path, follow=False)
        assert (answer.status_code != 403) == (role in roles), (method, path, answer.status_code)
        assert answer.status_code != 500, (method, path)


def test_nobody_gets_in_without_logging_in(app, visitor):
    for method, path, _roles in paths(app):
        answer = visitor.get(path) if method == "GET" else visitor.post(path, follow=False)
        assert answer.status_code in {302, 403}, (method, path)
        if answer.status_code == 302:
            assert "/login/" in answer.headers["Location"]


def test_a_post_without_the_token_changes_nothing(app, counter):
    case = counter.in_second_review()
    fields = counter.seen(case) | {"decision": "approve_second", "password": "correct horse"}
    answer = counter.officer.client.post(f"/officer/cases/{case}/", data=fields)
    assert answer.status_code == 400
    assert counter.state(case) == "second_review"


@pytest.mark.rule("RV1-05")
def test_a_window_sees_its_own_organisations_only(counter):
    other_window = counter.house.window("高雄市政府教育局", county="高雄市")
    mine = counter.received()
    other = counter.received(name="高雄市立中正國小", window=other_window)
    page = counter.reviewer.get("/window/").text
    assert counter.number(mine) in page
    assert counter.number(other) not in page
    for path in (f"/staff/cases/{other}/", f"/window/cases/{other}/", f"/staff/cases/{other}/form.pdf"):
        assert counter.reviewer.get(path).status_code == 404
    assert "查無符合" in counter.reviewer.get("/staff/search/", query_string={"q": "中正國小"}).text
    assert counter.decide(counter.reviewer, "window", other, "approve_first").status_code == 404


def test_what_was_typed_never_becomes_markup(counter):
    nasty = "<script>alert(1)</script>"
    case = counter.received(name=nasty, contact_name=nasty)
    counter.log_letter(subject=nasty, sender_name=nasty)
    places = (
        (counter.reviewer, f"/window/cases/{case}/"),
        (counter.clerk, "/letters/"),
        (counter.officer, f"/staff/cases/{case}/"),
    )
    for browser, path in places:
        page = browser.get(path).text
        assert "&lt;script&gt;" in page
        assert nasty not in page
    assert nasty not in counter.officer.get("/staff/search/", query_string={"q": nasty}).text


def test_numbers_that_no_row_can_have_are_not_found(counter):
    huge = "9" * 30
    for path, name in itertools.product((f"/staff/cases/{huge}/", f"/letters/{huge}/"), ("officer",)):
        assert getattr(counter, name).get(path).status_code == 404
    assert counter.officer.get(f"/letters/?before={huge}").status_code == 200


def test_staff_are_led_to_their_own_work(counter):
    places = {"second_reviewer": "/staff/worklist/", "auditor": "/operator/audit/", "operator": "/operator/"}
    places |= {"administrator": "/administrator/accounts/", "controller": "/centre/stock/"}
    for role, place in places.items():
        assert counter.browser(role).get("/staff/").headers["Location"] == place

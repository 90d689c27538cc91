"""Help stands where people need it, says what the statements say, and names the registry's own addresses."""

from __future__ import annotations

import pytest

from workflow.store import schema as s


@pytest.mark.rule("REV-07", "REV-15", "REV-16")
def test_holders_are_told_when_to_ask_for_revocation_and_who_answers_until_then(client):
    chinese, english = client.get("/help/duties/").text, client.get("/help/duties/?lang=en").text
    for cause in ("遭破解", "記載的資料已變更", "不再需要使用", "毀損、遺失或遭竊", "遭他人冒用之虞"):
        assert cause in chinese
    assert "必須申請廢止" in chinese
    assert "承擔使用該憑證所引發的責任" in chinese
    assert "減少對信賴憑證者的影響" in chinese
    assert "you must apply for its revocation" in english
    assert "the holder answers for all that its use brings about" in english


def test_a_lost_card_is_suspended_first_and_revoked_when_it_stays_lost(client):
    page = client.get("/help/lost-card/").text
    steps = [page.index(path) for path in ("/card/suspend/", "/card/resume/", "/help/duties/#ask")]
    assert steps == sorted(steps)
    assert "廢止不能恢復" in page


@pytest.mark.parametrize(
    ("place", "help_page"),
    [
        ("/", "/help/lost-card/"),
        ("/", "/help/duties/"),
        ("/card/suspend/", "/help/lost-card/"),
        ("/certificates/", "/help/certificate-status/"),
        ("/repository/", "/help/server-certificates/"),
        ("/site-map/", "/help/server-certificates/"),
    ],
)
def test_help_is_linked_from_where_it_is_needed(place, help_page, client):
    assert f'href="{help_page}"' in client.get(place).text


def test_a_certificates_page_leads_to_the_meaning_of_its_status(client, house):
    page = client.get(f"/certificates/xca/{house.repository()}/").text
    assert 'href="/help/certificate-status/"' in page
    assert 'href="/help/server-certificates/"' in page


@pytest.mark.parametrize("page", ["server-certificates", "certificate-status"])
def test_before_the_ceremony_no_address_is_named(page, client, office):
    text = client.get(f"/help/{page}/").text
    assert "憑證機構尚未成立" in text
    assert office.settings.repository_url not in text


def test_the_addresses_are_those_that_certificates_carry(client, house, office):
    house.repository()
    host = office.settings.repository_url
    text = client.get("/help/server-certificates/?authority=nobody").text
    for path in ("xca/Certs/xca.crt", "xca/Certs/IssuedToThisCA.p7b", "root/Certs/root.crt"):
        assert f"{host}/repository/{path}" in text
        assert client.get(f"/repository/{path}").status_code == 200


def test_an_authority_that_stopped_issuing_is_no_longer_offered_to_servers(client, house):
    house.repository()
    (row,) = house.rows(s.authority, name="xca")
    house.update(s.authority, row.id, state="retired")
    assert "/repository/xca/" not in client.get("/help/server-certificates/").text
    assert "/repository/xca/" in client.get("/help/certificate-status/").text

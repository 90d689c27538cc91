from __future__ import annotations

import pytest

from web.app import create_app
from workflow.store import schema as s


@pytest.fixture
def desk(demo_ports, make_visitor, house):
    house.account("audit", "auditor", person="林美麗")
    return make_visitor(create_app(demo_ports))


def test_there_is_no_demonstration_desk_in_the_real_thing(visitor):
    assert visitor.get("/demo/").status_code == 404
    assert "示範環境" not in visitor.get("/").text


def test_every_page_of_a_demonstration_says_so(desk):
    assert "示範環境" in desk.get("/").text


def test_the_desk_shows_people_and_mails(desk):
    page = desk.get("/demo/").text
    for words in ("林美麗", "稽核員", "correct horse", "您的申請書", "form.pdf", "0badc0de"):
        assert words in page


def test_the_clock_moves_by_the_leaps_only(desk, house):
    house.insert(s.clock_offset, id=1, seconds=0)
    assert "往前撥 90 日" in desk.post("/demo/clock", days="90").text
    assert house.rows(s.clock_offset)[0].seconds == 90 * 86400
    assert desk.post("/demo/clock", days="91").status_code == 400


def test_a_card_goes_into_a_reader_and_out_again(desk):
    assert "卡片已插入讀卡機" in desk.post("/demo/cards/insert", reader="讀卡機 1", csn="0badc0de").text
    assert "取出" in desk.get("/demo/").text
    assert "找不到這張卡片或讀卡機" in desk.post("/demo/cards/insert", reader="nowhere", csn="0badc0de").text
    assert "卡片已取出" in desk.post("/demo/cards/remove", reader="讀卡機 1").text

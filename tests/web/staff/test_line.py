"""The card centre opens batches, watches them with and without scripts, prints faces and settles quarantine."""

import json

import pytest

from tests.web.staff.test_centre import CARD
from workflow.commands_of_line import OpenLineBatch, RecordReader
from workflow.facts import SYSTEM, Actor
from workflow.handlers import handle
from workflow.store import schema as s
from workflow.vocabulary import Rank, ReaderState, Role

CENTRE = Actor("卡管", frozenset({Role.CARD_CENTRE}))


def approved(counter, name="製卡國小"):
    case = counter.applied(name, Rank.SECONDARY)
    counter.put(case, state="approved")
    return case


def a_batch(counter, *cases):
    return handle(counter.office, OpenLineBatch(case_ids=cases), CENTRE).created_id


def test_the_centre_opens_a_batch_of_the_oldest_cases(counter):
    first, second = approved(counter), approved(counter, "其次國小")
    page = counter.centre.post("/centre/line/", ca="xca", count="1").text
    assert counter.number(first) in page
    assert counter.number(second) not in page
    assert "等候製卡" in page


def test_a_batch_of_nothing_is_refused_beside_the_field(counter):
    answer = counter.centre.post("/centre/line/", ca="gca", count="5")
    assert answer.status_code == 409
    assert "沒有可製卡的案件" in answer.text


def test_progress_comes_as_events_and_ends_with_the_batch(counter):
    case = approved(counter)
    batch = a_batch(counter, case)
    counter.house.update(s.line_job, 1, state="made")
    answer = counter.centre.get(f"/centre/line/{batch}/events")
    assert answer.mimetype == "text/event-stream"
    kind, data = answer.text.split("\n\n")[1].split("\n")
    assert kind == "event: ended"
    assert counter.number(case) in json.loads(data.removeprefix("data: "))["html"]


def test_more_watchers_than_there_is_room_for_are_told_once(app, counter):
    batch = a_batch(counter, approved(counter))
    room = app.extensions["line_streams"]
    while room.acquire(blocking=False):
        pass
    told = counter.centre.get(f"/centre/line/{batch}/events").text
    assert told.count("event: progress") == 1
    assert told.startswith("retry: ")


def test_without_scripts_the_page_of_a_running_batch_reloads_itself(counter):
    batch = a_batch(counter, approved(counter))
    page = counter.centre.get(f"/centre/line/{batch}/").text
    assert '<noscript><meta http-equiv="refresh"' in page
    counter.house.update(s.line_job, 1, state="left")
    assert "http-equiv" not in counter.centre.get(f"/centre/line/{batch}/").text


def test_a_batch_is_stopped_with_a_reason(counter):
    batch = a_batch(counter, approved(counter))
    assert counter.centre.post(f"/centre/line/{batch}/stop/", reason=" ").status_code == 409
    assert "停電檢修" in counter.centre.post(f"/centre/line/{batch}/stop/", reason="停電檢修").text


def test_a_reader_that_was_set_aside_is_put_back_into_use(counter):
    aside = RecordReader(reader="讀卡機 9", worker="line", state=ReaderState.SET_ASIDE, said="已離線")
    handle(counter.office, aside, SYSTEM)
    assert "已離線" in counter.centre.get("/centre/line/").text
    assert "未運轉" in counter.centre.post("/centre/line/readers/return/", reader="讀卡機 9").text


def test_a_quarantined_card_is_shown_with_what_is_known_and_settled(counter):
    now = counter.office.clock.now()
    counter.house.insert(
        s.card, csn="00112233", number=None, state="quarantined", box="A", step="claimed", reason="CardRefused",
        counted_in_at=now, updated_at=now,
    )  # fmt: skip
    assert "CardRefused" in counter.centre.get("/centre/line/quarantine/").text
    empty = counter.centre.post("/centre/line/quarantine/", csn="00112233", outcome="release", reason="")
    assert empty.status_code == 409
    counter.centre.post("/centre/line/quarantine/", csn="00112233", outcome="release", reason="外觀完好")
    assert [row.state for row in counter.house.rows(s.card)] == ["blank"]


@pytest.mark.rule("CRD-09")
def test_faces_name_the_card_and_its_rare_characters(counter):
    case = counter.made(CARD, name="陳𠮷國小")
    now = counter.office.clock.now()
    batch = counter.house.insert(s.line_batch, by_name="卡管", at=now)
    counter.house.insert(
        s.line_job, batch_id=batch, case_id=case, position=1, state="made", said="", updated_at=now
    )
    text = counter.centre.get(f"/centre/line/{batch}/faces.csv").data.decode("utf-8-sig")
    assert CARD in text
    (face,) = json.loads(counter.centre.get(f"/centre/line/{batch}/faces.json").text)
    assert (face["card_number"], face["rank"], face["rare_characters"]) == (CARD, "primary", ["U+20BB7"])
    assert (face["valid_from"], face["valid_to"]) == ("2026-11-20", "2031-11-20")

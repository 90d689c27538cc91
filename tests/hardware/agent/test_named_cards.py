"""A card in a reader is named to its holder by the number on it."""

from __future__ import annotations

import pytest

from hardware.agent.desk import Desk
from hardware.folder_station import FolderStation
from hardware.piv import Algorithm
from tests.hardware.registry_hands import CARD_NUMBER, make_card

READER = "讀卡機 1"


@pytest.fixture
def station(tmp_path):
    station = FolderStation(tmp_path / "cards", (READER,))
    station.insert(READER, station.new_blank())
    return station


@pytest.fixture
def desk(station):
    return Desk(station, lambda *_said: None)


def named(desk):
    return [desk.number_on(one) for one in desk.readers()]


def test_a_card_is_named_by_the_number_on_it(desk, station):
    with station.open_session(READER) as session:
        make_card(session, Algorithm.P256, Algorithm.P256)
    assert named(desk) == [CARD_NUMBER]


def test_a_blank_an_empty_reader_and_a_card_in_use_have_no_name(desk, station):
    assert named(desk) == [""]
    with station.open_session(READER) as session:
        make_card(session, Algorithm.P256, Algorithm.P256)
        assert named(desk) == [""]
    station.remove(READER)
    assert named(desk) == [""]


def test_a_card_is_asked_once_and_not_while_a_page_holds_it(desk, station):
    with station.open_session(READER) as session:
        make_card(session, Algorithm.P256, Algorithm.P256)
    named(desk)
    held = desk.open("https://registry.example.tw", READER)
    assert named(desk) == [CARD_NUMBER]
    desk.close("https://registry.example.tw", held)

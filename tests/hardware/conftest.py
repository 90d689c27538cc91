"""Cards and readers for the tests of this room."""

from __future__ import annotations

import pytest

from hardware.folder_station import DEFAULT_READERS, FolderStation
from hardware.scripts.steps import select

READER = DEFAULT_READERS[0]


@pytest.fixture
def station(tmp_path):
    return FolderStation(tmp_path / "cards")


@pytest.fixture
def insert_blank(station):
    """Make a blank and put it into the first reader, in place of whatever was there."""

    def insert(*, answers_metadata=True):
        station.remove(READER)
        csn = station.new_blank(answers_metadata=answers_metadata)
        station.insert(READER, csn)
        return csn

    return insert


@pytest.fixture
def open_session(station):
    def open_session(fault=None):
        return station.open_session(READER, fault)

    return open_session


@pytest.fixture
def session(insert_blank, open_session):
    """A session with a blank whose application is selected."""
    insert_blank()
    with open_session() as opened:
        opened.run(select())
        yield opened

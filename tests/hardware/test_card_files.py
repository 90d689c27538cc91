"""Virtual cards and readers in a folder that several processes share."""

import subprocess
import sys
import time

import pytest

from hardware.errors import CardFileError, CardRemoved, NoReader, ReaderBusy
from hardware.folder_station import DEFAULT_READERS, FolderStation
from hardware.piv import FACTORY_PIN
from hardware.scripts.change_pin import change_pin
from hardware.scripts.steps import select, verify_pin
from hardware.virtual.card_file import write_atomically

READER, OTHER_READER = DEFAULT_READERS

HOLD = """
import sys
import time
from pathlib import Path
from hardware.folder_station import FolderStation
station = FolderStation(Path(sys.argv[1]))
with station.open_session(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def another_process(station):
    """Open the card in a reader in another process, until the fixture's function is called again with None."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(station._directory), READER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def test_a_card_held_by_another_process_is_busy(insert_blank, open_session, station, request):
    insert_blank()
    process = request.getfixturevalue("another_process")
    assert process.stdout.readline() == "held\n"
    with pytest.raises(ReaderBusy):
        open_session()
    process.communicate("\n")
    open_session().close()


def test_a_process_that_died_does_not_keep_its_card(insert_blank, open_session, request):
    insert_blank()
    process = request.getfixturevalue("another_process")
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.wait()
    open_session().close()


def test_a_card_pulled_out_by_another_station_on_the_folder_ends_the_session(
    insert_blank, open_session, station
):
    insert_blank()
    with open_session() as session:
        session.run(select())
        FolderStation(station._directory).remove(READER)
        with pytest.raises(CardRemoved):
            session.run(select())


def test_a_card_pulled_out_and_put_back_at_once_ends_the_session_too(insert_blank, open_session, station):
    csn = insert_blank()
    with open_session() as session:
        session.run(select())
        station.remove(READER)
        station.insert(READER, csn)
        with pytest.raises(CardRemoved):
            session.run(select())


def test_what_a_card_confirmed_is_in_its_file(insert_blank, open_session, station):
    csn = insert_blank()
    with open_session() as session:
        session.run(change_pin(FACTORY_PIN, "975318"))
        assert station.card_file(csn).load().pin.value == b"975318\xff\xff"
    with open_session() as session:
        session.run(select())
        session.run(verify_pin("975318"))


def test_one_card_cannot_be_in_two_readers_nor_two_cards_in_one(station):
    first, second = station.new_blank(), station.new_blank()
    station.insert(READER, first)
    with pytest.raises(ReaderBusy):
        station.insert(OTHER_READER, first)
    with pytest.raises(ReaderBusy):
        station.insert(READER, second)
    assert set(station.cards()) == {first, second}


def test_cards_and_readers_that_are_not_there_are_refused(station):
    csn = station.new_blank()
    with pytest.raises(CardFileError):
        station.insert(READER, "00" * 16)
    with pytest.raises(CardFileError):
        station.card_file("../../etc/passwd")
    with pytest.raises(NoReader):
        station.insert("No such reader", csn)
    with pytest.raises(NoReader):
        station.remove("No such reader")


def test_a_card_is_never_created_over_another(station):
    csn = station.new_blank()
    file = station.card_file(csn)
    with pytest.raises(CardFileError):
        file.create(file.load())


@pytest.mark.parametrize("text", ["", "{}", '{"format": 9}', "[]"])
def test_a_damaged_card_is_refused_and_its_lock_let_go(insert_blank, open_session, station, text):
    file = station.card_file(insert_blank())
    whole = file.path.read_text()
    file.path.write_text(text)
    with pytest.raises(CardFileError):
        open_session()
    file.path.write_text(whole)
    open_session().close()


def test_a_write_that_fails_leaves_the_old_text_and_no_litter(tmp_path):
    target = tmp_path / "state"
    write_atomically(target, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(target, "\ud800")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


WRITE_FOR_EVER = """
import sys
import time
from pathlib import Path
from hardware.virtual.card_file import CardFile
file = CardFile(Path(sys.argv[1]))
state = file.load()
print("writing", flush=True)
while True:
    state.objects[0x5FFF50] = bytes([len(state.objects[0x5FFF50]) % 251]) * (len(state.objects[0x5FFF50]) % 7919 + 1)
    file.save(state)
"""


def test_a_card_whose_program_is_killed_while_writing_is_whole(station):
    file = station.card_file(station.new_blank())
    state = file.load()
    state.objects[0x5FFF50] = b"\0"
    file.save(state)
    for pause in (0.0, 0.01, 0.03):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE_FOR_EVER, str(file.path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "writing\n"
            time.sleep(pause)
            process.kill()
        content = file.load().objects[0x5FFF50]
        assert len(set(content)) == 1

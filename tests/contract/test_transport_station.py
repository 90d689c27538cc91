"""What every card station promises, held against the folder of virtual cards and against PC/SC."""

from __future__ import annotations

import pytest

from hardware.apdu import CommandApdu, ResponseApdu
from hardware.errors import CardRefused, CardRemoved, NoCard, NoReader, ReaderBusy
from hardware.folder_station import FolderStation
from hardware.piv import FACTORY_PIN, DataObject, Ins, Slot, Sw
from hardware.scripts.certificates import verify_read_back
from hardware.scripts.identify import identify
from hardware.scripts.set_secrets import FACTORY_SECRETS, set_secrets
from hardware.scripts.steps import read_object, select, verify_pin, write_object
from hardware.tlv import build
from hardware.virtual.card import ATR, ATR_T0, CardProtocol
from tests.hardware.card_rig import FolderRig, PcscRig
from tests.hardware.pcscd_daemon import shared_daemon
from tests.hardware.registry_hands import a_challenge, make_card


@pytest.fixture(
    params=["folder", *(pytest.param(name, marks=pytest.mark.card_stack) for name in ("t0", "t1"))]
)
def rig(request, tmp_path):
    folder = FolderStation(tmp_path / "cards")
    made = FolderRig(folder)
    if request.param != "folder":
        made = PcscRig(folder, shared_daemon(), protocol=CardProtocol(request.param))
    yield made
    made.remove()


@pytest.fixture
def blank(rig):
    csn = rig.new_blank()
    rig.insert(csn)
    return csn


def status_of(rig):
    return next(status for status in rig.station.readers() if status.name == rig.reader)


def test_an_empty_reader_is_shown_empty_and_cannot_be_opened(rig):
    assert not status_of(rig).card_present
    with pytest.raises(NoCard):
        rig.station.open_session(rig.reader)


def test_a_reader_that_does_not_exist_is_refused_by_name(rig):
    with pytest.raises(NoReader):
        rig.station.open_session("No such reader")


def test_a_card_in_a_reader_is_named_by_its_serial_number(rig, blank):
    assert status_of(rig).card_present
    assert status_of(rig).csn == blank


def test_a_card_is_held_by_one_session_at_a_time(rig, blank):
    with rig.station.open_session(rig.reader), pytest.raises(ReaderBusy):
        rig.station.open_session(rig.reader)
    rig.station.open_session(rig.reader).close()


def test_a_card_in_use_is_still_shown_as_present(rig, blank):
    with rig.station.open_session(rig.reader):
        assert status_of(rig).card_present


def test_the_answer_to_reset_reaches_the_session(rig, blank):
    with rig.station.open_session(rig.reader) as session:
        assert session.atr in {ATR, ATR_T0}


def test_raw_commands_pass_unchanged_and_long_answers_come_in_parts(rig, blank):
    read_short = CommandApdu(0, Ins.GET_DATA, 0x3F, 0xFF, bytes.fromhex("5c035fc102"), 8)
    with rig.station.open_session(rig.reader) as session:
        session.run(select())
        first = ResponseApdu.parse(session.transmit(read_short.encode()))
        # With T=0 nothing comes before it is fetched.
        assert (len(first.data), first.sw1) in {(8, 0x61), (0, 0x61)}
        rest = session.transmit(CommandApdu(0, Ins.GET_RESPONSE, 0, 0, le=first.sw2).encode())
    assert ResponseApdu.parse(rest).is_success


def test_an_object_of_three_thousand_bytes_goes_in_and_comes_back(rig, blank):
    content = bytes(index % 251 for index in range(3000))
    with rig.station.open_session(rig.reader) as session:
        session.run(set_secrets(FACTORY_SECRETS, a_challenge()))
        session.run(write_object(0x5FFF50, content))
        assert session.run(read_object(0x5FFF50)) == content


def test_an_extended_command_does_in_one_what_a_chain_does_in_parts(rig, blank):
    if getattr(rig, "protocol", None) is CardProtocol.T0:
        pytest.skip("T=0 has no extended commands")
    content = bytes(index % 251 for index in range(3000))
    name = bytes.fromhex("5c035fff50")
    write = CommandApdu(0, Ins.PUT_DATA, 0x3F, 0xFF, name + build(0x53, content))
    read = CommandApdu(0, Ins.GET_DATA, 0x3F, 0xFF, name, 4096)
    with rig.station.open_session(rig.reader) as session:
        session.run(set_secrets(FACTORY_SECRETS, a_challenge()))
        assert session.transmit(write.encode()) == b"\x90\x00"
        answer = ResponseApdu.parse(session.transmit(read.encode()))
    assert answer == ResponseApdu(build(0x53, content), Sw.SUCCESS)


def test_what_was_proven_to_a_card_is_forgotten_when_it_is_let_go(rig, blank):
    with rig.station.open_session(rig.reader) as session:
        session.run(select())
        session.run(verify_pin(FACTORY_PIN))
    with rig.station.open_session(rig.reader) as session:
        session.run(select())
        with pytest.raises(CardRefused) as refusal:
            session.run(read_object(DataObject.PRINTED_INFORMATION))
    assert refusal.value.sw == Sw.SECURITY_STATUS


def test_a_card_pulled_out_ends_its_session(rig, blank):
    with rig.station.open_session(rig.reader) as session:
        session.run(select())
        rig.remove()
        with pytest.raises(CardRemoved):
            session.run(select())


def test_a_session_that_was_closed_carries_nothing_more(rig, blank):
    session = rig.station.open_session(rig.reader)
    session.close()
    session.close()
    with pytest.raises(CardRemoved):
        session.run(select())


def test_a_card_made_in_one_session_is_found_whole_in_the_next(rig, blank):
    with rig.station.open_session(rig.reader) as session:
        made = make_card(session)
    with rig.station.open_session(rig.reader) as session:
        identity = session.run(identify())
        session.run(verify_read_back(made.certificates))
    assert identity.csn == blank
    assert identity.certificates == {Slot.SIGNATURE, Slot.ENCIPHERMENT}


def test_a_card_taken_out_and_put_back_is_the_same_card(rig, blank):
    with rig.station.open_session(rig.reader) as session:
        made = make_card(session)
    rig.remove()
    rig.insert(blank)
    with rig.station.open_session(rig.reader) as session:
        session.run(select())
        session.run(verify_pin(made.secrets.pin))

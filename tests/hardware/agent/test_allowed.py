"""The list of commands, against anything a page may send."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.agent.allowed import examine
from hardware.agent.desk import Desk
from hardware.agent.gate import canonical_origin
from hardware.agent.refusals import SENTENCES, AgentRefusal, refusal_of
from hardware.errors import HardwareError
from hardware.folder_station import FolderStation
from hardware.piv import Ins
from hardware.scripts.script import run
from hardware.scripts.view import view
from hardware.transport import DEFAULT_TIMEOUT, ClosingTransport
from tests.hardware.card_rig import PcscRig
from tests.hardware.pcscd_daemon import shared_daemon

WRITING = {Ins.PUT_DATA, Ins.GENERATE_ASYMMETRIC_KEY_PAIR, Ins.SET_MANAGEMENT_KEY}
PAGE = "https://registry.example.tw"


@settings(max_examples=100)
@given(
    st.binary(max_size=40)
    | st.builds(
        bytes.__add__, st.sampled_from([b"\0\xdb", b"\0\x47", b"\0\x87", b"\0\x24"]), st.binary(max_size=40)
    )
)
def test_whatever_a_page_sends_is_on_the_list_or_refused_in_words(raw):
    try:
        examined = examine(raw)
    except AgentRefusal as refusal:
        examined, code = None, refusal.code
    if examined is None:
        assert code in {"agent.request", "agent.command", "agent.pin_shape"}
    else:
        assert examined.command.ins not in WRITING
        assert examined.purpose.zh


def subclasses(kind):
    return {kind}.union(*(subclasses(one) for one in kind.__subclasses__()))


def test_every_error_of_readers_and_cards_has_words():
    for kind in subclasses(HardwareError) - {AgentRefusal}:
        error = kind.__new__(kind)
        assert refusal_of(error).code in SENTENCES


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://a.example/", "https://a.example"),
        ("https://A.example:443", "https://a.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(typed, origin):
    assert canonical_origin(typed) == origin


class ThroughTheDesk(ClosingTransport):
    """Carries commands as a page does."""

    atr = b""

    def __init__(self, desk, reader):
        self.desk, self.name = desk, desk.open(PAGE, reader)

    def transmit(self, command, timeout=DEFAULT_TIMEOUT):
        del timeout
        return self.desk.exchange(PAGE, self.name, command)

    def close(self):
        self.desk.close(PAGE, self.name)


@pytest.mark.card_stack
def test_a_card_behind_a_real_reader_interface_is_viewed_through_the_agent(tmp_path):
    rig = PcscRig(FolderStation(tmp_path / "cards"), shared_daemon())
    csn = rig.new_blank()
    rig.insert(csn)
    try:
        desk = Desk(rig.station, lambda *_said: None)
        with ThroughTheDesk(desk, rig.reader) as wire:
            assert run(view(), wire).csn == csn
            with pytest.raises(AgentRefusal) as refusal:
                desk.open("https://other.example", rig.reader)
            assert refusal.value.code == "agent.reader_busy"
        desk.close_all()
    finally:
        rig.remove()

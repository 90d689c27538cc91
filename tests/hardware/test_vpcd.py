"""The client that puts a card into vpcd, before a reader played by the test."""

import socket
import threading

import pytest

from hardware.apdu import CommandApdu
from hardware.errors import ReaderBusy
from hardware.piv import AID, Ins
from hardware.virtual.card import ATR, Fault, FaultKind
from hardware.virtual.vpcd import ReaderUnreachable, serve

SELECT = CommandApdu(0, Ins.SELECT, 4, 0, AID, 256).encode()
GET_VERSION = CommandApdu(0, Ins.GET_VERSION, 0, 0, le=256).encode()


class Reader:
    """The reader's end of the line."""

    def __init__(self, line):
        self.line = line

    def say(self, body):
        self.line.sendall(len(body).to_bytes(2, "big") + body)

    def hear(self):
        head = self.line.recv(2, socket.MSG_WAITALL)
        return self.line.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL) if head else None

    def ask(self, body):
        self.say(body)
        return self.hear()


def wait_for(wanted):
    pause = threading.Event()
    for _ in range(500):
        if wanted():
            return
        pause.wait(0.02)
    pytest.fail("it did not come to it")


@pytest.fixture
def plug_in(station):
    """Serve a new blank to a reader of ours; returns the reader's end and the thread that serves."""
    stop, opened = threading.Event(), []

    def plug_in(fault=None):
        file = station.card_file(station.new_blank())
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(
                target=serve, args=(file, server.getsockname(), stop), kwargs={"fault": fault}, daemon=True
            )
            thread.start()
            line, _ = server.accept()
        line.settimeout(10)
        opened.append((line, thread))
        return Reader(line), thread, stop

    yield plug_in
    stop.set()
    for line, thread in opened:
        thread.join(10)
        line.close()


def test_the_card_tells_its_atr_and_answers_commands(plug_in):
    reader, _, _ = plug_in()
    reader.say(b"\x01")
    assert reader.ask(b"\x04") == ATR
    assert reader.ask(SELECT).endswith(b"\x90\x00")
    assert reader.ask(GET_VERSION).endswith(b"\x90\x00")


def test_a_reset_forgets_the_selected_application(plug_in):
    reader, _, _ = plug_in()
    reader.ask(SELECT)
    reader.say(b"\x02")
    assert reader.ask(GET_VERSION) == b"\x6d\x00"


def test_each_piece_of_a_command_is_acknowledged_at_once(plug_in, monkeypatch):
    whole, ours = socket.create_connection, []
    monkeypatch.setattr(
        socket, "create_connection", lambda *to, **how: ours.append(whole(*to, **how)) or ours[0]
    )
    reader, _, _ = plug_in()
    assert reader.ask(SELECT).endswith(b"\x90\x00")

    def quick():
        return ours[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1

    # The kernel forgets the option as it likes; half a head is answered by nothing that could carry the acknowledgement.
    for piece in (len(SELECT).to_bytes(2, "big"), SELECT[:1]):
        ours[0].setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        assert not quick()
        reader.line.sendall(piece)
        wait_for(quick)


def test_a_torn_card_hangs_up(plug_in):
    reader, thread, _ = plug_in(Fault(0, FaultKind.TORN_BEFORE))
    assert reader.ask(SELECT) is None
    thread.join(10)
    assert not thread.is_alive()


def test_a_card_is_taken_out_when_it_is_told_to_stop(plug_in):
    reader, thread, stop = plug_in()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert reader.hear() is None


def test_without_a_reader_the_card_says_so_and_is_free_again(station):
    file = station.card_file(station.new_blank())
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    with pytest.raises(ReaderUnreachable):
        serve(file, address, threading.Event())
    with file.hold():
        pass


def test_a_card_in_use_is_not_served(station):
    file = station.card_file(station.new_blank())
    with file.hold(), pytest.raises(ReaderBusy):
        serve(file, ("127.0.0.1", 1), threading.Event())

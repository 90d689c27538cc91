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
    whole, noted = socket.create_connection, []

    class Noting(socket.socket):
        """The card's end of the line, which notes what it receives and the options that are set upon it."""

        def recv(self, *how):
            piece = super().recv(*how)
            noted.append(piece)
            return piece

        def setsockopt(self, *option):
            super().setsockopt(*option)
            noted.append(option)

    def connect(*to, timeout, **how):
        line = Noting(fileno=whole(*to, **how).detach())
        line.settimeout(timeout)
        return line

    monkeypatch.setattr(socket, "create_connection", connect)
    reader, _, _ = plug_in()
    body = len(SELECT).to_bytes(2, "big") + SELECT
    for piece in (body[:1], body[1:7], body[7:]):
        reader.line.sendall(piece)
    assert reader.hear().endswith(b"\x90\x00")
    # The kernel forgets the option as it likes, so it is set anew after each receipt.
    received = [at for at, one in enumerate(noted) if isinstance(one, bytes)]
    assert b"".join(noted[at] for at in received) == body
    assert {noted[at + 1] for at in received} == {(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)}


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

"""The card agent over real HTTP: whom it answers, what it lets through, and when it lets a card go."""

from __future__ import annotations

import json
import re
import socket
import struct
from http.client import HTTPConnection
from pathlib import Path

import pytest

from hardware.agent.allowed import Purpose
from hardware.agent.desk import IDLE_SECONDS, Desk
from hardware.agent.pairing import CODE_SECONDS, PAUSE_SECONDS, TRIES, Pairings
from hardware.agent.refusals import AgentRefusal
from hardware.agent.server import AgentServer
from hardware.folder_station import FolderStation
from hardware.piv import AID, FACTORY_PIN
from hardware.secrets_of_card import encode_pin

PAGE = "https://registry.example.tw"
FOREIGN = "https://evil.example"
READER = "讀卡機 1"
SELECT = "00a404000b" + AID.hex() + "00"
VERIFY = "0020008008"
GET_CHUID = "00cb3fff055c035fc10200"


class Seconds:
    def __init__(self):
        self.value = 1000.0

    def __call__(self):
        return self.value


class Bench:
    """An agent with its holder: what its window shows, and a page that calls it."""

    def __init__(self, station):
        self.seconds, self.codes, self.shown = Seconds(), [], []
        self.station = station
        pairings = Pairings(lambda origin, code: self.codes.append((origin, code)), self.seconds)
        self.desk = Desk(station, lambda *said: self.shown.append(said), self.seconds)
        self.server = AgentServer(frozenset({PAGE}), 0, (pairings, self.desk), "1.0")
        self.token = ""

    def call(self, path, said=None, method="POST", **headers):
        """Send a request as the page does, unless a header says otherwise; None leaves a header out."""
        given = {
            "Host": f"127.0.0.1:{self.server.port}",
            "Origin": PAGE,
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.token}",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host=True)
            body = json.dumps(said or {}).encode() if method == "POST" else b""
            for name, value in (given | {"Content-Length": str(len(body))}).items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, dict(answer.headers), json.loads(text) if text.startswith(b"{") else text
        finally:
            connection.close()

    def code(self, path, said=None, **more):
        return self.call(path, said, **more)[2]["error"]["code"]

    def pair(self):
        assert self.call("/pairing")[0] == 200
        self.token = self.call("/pairing/code", {"code": self.codes[-1][1]})[2]["token"]

    def open(self):
        return self.call("/sessions", {"reader": READER})[2]["session"]

    def send(self, session, command):
        return self.call("/sessions/exchange", {"session": session, "command": command})[2]


@pytest.fixture
def bench(tmp_path):
    station = FolderStation(tmp_path / "cards", (READER,))
    station.insert(READER, station.new_blank())
    bench = Bench(station)
    bench.server.start()
    yield bench
    bench.server.stop()


@pytest.fixture
def paired(bench):
    bench.pair()
    return bench


def test_a_foreign_page_gets_nothing_and_nothing_is_done(bench):
    status, headers, said = bench.call("/pairing", Origin=FOREIGN)
    assert status == 403
    assert said["error"]["code"] == "agent.stranger"
    assert "Access-Control-Allow-Origin" not in headers
    assert bench.codes == []
    for headers in ({"Origin": None}, {"Origin": "null"}, {"Origin": PAGE + ".evil.example"}):
        assert bench.call("/version", method="GET", **headers)[0] == 403


def test_a_name_that_was_made_to_point_here_is_refused(bench):
    for host in ("evil.example", f"evil.example:{bench.server.port}", "127.0.0.1", ""):
        assert bench.code("/pairing", Host=host) == "agent.stranger"
        assert bench.call("/popup?origin=" + PAGE, method="GET", Host=host)[0] == 403
    assert bench.codes == []


def test_a_preflight_is_answered_for_listed_pages_alone(bench):
    asked = {"Access_Control_Request_Private_Network": "true"}
    status, headers, _ = bench.call("/readers", method="OPTIONS", **asked)
    assert (status, headers["Access-Control-Allow-Origin"], headers["Vary"]) == (204, PAGE, "Origin")
    assert headers["Access-Control-Allow-Private-Network"] == "true"
    status, headers, _ = bench.call("/readers", method="OPTIONS", Origin=FOREIGN, **asked)
    assert status == 403
    assert "Access-Control-Allow-Private-Network" not in headers


def test_the_version_is_told_before_any_pairing(bench):
    status, _, said = bench.call("/version", method="GET")
    assert (status, said["version"], said["protocol"]) == (200, "1.0", 1)


def test_a_body_that_a_form_could_send_is_refused(bench):
    assert bench.code("/pairing", Content_Type="text/plain") == "agent.request"
    assert bench.codes == []


def test_a_page_is_paired_by_the_code_in_the_agents_window(bench):
    assert bench.code("/readers") == "agent.unpaired"
    bench.pair()
    assert bench.codes[0][0] == PAGE
    readers = bench.call("/readers")[2]["readers"]
    assert [(one["name"], one["card"]) for one in readers] == [(READER, True)]
    assert bench.code("/readers", Authorization="Bearer " + "x" * 43) == "agent.unpaired"


def test_the_third_wrong_code_is_the_last(bench):
    bench.call("/pairing")
    wrong = "0" * 8 if bench.codes[0][1] != "0" * 8 else "1" * 8
    codes = [bench.code("/pairing/code", {"code": wrong}) for _ in range(TRIES)]
    assert codes == ["agent.code_wrong", "agent.code_wrong", "agent.code_spent"]
    assert bench.code("/pairing/code", {"code": bench.codes[0][1]}) == "agent.code_spent"
    assert bench.code("/pairing") == "agent.code_spent"
    bench.seconds.value += PAUSE_SECONDS + 1
    bench.pair()


def test_asking_again_for_a_code_gives_no_new_tries(bench):
    bench.call("/pairing")
    bench.code("/pairing/code", {"code": "x"})
    bench.call("/pairing")
    assert len(bench.codes) == 1
    bench.seconds.value += CODE_SECONDS + 1
    assert bench.code("/pairing/code", {"code": bench.codes[0][1]}) == "agent.code_spent"


def test_commands_pass_to_the_card_and_the_holder_sees_what_for(paired):
    session = paired.open()
    assert paired.send(session, SELECT)["response"].endswith("9000")
    assert paired.send(session, GET_CHUID)["response"].endswith("9000")
    assert paired.send(session, VERIFY + encode_pin(FACTORY_PIN).hex())["response"] == "9000"
    assert [said[2] for said in paired.shown] == [Purpose.SELECT, Purpose.READ, Purpose.SEND_PIN]
    assert not any(FACTORY_PIN.encode().hex() in str(said) for said in paired.shown)


@pytest.mark.parametrize(
    "command",
    [
        "00a4040006a00000015100",  # another application of the card
        "00cb3fff055c035fc10300",  # the fingerprints
        "00db3fff055c035fc10200",  # writing an object
        "0047009a05ac0380010700",  # making a key
        "00fffffe00",  # replacing the management key
        "0024009b10" + "00" * 16,
        "002c008110" + "00" * 16,
        "0087079d00",  # the encipherment key
        "80ca9f7f00",  # the card manager
        "00200080",
    ],
)
def test_what_no_script_needs_never_reaches_the_card(paired, command):
    session = paired.open()
    if command != "00200080":
        paired.send(session, SELECT)
    paired.shown.clear()
    assert paired.send(session, command)["error"]["code"] == "agent.command"
    assert paired.shown == []


def test_a_block_that_is_no_pin_costs_no_try(paired):
    session = paired.open()
    paired.send(session, SELECT)
    for block in ("7b70696e7dffffff", "3132333435ffffff", "ff" * 8, "31323334353600ff"):
        assert paired.send(session, VERIFY + block)["error"]["code"] == "agent.pin_shape"
    assert paired.send(session, VERIFY + "zz")["error"]["code"] == "agent.request"
    assert paired.send(session, "00200080")["response"] == "63c3"


def test_one_page_holds_a_reader_until_it_lets_go(paired):
    first = paired.open()
    assert paired.code("/sessions", {"reader": READER}) == "agent.reader_busy"
    paired.call("/sessions/close", {"session": first})
    assert paired.code("/sessions/exchange", {"session": first, "command": SELECT}) == "agent.session"
    assert paired.open() != first


def test_a_page_that_says_nothing_more_lets_its_card_go(paired):
    paired.open()
    paired.seconds.value += IDLE_SECONDS + 1
    assert paired.open()


def test_a_card_that_is_pulled_out_ends_the_hold(paired):
    session = paired.open()
    paired.send(session, SELECT)
    paired.station.remove(READER)
    assert paired.send(session, GET_CHUID)["error"]["code"] == "agent.removed"
    assert paired.send(session, GET_CHUID)["error"]["code"] == "agent.session"
    assert paired.code("/sessions", {"reader": READER}) == "agent.no_card"
    assert paired.code("/sessions", {"reader": "none"}) == "agent.no_reader"


def test_a_hold_is_of_no_use_to_another_page(tmp_path):
    station = FolderStation(tmp_path / "cards", (READER,))
    station.insert(READER, station.new_blank())
    desk = Desk(station, lambda *_said: None)
    name = desk.open(PAGE, READER)
    with pytest.raises(AgentRefusal) as refusal:
        desk.exchange(FOREIGN, name, bytes.fromhex(SELECT))
    assert refusal.value.code == "agent.session"
    desk.close(FOREIGN, name)
    assert desk.exchange(PAGE, name, bytes.fromhex(SELECT))
    desk.close_all()


def test_the_agents_window_speaks_for_listed_pages_alone(bench):
    status, headers, page = bench.call(f"/popup?origin={PAGE}", method="GET", Origin=None)
    assert status == 200
    assert f'data-opener="{PAGE}"'.encode() in page
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert bench.call(f"/popup?origin={FOREIGN}", method="GET", Origin=None)[0] == 403
    own = f"http://127.0.0.1:{bench.server.port}"
    assert bench.call("/pairing", Origin=own, X_Guanfang_Page=PAGE)[0] == 200
    assert bench.code("/pairing", Origin=own, X_Guanfang_Page=FOREIGN) == "agent.stranger"
    assert bench.code("/pairing", Origin=FOREIGN, X_Guanfang_Page=PAGE) == "agent.stranger"
    assert bench.codes[-1][0] == PAGE


def test_too_long_a_request_is_refused_unread(bench):
    status, _, _ = bench.call("/pairing", {"code": "1" * 20_000})
    assert status == 413


def raw(bench, *lines):
    """Send what no browser sends, and return the answer's first line."""
    with socket.create_connection(("127.0.0.1", bench.server.port), 10) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        return connection.makefile("rb").readline().decode()


@pytest.mark.parametrize("name", ["Host", "Origin", "Content-Length"])
def test_a_header_that_is_said_twice_is_refused(bench, name):
    said = {"Host": f"127.0.0.1:{bench.server.port}", "Origin": PAGE, "Content-Length": "0"}
    lines = [f"{one}: {value}" for one, value in said.items()]
    assert "200" in raw(bench, "GET /version HTTP/1.1", *lines)
    assert "400" in raw(bench, "GET /version HTTP/1.1", f"{name}: {FOREIGN}", *lines)


def test_brackets_without_end_and_a_page_that_leaves_are_no_trouble(bench, capfd):
    body = "[" * 16_000
    host = f"Host: 127.0.0.1:{bench.server.port}"
    head = (host, f"Origin: {PAGE}", "Content-Type: application/json", f"Content-Length: {len(body)}")
    with socket.create_connection(("127.0.0.1", bench.server.port), 10) as connection:
        connection.sendall(("\r\n".join(("POST /pairing HTTP/1.1", *head, "", "")) + body).encode())
        assert "400" in connection.makefile("rb").readline().decode()
    with socket.create_connection(("127.0.0.1", bench.server.port), 10) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(b"POST /pairing HTTP/1.1\r\n")
    assert bench.call("/version")[0] == 200
    assert "".join(capfd.readouterr()) == ""


def test_the_agent_writes_nothing_of_what_passes(paired, capfd):
    session = paired.open()
    paired.send(session, SELECT)
    paired.send(session, VERIFY + encode_pin(FACTORY_PIN).hex())
    paired.call("/sessions/exchange", {"session": session, "command": "not hex 313233343536"})
    said = "".join(capfd.readouterr())
    assert not re.search(r"313233343536|123456|exchange", said)


def test_the_package_carries_the_agents_window():
    folder = Path(__file__).parents[3] / "hardware" / "agent" / "static"
    assert {path.name for path in folder.iterdir()} == {"popup.html", "popup.js", "popup.css"}

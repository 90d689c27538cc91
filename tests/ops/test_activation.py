"""The keeper of the activation: in memory, for its own user, and gone when it is killed."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from ops.activation import Keeper, KeeperClient, KeeperError
from ops.activation.keeper import run
from pki.errors import KeyRefusedError
from pki.keys import KeyKind, SoftwareSigner
from tests.activations import SECRET, KeeperProcess, until
from tests.faults.falling import in_child


@pytest.fixture
def keeper(tmp_path):
    keeper = KeeperProcess(tmp_path / "activation.sock")
    yield keeper
    keeper.kill()


@pytest.fixture
def client(keeper):
    return KeeperClient(keeper.path)


def test_a_secret_reaches_whoever_asks_while_it_is_held(keeper, client):
    assert not client.active()
    with pytest.raises(KeyRefusedError, match="not_activated"):
        client.secret()
    client.hold("set", bytearray(SECRET))
    other = KeeperClient(keeper.path)
    assert other.active()
    assert other.secret() == SECRET
    assert other.state().set_id == "set"


def test_forgetting_ends_every_lease_at_once(keeper, client):
    forgotten = threading.Event()
    other = KeeperClient(keeper.path)
    other.when_ended(forgotten.set)
    client.hold("set", bytearray(SECRET))
    assert other.active()
    client.forget()
    assert not other.active()
    assert forgotten.wait(5)


@pytest.mark.rule("ROL-08")
def test_a_killed_keeper_is_a_deactivation(keeper, client):
    forgotten = threading.Event()
    client.when_ended(forgotten.set)
    client.hold("set", bytearray(SECRET))
    assert client.active()
    os.kill(keeper.process.pid, signal.SIGKILL)
    # Nobody asks: the lease's own thread hears of it.
    assert forgotten.wait(5)
    assert not client.active()
    assert not client.state().running
    client.forget()
    with pytest.raises(KeeperError):
        client.hold("set", bytearray(SECRET))


def test_a_keeper_that_is_stopped_forgets_and_takes_its_socket_along(keeper, client):
    client.hold("set", bytearray(SECRET))
    keeper.process.terminate()
    assert keeper.process.wait(10) == 0
    assert not keeper.path.exists()
    assert not client.active()


def test_another_keeper_takes_a_dead_ones_place_and_a_live_one_keeps_it(keeper, tmp_path):
    with pytest.raises(FileExistsError, match="another keeper"):
        asyncio.run(Keeper(os.getuid()).serve(keeper.path))
    keeper.kill()
    assert keeper.path.exists()
    second = KeeperProcess(keeper.path)
    assert KeeperClient(keeper.path).state().running
    second.kill()
    file = tmp_path / "file"
    file.write_text("kept")
    with pytest.raises(FileExistsError, match="not a socket"):
        asyncio.run(Keeper(os.getuid()).serve(file))
    assert file.read_text() == "kept"


def test_only_its_user_may_open_the_socket(keeper):
    mode = keeper.path.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_a_keeper_forbids_its_dumps_before_it_holds_anything(keeper, monkeypatch):
    forbidden = []
    monkeypatch.setattr("ops.dumps.forbid", lambda: forbidden.append(1))
    with pytest.raises(FileExistsError):
        run(keeper.path)
    assert forbidden == [1]


def test_a_stranger_gets_no_word(tmp_path):
    path = tmp_path / "s"
    served = threading.Event()

    async def serve() -> None:
        keeper = Keeper(os.getuid() + 1)
        task = asyncio.ensure_future(keeper.serve(path, served.set))
        await asyncio.to_thread(ask)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def ask() -> None:
        assert served.wait(5)
        assert not KeeperClient(path).state().running
        with pytest.raises(KeeperError):
            KeeperClient(path).hold("set", bytearray(SECRET))

    asyncio.run(serve())


@pytest.mark.parametrize(
    "said",
    [
        b"\n", b"{}\n", b"[]\n", b"nonsense\n", b"x" * 2000, b'{"ask": "all"}\n', b'{"ask": "hold"}\n',
        b'{"ask": "hold", "set": "s", "length": 0}\n', b'{"ask": "hold", "set": "s", "length": 99999}\n',
        b'{"ask": "hold", "set": "s", "length": 9}\nshort',
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_changes_nothing(keeper, client, said):
    client.hold("set", bytearray(SECRET))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(keeper.path))
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(10)
        # A reset tells the same where something was left unread.
        with suppress(ConnectionResetError):
            assert connection.recv(100) == b""
    assert client.secret() == SECRET


def test_a_fork_makes_a_lease_of_its_own(keeper, client):
    client.hold("set", bytearray(SECRET))
    assert client.active()
    read, write = os.pipe()
    assert in_child(lambda: os.write(write, json.dumps([client.active()]).encode())) == 0
    assert json.loads(os.read(read, 100)) == [True]
    os.close(read)
    os.close(write)
    # The child's end was not the parent's.
    assert client.active()


def test_a_new_secret_takes_the_old_ones_place(keeper, client):
    client.hold("first", bytearray(b"old"))
    lease = KeeperClient(keeper.path)
    ended = threading.Event()
    lease.when_ended(ended.set)
    assert lease.active()
    client.hold("second", bytearray(b"new"))
    assert ended.wait(5)
    assert until(lease.active)
    assert lease.secret() == b"new"


def test_neither_side_prints_a_secret(client):
    keeper = Keeper(0)
    keeper._secret = bytearray(SECRET)
    assert SECRET.decode() not in repr(keeper) + repr(client)


OPENING = """
import pathlib, sys
from ops.activation import KeeperClient
from pki.keystores import SharedKeystore

path, sealed = sys.argv[1:]
client = KeeperClient(pathlib.Path(path))
keystore = SharedKeystore(client, None)
signer = keystore.open(bytes.fromhex(sealed), None)
signer.sign(b"data")
print("signed", flush=True)
sys.stdin.readline()
print("over" if not client.active() else "still active", flush=True)
sys.stdin.readline()
"""


def memory(pid):
    """Return what a process can read of itself, as root reads it from outside; skips whoever may not."""
    process, found = Path(f"/proc/{pid}"), bytearray()
    if not os.access(process / "mem", os.R_OK):
        pytest.skip("another process's memory is open to root alone")
    with (process / "maps").open() as maps, (process / "mem").open("rb", buffering=0) as memory:
        for line in maps:
            place, rights, *_ = line.split()
            start, end = (int(one, 16) for one in place.split("-"))
            if "r" in rights and not line.rstrip().endswith(("[vvar]", "[vvar_vclock]", "[vsyscall]")):
                with suppress(OSError):
                    memory.seek(start)
                    found += memory.read(end - start)
    return found


@pytest.mark.rule("ROL-08")
def test_neither_secret_nor_key_is_left_in_memory_after_a_deactivation(keeper, client):
    secret = secrets.token_hex(32).encode()
    signer = SoftwareSigner.generate(KeyKind.RSA_2048)
    prime = signer.private_key.private_numbers().p
    # As the library lays numbers out: the lowest byte first.
    traces = {"secret": secret, "key": prime.to_bytes(128, "little")}
    client.hold("set", bytearray(secret))
    assert secret in memory(keeper.process.pid)
    command = [sys.executable, "-c", OPENING, str(keeper.path), signer.to_pkcs8(secret).hex()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout.readline() == "signed\n"
        assert traces["key"] in memory(worker.pid)
        client.forget()
        worker.stdin.write("\n")
        worker.stdin.flush()
        assert worker.stdout.readline() == "over\n"
        left = memory(worker.pid)
        assert [name for name, value in traces.items() if value in left] == []
        assert secret not in memory(keeper.process.pid)
        worker.communicate("\n")

"""Starts a pcscd of the tests' own, with two virtual readers or more, beside whatever pcscd the machine already runs.

pcscd always listens at /run/pcscd, so it gets a mount namespace in which that is a folder of ours; the client library
finds the socket through PCSCLITE_CSOCK_NAME, which it reads once per process. Hence one daemon per test process, at a
place that is named before the first test, and stopped when the process ends. Where the system allows no namespaces
(some containers), the machine's own place is used, if no pcscd is there already. Each daemon has its own copy of the
driver: two readers must not share a loaded one.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

DRIVERS = ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so")
_FRIENDLY_NAME = "Virtual PCD"
READERS = ("Virtual PCD 00 00", "Virtual PCD 00 01")
PATIENCE = 20.0
MACHINE_SOCKET = Path("/run/pcscd/pcscd.comm")
_IN_OWN_NAMESPACE = (
    "mount -t tmpfs tmpfs /run && mkdir /run/pcscd && "
    'mount --bind "$0" /run/pcscd && exec pcscd --foreground -c "$1"'
)


@dataclass(frozen=True)
class Daemon:
    """A running pcscd: `ports` are the vpcd ports of its readers, in the order of READERS."""

    process: subprocess.Popen[bytes]
    directory: Path
    socket: Path
    ports: tuple[int, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which other programs find this pcscd."""
        return os.environ | {"PCSCLITE_CSOCK_NAME": str(self.socket)}

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


@cache
def reserve_place() -> Path:
    """Name the folder of this process's pcscd, if there will be one; until then nothing answers there.

    A test that looks for readers without starting a daemon would otherwise fix the machine's own for all that follow.
    """
    directory = Path(tempfile.mkdtemp(prefix="pcscd-", dir="/tmp"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    (directory / "run").mkdir()
    os.environ["PCSCLITE_CSOCK_NAME"] = str(directory / "run" / "pcscd.comm")
    return directory


@cache
def shared_daemon() -> Daemon:
    """Start this process's pcscd at the first call."""
    return start_daemon()


def start_daemon(pairs: int = 1) -> Daemon:
    """Start a pcscd with so many pairs of readers; a process has one, which ends with it."""
    driver = next((path for path in DRIVERS if Path(path).exists()), None)
    if driver is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("needs vsmartcard-vpcd: run `make setup`")
    directory = reserve_place()
    ports: tuple[int, ...] = ()
    (directory / "readers").mkdir()
    for pair in range(pairs):
        ports += _add_pair(directory, Path(driver), pair)
    own_place = _may_have_a_namespace()
    listening = directory / "run" / "pcscd.comm"
    if not own_place:
        if _answers(MACHINE_SOCKET):
            pytest.fail("a pcscd runs here already, and no namespace is allowed for another: stop it first")
        listening.symlink_to(MACHINE_SOCKET)
    daemon = Daemon(_start(directory, own_place=own_place), directory, listening, ports)
    atexit.register(daemon.stop)
    _wait_until_it_answers(daemon)
    return daemon


def _add_pair(directory: Path, driver: Path, pair: int) -> tuple[int, int]:
    """Tell the daemon of two more readers, with a driver of their own; returns their ports."""
    own, ports = directory / f"libifdvpcd{pair}.so", _two_free_ports()
    shutil.copy(driver, own)
    (directory / "readers" / f"vpcd{pair}").write_text(
        f'FRIENDLYNAME "{_FRIENDLY_NAME if not pair else f"{_FRIENDLY_NAME} {pair}"}"\n'
        f"DEVICENAME /dev/null:0x{ports[0]:04X}\n"
        f"LIBPATH {own}\n"
        f"CHANNELID 0x{ports[0]:04X}\n"
    )
    return ports


def _unshare() -> list[str]:
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *as_root]


def _may_have_a_namespace() -> bool:
    if shutil.which("unshare") is None:
        return False
    trial = [*_unshare(), "mount", "-t", "tmpfs", "tmpfs", "/run"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def _start(directory: Path, *, own_place: bool) -> subprocess.Popen[bytes]:
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"))
    readers = str(directory / "readers")
    if own_place:
        command = [*_unshare(), "sh", "-c", _IN_OWN_NAMESPACE, str(directory / "run"), readers]
    else:
        command = ["sh", "-c", 'mkdir -p /run/pcscd && exec pcscd --foreground -c "$0"', readers]
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"PATH": path})


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(address)) == 0


def _two_free_ports() -> tuple[int, int]:
    """Find two neighbours; the driver's second reader listens at the port after the first's."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port, port + 1


def _wait_until_it_answers(daemon: Daemon) -> None:
    until = time.monotonic() + PATIENCE
    while daemon.process.poll() is None and time.monotonic() < until:
        if _answers(daemon.socket):
            return
        time.sleep(0.05)
    log = (daemon.directory / "log").read_text(errors="replace")
    pytest.fail(f"pcscd did not start: {log}")

"""A process's side of the activation: it holds a lease, and hears at once when that ends."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pki.activation import not_activated
from pki.shares import LONGEST_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger("guanfang.activation")
PATIENCE_SECONDS: Final = 5.0
LONGEST_LINE: Final = 512


class KeeperError(Exception):
    """The keeper can't be reached or does not speak as it should; the message holds no secret."""


@dataclass(frozen=True, slots=True)
class KeeperState:
    """What the keeper says: whether it runs, whether it holds a secret, and of which set of shares."""

    running: bool
    active: bool = False
    set_id: str = ""


class KeeperClient:
    """Asks the keeper at a socket; an `Activation`. Each process needs one, and a fork makes its own lease."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._lease: socket.socket | None = None
        self._process = os.getpid()
        self._forget: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"KeeperClient({str(self._path)!r})"

    def active(self) -> bool:
        """Tell whether there is a lease, after asking for one if need be."""
        self._after_fork()
        lease = self._lease
        if lease is not None and _is_alive(lease):
            return True
        with self._lock:
            if self._lease is not None and self._lease is lease:
                self._end(lease)
            return self._lease is not None or self._take_lease()

    def secret(self) -> bytearray:
        """Return the secret, to be wiped at once after use; KeyRefusedError `pki.key.not_activated` without one."""
        try:
            said, secret = self._ask({"ask": "secret"})
        except KeeperError as error:
            raise not_activated() from error
        if not said["active"]:
            raise not_activated()
        return secret

    def when_ended(self, forget: Callable[[], None]) -> None:
        """Call back whenever a lease ends."""
        self._forget.append(forget)

    def state(self) -> KeeperState:
        """Ask how things stand."""
        try:
            said, _ = self._ask({"ask": "state"})
        except KeeperError:
            return KeeperState(running=False)
        return KeeperState(running=True, active=bool(said["active"]), set_id=str(said["set"]))

    def hold(self, set_id: str, secret: bytearray) -> None:
        """Hand the keeper a secret; KeeperError when it can't be reached."""
        self._ask({"ask": "hold", "set": set_id, "length": len(secret)}, secret)

    def forget(self) -> None:
        """Let the keeper forget; one that does not run has forgotten already."""
        with suppress(KeeperError):
            self._ask({"ask": "forget"})

    def _take_lease(self) -> bool:
        try:
            lease = self._connected()
        except OSError:
            return False
        try:
            said, _ = _exchange(lease, {"ask": "lease"})
        except (OSError, ValueError, KeyError, TypeError):
            lease.close()
            return False
        if not said["active"]:
            lease.close()
            return False
        lease.settimeout(None)
        self._lease = lease
        threading.Thread(target=self._watch, args=(lease,), name="activation-lease", daemon=True).start()
        return True

    def _watch(self, lease: socket.socket) -> None:
        """Wait for the end of a lease; nothing else ever comes over it."""
        with suppress(OSError):
            lease.recv(1)
        with self._lock:
            if self._lease is lease:
                self._end(lease)

    def _end(self, lease: socket.socket) -> None:
        self._lease = None
        with suppress(OSError):
            # Wakes the thread that waits on it.
            lease.shutdown(socket.SHUT_RDWR)
        lease.close()
        log.warning("keys not activated any more")
        for forget in self._forget:
            forget()

    def _after_fork(self) -> None:
        """Leave the parent its lease: the child has no thread that watches it."""
        if self._process == os.getpid():
            return
        self._process = os.getpid()
        self._lock = threading.RLock()
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.close()
            for forget in self._forget:
                forget()

    def _ask(self, asked: dict[str, Any], body: bytearray | None = None) -> tuple[dict[str, Any], bytearray]:
        try:
            with self._connected() as connection:
                return _exchange(connection, asked, body)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KeeperError(f"no keeper answers at {self._path}") from error

    def _connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE_SECONDS)
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            raise
        return connection


def _exchange(
    connection: socket.socket, asked: dict[str, Any], body: bytearray | None = None
) -> tuple[dict[str, Any], bytearray]:
    connection.sendall(json.dumps(asked).encode() + b"\n")
    if body is not None:
        connection.sendall(body)
    line = bytearray()
    while not line.endswith(b"\n"):
        line += _received(connection, 1)
        if len(line) > LONGEST_LINE:
            raise ValueError
    said = json.loads(line)
    if not 0 <= said["length"] <= LONGEST_SECRET:
        raise ValueError
    return said, _received(connection, said["length"])


def _received(connection: socket.socket, length: int) -> bytearray:
    """Receive so many bytes straight into their place: of a secret nothing else is left to wipe."""
    place = bytearray(length)
    with memoryview(place) as left:
        filled = 0
        while filled < length:
            with left[filled:] as rest:
                count = connection.recv_into(rest)
            if not count:
                raise ConnectionError
            filled += count
    return place


def _is_alive(lease: socket.socket) -> bool:
    """Tell whether the other end still holds on; looks only, and takes a microsecond."""
    try:
        return bool(lease.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False

"""The keeper: a secret in memory behind a socket, and everybody who has to hear of its end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import stat
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ops import dumps
from pki.shares import LONGEST_SECRET, wipe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger("guanfang.activation")
PATIENCE_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.1
LONGEST_LINE: Final = 512
_CREDENTIALS: Final = struct.Struct("3i")


class Keeper:
    """Holds one secret, or none; `owner` is the only user it serves.

    It lives for months, so the secret never goes through streams or bytes, of which copies stay in freed memory: it is
    received into the one place where it stands, sent from there, and wiped there.
    """

    def __init__(self, owner: int) -> None:
        self._owner = owner
        self._secret: bytearray | None = None
        self._set = ""
        self._leases: set[socket.socket] = set()

    def __repr__(self) -> str:
        return f"Keeper(active={self._secret is not None})"

    async def serve(self, path: Path, ready: Callable[[], None] = lambda: None) -> None:
        """Listen until cancelled; OSError when another keeper listens there already."""
        listening = _listen(path)
        served: set[asyncio.Task[None]] = set()
        try:
            ready()
            while True:
                task = asyncio.ensure_future(self._connected(await _accepted(listening)))
                served.add(task)
                task.add_done_callback(served.discard)
        finally:
            listening.close()
            for one in served:
                one.cancel()
            self.forget()
            _remove(path)

    def forget(self) -> None:
        """Wipe the secret and end all leases."""
        secret, self._secret, self._set = self._secret, None, ""
        if secret is not None:
            wipe(secret)
            log.info("keys deactivated")
        for one in list(self._leases):
            # At once, before anybody is told that the secret is forgotten; whoever serves it closes it then.
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._leases.clear()

    async def _connected(self, connection: socket.socket) -> None:
        with connection:
            try:
                if _user_of(connection) != self._owner:
                    log.warning("a stranger was refused")
                    return
                asked = json.loads(await asyncio.wait_for(_line(connection), PATIENCE_SECONDS))
                await self._answer(asked, connection)
            except (ValueError, TypeError, KeyError, OSError, TimeoutError, EOFError):
                log.warning("a request that makes no sense was refused")
            finally:
                self._leases.discard(connection)

    async def _answer(self, asked: dict[str, Any], connection: socket.socket) -> None:
        act, loop = asked["ask"], asyncio.get_running_loop()
        if act == "hold":
            await self._hold(str(asked["set"]), int(asked["length"]), connection)
        elif act == "forget":
            self.forget()
        elif act not in {"state", "lease", "secret"}:
            raise ValueError(act)
        held = self._secret
        given = held if act == "secret" and held is not None else b""
        said = {"active": held is not None, "set": self._set, "length": len(given)}
        if act == "lease" and held is not None:
            self._leases.add(connection)
        await loop.sock_sendall(connection, json.dumps(said).encode() + b"\n")
        if given:
            await loop.sock_sendall(connection, given)
        if connection in self._leases:
            # Nothing more is said: the connection's end is the message, in both directions.
            await loop.sock_recv(connection, 1)

    async def _hold(self, set_id: str, length: int, connection: socket.socket) -> None:
        if not 0 < length <= LONGEST_SECRET:
            raise ValueError(length)
        secret = bytearray(length)
        try:
            await asyncio.wait_for(_fill(connection, secret), PATIENCE_SECONDS)
        except BaseException:
            wipe(secret)
            raise
        # Leases on what was held before end: their holders open everything again.
        self.forget()
        self._secret, self._set = secret, set_id
        log.info("keys activated", extra={"set": set_id})


async def _accepted(listening: socket.socket) -> socket.socket:
    """Return the next connection; one that can't be had now is waited for."""
    while True:
        try:
            connection, _address = await asyncio.get_running_loop().sock_accept(listening)
        except OSError:
            # Too many are open: some end soon, for all but leases have their time.
            log.warning("a connection could not be taken")
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            connection.setblocking(False)
            return connection


async def _line(connection: socket.socket) -> bytes:
    """Read a line, and nothing of what follows it."""
    line, one = bytearray(), bytearray(1)
    while not line.endswith(b"\n"):
        await _fill(connection, one)
        line += one
        if len(line) > LONGEST_LINE:
            raise ValueError(len(line))
    return bytes(line)


async def _fill(connection: socket.socket, place: bytearray) -> None:
    """Receive as much as a place takes, straight into it; EOFError when the other end stops before."""
    with memoryview(place) as left:
        filled = 0
        while filled < len(place):
            with left[filled:] as rest:
                count = await asyncio.get_running_loop().sock_recv_into(connection, rest)
            if not count:
                raise EOFError
            filled += count


def _listen(path: Path) -> socket.socket:
    """Return a listening socket that its owner alone may open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_dead(path)
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    listening.listen()
    listening.setblocking(False)
    return listening


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _remove_dead(path: Path) -> None:
    """Remove the socket of a keeper that was killed; OSError when one answers, or when it is not a socket."""
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise FileExistsError(f"{path} is not a socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise FileExistsError(f"another keeper listens at {path}")


def _user_of(connection: socket.socket) -> int:
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, user, _group = _CREDENTIALS.unpack(peer)
    return int(user)


def run(path: Path) -> None:
    """Keep until told to stop by SIGTERM or SIGINT, which deactivates."""
    dumps.forbid()
    asyncio.run(_until_stopped(path))


async def _until_stopped(path: Path) -> None:
    serving = asyncio.ensure_future(
        Keeper(os.getuid()).serve(path, lambda: log.info("keeper started", extra={"socket": str(path)}))
    )
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving

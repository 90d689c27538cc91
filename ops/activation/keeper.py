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
LONGEST_LINE: Final = 512
_CREDENTIALS: Final = struct.Struct("3i")


class Keeper:
    """Holds one secret, or none; `owner` is the only user it serves."""

    def __init__(self, owner: int) -> None:
        self._owner = owner
        self._secret: bytearray | None = None
        self._set = ""
        self._leases: set[asyncio.StreamWriter] = set()

    def __repr__(self) -> str:
        return f"Keeper(active={self._secret is not None})"

    async def serve(self, path: Path, ready: Callable[[], None] = lambda: None) -> None:
        """Listen until cancelled; OSError when another keeper listens there already."""
        listening = _listen(path)
        try:
            server = await asyncio.start_unix_server(self._connected, sock=listening, limit=LONGEST_LINE)
            async with server:
                ready()
                await server.serve_forever()
        finally:
            self.forget()
            _remove(path)

    def forget(self) -> None:
        """Wipe the secret and end all leases."""
        secret, self._secret, self._set = self._secret, None, ""
        if secret is not None:
            wipe(secret)
            log.info("keys deactivated")
        for one in list(self._leases):
            # At once, before anybody is told that the secret is forgotten; closing alone would wait its turn.
            with suppress(OSError):
                one.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            one.close()
        self._leases.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _user_of(writer) != self._owner:
                log.warning("a stranger was refused")
                return
            asked = json.loads(await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS))
            await self._answer(asked, reader, writer)
        except (ValueError, TypeError, KeyError, OSError, TimeoutError, asyncio.IncompleteReadError):
            log.warning("a request that makes no sense was refused")
        finally:
            self._leases.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(
        self, asked: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        act = asked["ask"]
        if act == "hold":
            await self._hold(str(asked["set"]), int(asked["length"]), reader)
        elif act == "forget":
            self.forget()
        elif act not in {"state", "lease", "secret"}:
            raise ValueError(act)
        held = self._secret
        given = bytes(held) if act == "secret" and held is not None else b""
        said = {"active": held is not None, "set": self._set, "length": len(given)}
        if act == "lease" and held is not None:
            self._leases.add(writer)
        writer.write(json.dumps(said).encode() + b"\n" + given)
        await writer.drain()
        if writer in self._leases:
            # Nothing more is said: the connection's end is the message, in both directions.
            await reader.read(1)

    async def _hold(self, set_id: str, length: int, reader: asyncio.StreamReader) -> None:
        if not 0 < length <= LONGEST_SECRET:
            raise ValueError(length)
        secret = bytearray(await asyncio.wait_for(reader.readexactly(length), PATIENCE_SECONDS))
        # Leases on what was held before end: their holders open everything again.
        self.forget()
        self._secret, self._set = secret, set_id
        log.info("keys activated", extra={"set": set_id})


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


def _user_of(writer: asyncio.StreamWriter) -> int:
    peer = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size
    )
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

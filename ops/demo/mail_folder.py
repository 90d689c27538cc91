"""The demonstration's mails: a server on loopback that keeps what it is sent as files, and the reading of them."""

from __future__ import annotations

import secrets
import socket
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from ops.settings import SettingsError
from web.ports import SentMail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from workflow.ports import Clock

LOOPBACK = "127.0.0.1"
MOST_MAILS = 200


class _Keeper:
    """Keeps each mail as a file whose name sorts by the moment it came."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name.
        stamp = self._clock.now().strftime("%Y%m%dT%H%M%S%f")
        part = self._folder / f".{stamp}-{secrets.token_hex(4)}.part"
        part.write_bytes(envelope.content)
        # Renamed when whole, so that a reader never sees half a mail.
        part.rename(self._folder / f"{part.stem[1:]}.eml")
        return "250 kept"


class MailSink:
    """A mail server on loopback, run in a thread of its own; it delivers nothing to anybody.

    SettingsError where the library is not installed: an office that is no demonstration does without.
    """

    def __init__(self, folder: Path, port: int, clock: Clock) -> None:
        try:
            from aiosmtpd.controller import Controller
        except ModuleNotFoundError as error:
            raise SettingsError("the demonstration needs aiosmtpd; install guanfang[demo]") from error
        folder.mkdir(parents=True, exist_ok=True)
        self._controller = Controller(_Keeper(folder, clock), hostname=LOOPBACK, port=port)

    def start(self) -> None:
        """Start to listen; OSError when the port is taken."""
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()


def free_port() -> int:
    """Return a port on loopback that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def read_mails(folder: Path) -> Sequence[SentMail]:
    """Return the newest mails of a folder, oldest first; what is no mail is left out."""
    paths = sorted(folder.glob("*.eml"))[-MOST_MAILS:]
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> SentMail:
    message = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    return SentMail(
        recipient=parseaddr(str(message["To"] or ""))[1],
        subject=str(message["Subject"] or ""),
        body=text if isinstance(text, str) else "",
        at=_came_at(path.stem),
        attachments=tuple(part.get_filename() or "" for part in message.iter_attachments()),
    )


def _came_at(stem: str) -> datetime | None:
    try:
        return datetime.strptime(stem.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None

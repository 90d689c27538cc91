"""Hands mails to a mail server by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflow.ports import Clock, Mail


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where the mail server is and how to speak to it; the timeout is in seconds."""

    host: str
    port: int
    starttls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: int = 20


class SmtpMailer:
    """A `workflow.ports.Mailer`: one connection a mail, since mails are few and a stale connection loses them."""

    def __init__(self, server: MailServer, sender: str, clock: Clock) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock

    def send(self, mail: Mail) -> None:
        """Hand a mail to the server; OSError (which smtplib's errors are) when it can't be done now.

        ValueError for a mail that can't be sent at all, such as one whose subject holds a line break.
        """
        message = self.message(mail)
        server = self._server
        with smtplib.SMTP(server.host, server.port, timeout=server.timeout) as connection:
            if server.starttls:
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message)

    def message(self, mail: Mail) -> EmailMessage:
        """Return the mail as it goes over the wire."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = self._clock.now()
        if mail.message_id:
            message["Message-ID"] = f"<{mail.message_id.strip('<>')}>"
        # No holiday notice answers a machine (RFC 3834 §5).
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = "zh-TW"
        message.set_content(mail.text)
        for name, media_type, content in mail.attachments:
            main, _, sub = media_type.partition("/")
            message.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=name)
        return message

"""Structured logs: one JSON object a line, without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import IO, Any

SECRETS = (
    "user_code", "new_code", "code", "password", "passphrase", "pin", "puk", "management_key", "secret", "secret_key",
    "key_passphrase", "pkcs11_pin", "smtp_password", "csrf_token", "cookie", "authorization",
)  # fmt: skip
HIDDEN = "[hidden]"
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# The longest name first, so that `user_code=` is not read as `code=` with something before it.
_NAMES = "|".join(re.escape(name) for name in sorted(SECRETS, key=len, reverse=True))
_SPOKEN = re.compile(rf"(?i)(?<![a-z0-9])({_NAMES})([\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&)}}\]]+)")


def scrub(text: str) -> str:
    """Hide what follows a secret's name in running text, as in `password=…`."""
    return _SPOKEN.sub(rf"\1\2{HIDDEN}", text)


def _clean(value: Any) -> Any:
    """Hide secrets inside what is logged, however deep."""
    if isinstance(value, dict):
        return {str(key): HIDDEN if _is_secret(str(key)) else _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(item) for item in value]
    if isinstance(value, str):
        return scrub(value)
    return value if isinstance(value, (int, float, bool)) or value is None else scrub(str(value))


def _is_secret(name: str) -> bool:
    return name.lower() in SECRETS


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON: at, level, logger, message, the extra fields, the error with its trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": scrub(_message(record)),
        }
        extra = {name: value for name, value in vars(record).items() if name not in _OWN}
        said.update(_clean(extra))
        if record.exc_info:
            said["error"] = scrub(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    """Return the message with its arguments, of which the named secrets are hidden."""
    if isinstance(record.args, dict):
        return str(str(record.msg) % _clean(dict(record.args)))
    return record.getMessage()


def configure(level: str = "INFO", stream: IO[str] | None = None) -> None:
    """Send all logs of this process to a stream, standard error by default; once called again, it replaces itself."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These say every round at INFO, and a round is a second.
    for noisy in ("apscheduler", "alembic", "mail.log", "fontTools"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

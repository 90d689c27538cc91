"""What people call a certificate: its kind, what its key is for, and why it was suspended or revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.language import say, t
from web.ports import office
from workflow.requested_profiles import requestable
from workflow.vocabulary import RevocationReason

if TYPE_CHECKING:
    from flask import Flask

_PURPOSES = {
    "signature": ("簽章用", "Signature"),
    "encipherment": ("加密用", "Encipherment"),
    "tls_server": ("TLS 伺服器", "TLS server"),
    "server_application": ("伺服應用軟體", "Server application"),
}


def kind_of_certificate(name: str) -> str:
    """Return what a profile that requests may name is called; of any other, its name."""
    known = requestable(office()).get(name)
    return t(known[1].zh, known[1].en) if known else name


def purpose(name: str) -> str:
    """Return what a key is for, in words; a purpose that stands on no card and in no request keeps its name."""
    return t(*_PURPOSES[name]) if name in _PURPOSES else name


def reason(name: str) -> str:
    """Return a stored reason in words."""
    return say(RevocationReason(name)) if name in list(RevocationReason) else name


def install(app: Flask) -> None:
    """Give the templates these words."""
    app.jinja_env.filters.update(kind_of_certificate=kind_of_certificate, purpose=purpose, reason=reason)

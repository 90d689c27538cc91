"""The number of a form that opens a case: made when the form is shown, sent with it, good for one case (`Filing`)."""

from __future__ import annotations

import secrets

from flask import request


def new_filing() -> str:
    """Return the number of a new form; nobody guesses it, for whoever sends it again is shown the case."""
    return secrets.token_urlsafe(16)


def filing() -> str:
    """Return the number of the form in hand: the one that it was sent with, or a new one."""
    return request.form.get("filing", "") or new_filing()

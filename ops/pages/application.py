"""What granian loads in each of its workers."""

from __future__ import annotations

from typing import Final

from ops.pages.server import PageServer
from ops.wiring import web_from_environment

THREADS: Final = 4
"""Pages wait for the database and for password hashing, so a few may wait at once in a process."""


def application() -> PageServer:
    """Put the screens together in a web worker's process."""
    return PageServer(web_from_environment(), THREADS)

"""Running the responder: granian in this process, `ops.ocsp.application` in each of its workers."""

from __future__ import annotations

import os
import resource
import tempfile

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which Prometheus' library learns the folder; it has to be set before the library is imported."""
GRACE_SECONDS = 10
"""How long a stopping worker may take over the requests in hand."""
MOST_CONNECTIONS = 8_192
"""Connections that a worker holds at a time. One that says nothing is ended after some seconds; those who say nothing
must be this many before anybody waits for that."""
SPARE_FILES = 256
"""Open files besides connections: the database, logs, libraries."""


def serve(host: str, port: int, workers: int, log_level: str) -> None:
    """Serve until told to stop; the requests in hand are answered first."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    most = _connections()
    with tempfile.TemporaryDirectory(prefix="guanfang-ocsp-") as folder:
        os.environ[SHARED_FOLDER] = folder
        Granian(
            "ops.ocsp.application:application",
            address=host,
            port=port,
            interface=Interfaces.RSGI,
            workers=workers,
            backlog=1_024,
            backpressure=most,
            factory=True,
            loop=Loops.uvloop,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536),
            websockets=False,
            log_level=LogLevels(log_level.lower()),
            respawn_failed_workers=True,
            respawn_interval=1.0,
            workers_kill_timeout=GRACE_SECONDS,
        ).serve()


def _connections() -> int:
    """Return how many connections a worker may hold, after raising the limit of open files as far as is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE_FILES
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limit, soft), hard))
    return max(limit - SPARE_FILES, SPARE_FILES)

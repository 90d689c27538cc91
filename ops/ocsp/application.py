"""The composition root of one worker of the responder."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ops import logs
from ops.database import address_with
from ops.ocsp.server import OcspServer
from ops.ocsp.worker import OcspWorker
from ops.settings import Settings
from ops.wiring import build_office

# A database that does not answer is found out within the time in which an answer is due (CRL-04).
IMPATIENT: Final = {"connect_timeout": "3", "tcp_user_timeout": "4000", "keepalives_idle": "5"}


def application() -> OcspServer:
    """Put the responder together from the environment."""
    settings = Settings.read()
    logs.configure(settings.log_level)
    office = build_office(settings, address=address_with(settings.url, IMPATIENT))
    return OcspServer(OcspWorker(office, timedelta(minutes=settings.ocsp_minutes), settings.ocsp_max_age))

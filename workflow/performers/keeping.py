"""Keeping a claim while its work is being done: a thread beside the performer renews the lease until the work ends.

The thread dies with its process, so a dead worker's claim ends by itself. A performer that hangs can't be told from one
that has much to do, so renewing ends after an hour, and the work is another's to take up.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from workflow.store.outbox import renew

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.office import Office
    from workflow.store.outbox import Work

logger = logging.getLogger(__name__)
RENEW_SECONDS: Final = 60.0
"""A third of the lease, so that a renewal may fail and the next one still comes in time."""
MOST_RENEWALS: Final = 60


@contextmanager
def kept(office: Office, work: Work) -> Iterator[Office]:
    """Keep work claimed; gives the office that commits under this claim alone (`outbox.require_claim`)."""
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(office, work, ended), name=f"claim-{work.id}", daemon=True)
    keeper.start()
    try:
        yield replace(office, claim=work)
    finally:
        ended.set()
        keeper.join()


def _keep(office: Office, work: Work, ended: threading.Event) -> None:
    for _ in range(MOST_RENEWALS):
        if ended.wait(RENEW_SECONDS):
            return
        if not _renewed(office, work):
            break
    logger.warning("claim no longer renewed", extra={"outbox": work.id, "attempt": work.attempts})


def _renewed(office: Office, work: Work) -> bool:
    """Renew a claim once; what the database can't do now is left to the next time."""
    try:
        return renew(office, work)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError):
        logger.warning("claim not renewed", extra={"outbox": work.id}, exc_info=True)
        return True

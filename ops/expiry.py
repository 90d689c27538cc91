"""Looking for certificates that expire soon, so that their contacts are told (NTC-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.commands_of_expiry import TellOfExpiry
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.store.expiring import expiring

if TYPE_CHECKING:
    from collections.abc import Callable

    from workflow.office import Office


def tell_of_expiry(office: Office, stopped: Callable[[], bool] = lambda: False) -> int:
    """Order the notices that are due, batch after batch until none is; returns how many cases were looked at."""
    looked = 0
    while not stopped():
        with office.reading() as connection:
            found = expiring(connection, office.clock.now())
        if not found:
            break
        handle(office, TellOfExpiry(case_ids=tuple(one.case_id for one in found)), SYSTEM)
        looked += len(found)
    return looked

"""Running the watches: which is due, what it looks at, and the way of its findings through the one door.

Several workers may run one twice: a second run finds what the first did, and tells nobody again.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from workflow.commands_of_watches import Found, RecordWatch
from workflow.days import TAIPEI
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.views.watches import last_runs
from workflow.vocabulary import Watch
from workflow.watching.half_life import half_life
from workflow.watching.lone_accounts import lone_accounts
from workflow.watching.relint import relint
from workflow.watching.weak_keys import weak_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from workflow.office import Office


_NOT_ACTIVATED = Found(
    code="keys.not_activated",
    subject="keys",
    zh="憑證機構金鑰尚未啟用，簽發、清冊與線上狀態回覆暫停；請執行 guanfang ca activate。",
    en="The authorities' keys are not activated: issuing, lists and status answers wait for `guanfang ca activate`.",
    rows=(),
)


def watch_half_life(office: Office) -> int:
    """Look at what must not wait for the night: lists, responders, keys and accounts; returns how many findings there are."""
    with office.reading() as connection:
        examined, found = half_life(connection, office.clock.now())
        found = (*found, *lone_accounts(connection))
    if not office.keys_activated():
        found = (*found, _NOT_ACTIVATED)
    handle(office, RecordWatch(watch=Watch.HALF_LIFE, examined=examined, found=found), SYSTEM)
    return len(found)


def watch_weak_keys(office: Office) -> int:
    """Look for shared factors among all stored RSA moduli; returns how many findings there are."""
    with office.reading() as connection:
        examined, found = weak_keys(connection)
    handle(office, RecordWatch(watch=Watch.WEAK_KEYS, examined=examined, found=found), SYSTEM)
    return len(found)


def watch_sample(office: Office) -> int:
    """Bring the samples of this quarter and the one before up to their measure; returns how many findings there are."""
    with office.reading() as connection:
        samples, found = relint(office, connection, office.clock.now())
    command = RecordWatch(watch=Watch.RELINT, examined=len(samples), found=found, samples=samples)
    handle(office, command, SYSTEM)
    return len(found)


NIGHTLY: Mapping[Watch, Callable[[Office], int]] = {
    Watch.WEAK_KEYS: watch_weak_keys,
    Watch.RELINT: watch_sample,
}


def night_of(moment: datetime, hour: int) -> date:
    """Return the night that a moment belongs to: it begins at `hour` in Taipei and lasts a day."""
    return (moment.astimezone(TAIPEI) - timedelta(hours=hour)).date()


def run_nightly(
    office: Office, hour: int, more: Mapping[Watch, Callable[[Office], int]] = MappingProxyType({})
) -> int:
    """Run each nightly watch, and those of `more`, that has not run this night; returns how many findings there are."""
    with office.reading() as connection:
        last = last_runs(connection)
    tonight = night_of(office.clock.now(), hour)
    nightly = {**more, **NIGHTLY}
    due = [watch for watch in nightly if watch not in last or night_of(last[watch].at, hour) < tonight]
    return sum(nightly[watch](office) for watch in due)

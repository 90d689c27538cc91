"""Adding accounts while the house is founded, and filling the registers for the first time.

The registers are the only rows that are not a command's consequence; filling them still leaves an audit entry (AUD-01).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from workflow.acts.account_rows import window_number
from workflow.commands_of_people import AddAccount
from workflow.facts import Actor
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.office import Office

SETTER = Actor(name="operator", roles=frozenset({Role.SYSTEM}), channel="cli")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made; see `workflow.commands_of_people.AccountCommand`."""

    login: str
    name: str
    roles: frozenset[Role]
    password: str = field(repr=False)
    window: str | None = None
    same_person_as: str | None = None
    alone_because: str = ""


def add(office: Office, new: NewAccount) -> int:
    """Make an account at the machine and return its number.

    Raises Refused with an `account.…` code: for what makes no sense, and for a trusted role that two people have to give.
    """
    given = {one.name: getattr(new, one.name) for one in fields(new)}
    return handle(office, AddAccount(**given), SETTER).created_id or 0


def load_windows(office: Office, windows: Iterable[dict[str, object]]) -> None:
    """Fill the register of first-review windows for the first time."""
    with transaction(office) as work:
        names = [str(work.insert(t.review_window, **values) and values["name"]) for values in windows]
        work.audit("windows_loaded", SETTER, {"names": names})


def load_organisations(office: Office, organisations: Iterable[dict[str, object]]) -> None:
    """Fill the register of organisations for the first time; `window` names the first-review window of each."""
    with transaction(office) as work:
        count = 0
        for given in organisations:
            values = dict(given)
            window = values.pop("window", None)
            work.insert(
                t.organisation,
                window_id=window_number(work.connection, None if window is None else str(window)),
                **values,
            )
            count += 1
        work.audit("organisations_loaded", SETTER, {"count": count})

"""The house in which a journey takes place: office, pages and cards, and the people who come to its counters."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ops.journey.pages import JourneyError, Visitor
from ops.worker import run_once
from workflow.facts import Actor
from workflow.views.case_page import case_page, find_case_id
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hardware.folder_station import FolderStation
    from ops.settings import Settings
    from workflow.office import Office
    from workflow.views.case_parts import CasePage

T = TypeVar("T")
WATCHER = Actor(name="journey", roles=frozenset({Role.AUDITOR}), channel="cli")
"""Who looks at cases without touching them."""
ROUND_SECONDS = 0.1


@dataclass
class House:
    """A running registry. `works` says that a worker runs; without one, whoever waits does the work."""

    settings: Settings
    office: Office
    station: FolderStation
    connect: Callable[[], httpx.Client]
    works: bool
    _staff: dict[str, Visitor] = field(default_factory=dict)
    _closing: ExitStack = field(default_factory=ExitStack)

    def visitor(self, name: str = "visitor") -> Visitor:
        """Return somebody new with a browser of their own."""
        return Visitor(self._closing.enter_context(self.connect()), name)

    def staff(self, login: str) -> Visitor:
        """Return a member of the staff, logged in."""
        if login not in self._staff:
            visitor = self.visitor(login)
            form = visitor.open("/login/").form("/login/")
            visitor.send(form, {"login": login, "password": self.settings.demo_password})
            self._staff[login] = visitor
        return self._staff[login]

    def wait(self, what: str, look: Callable[[], T | None], seconds: float = 30) -> T:
        """Wait until `look` finds something and return it; JourneyError when that takes too long."""
        pause = threading.Event()
        for _ in range(int(seconds / ROUND_SECONDS) if self.works else 2):
            if not self.works:
                run_once(self.office, "journey")
            if found := look():
                return found
            if self.works:
                pause.wait(ROUND_SECONDS)
        raise JourneyError(f"waited in vain for {what}")

    def case(self, number: str) -> CasePage:
        """Return all of a case, by its number."""
        with self.office.reading() as connection:
            return case_page(connection, WATCHER, find_case_id(connection, WATCHER, number))

    def state(self, number: str) -> str:
        """Return the state of a case."""
        return str(self.case(number).head.state)

    def wait_for_state(self, number: str, state: str, seconds: float = 30) -> None:
        """Wait until a case is in a state; JourneyError says what hindered the work on it."""
        try:
            self.wait(f"{number} to be {state}", lambda: self.state(number) == state, seconds)
        except JourneyError as error:
            page = self.case(number)
            errors = "; ".join(work.last_error for work in page.work if work.last_error)
            raise JourneyError(f"{error}; it is {page.head.state}. {errors}") from error

    def close(self) -> None:
        """Send everybody home."""
        self._closing.close()

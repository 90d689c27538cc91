"""A posted card in the holder's reader, with real keys and certificates, on each database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.browsing import WIDE
from tests.faults.line import postgresql_copies, prepare, sqlite_copies
from tests.holders.browser import Browser
from tests.holders.screen import Holder
from tests.holders.stand import Stand
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.line import Line
    from tests.postgresql import Cluster


@pytest.fixture(scope="session")
def holders_line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """Lend a case whose card came with the post, on SQLite."""
    folder = tmp_path_factory.mktemp("holder")
    return prepare(sqlite_copies(folder, "holder"), folder / "cards", posted=True)


@pytest.fixture(scope="session")
def postgresql_holders_line(
    tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster, worker_name: str
) -> Line:
    """Lend a case whose card came with the post, on PostgreSQL."""
    cards = tmp_path_factory.mktemp("postgresql_holder") / "cards"
    return prepare(postgresql_copies(postgresql_cluster, f"holder_{worker_name}"), cards, posted=True)


@pytest.fixture(scope="session")
def agencys_line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """Lend an agency's case whose card came with the post; its CA shows an agency all of its own (STA-03)."""
    folder = tmp_path_factory.mktemp("agency")
    return prepare(sqlite_copies(folder, "agency"), folder / "cards", posted=True, ca=Ca.GCA)


@pytest.fixture
def browser_of(holders_line: Line) -> Iterator[Browser]:
    """Lend a holder's browser with the posted card in the reader, on SQLite."""
    with holders_line.copy() as bench:
        yield Browser(bench)


@pytest.fixture
def browser_on_postgresql(postgresql_holders_line: Line) -> Iterator[Browser]:
    """Lend the same on PostgreSQL."""
    with postgresql_holders_line.copy() as bench:
        yield Browser(bench)


@pytest.fixture
def active(browser_of: Browser) -> Browser:
    """Lend a browser whose card is activated; `pin` is its PIN."""
    browser_of.activate()
    return browser_of


@contextmanager
def _stand_on(line: Line) -> Iterator[Stand]:
    with line.copy() as bench:
        stand = Stand(bench)
        stand.start()
        yield stand
        stand.stop()


@contextmanager
def _before(stand: Stand, chromium: Any) -> Iterator[Holder]:
    context = chromium.new_context(locale="zh-TW", viewport={"width": WIDE, "height": 900})
    holder = Holder(stand, context)
    yield holder
    context.close()
    assert holder.wrong == []


@pytest.fixture
def stand(holders_line: Line) -> Iterator[Stand]:
    """Serve the registry's pages and a card agent with the posted card in its reader."""
    with _stand_on(holders_line) as stand:
        yield stand


@pytest.fixture
def holder(stand: Stand, chromium: Any) -> Iterator[Holder]:
    """Lend a holder before the screen, whose pages must raise no error."""
    with _before(stand, chromium) as holder:
        yield holder


@pytest.fixture
def agency(agencys_line: Line, chromium: Any) -> Iterator[Holder]:
    """Lend an agency's holder before the screen."""
    with _stand_on(agencys_line) as stand, _before(stand, chromium) as holder:
        yield holder


@pytest.fixture
def pin(stand: Stand) -> str:
    """Return the PIN of the card, which was activated without a screen."""
    return Browser(stand.bench).activate()

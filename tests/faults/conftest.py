"""Lines to be killed, prepared once a run on each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.line import card_key, postgresql_copies, prepare, sqlite_copies

if TYPE_CHECKING:
    from tests.faults.line import Line
    from tests.postgresql import Cluster


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    """Fill the pool before the first fork, so that every child inherits it."""
    for number in range(4):
        card_key(number)


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """Lend a case whose card is to be made, on SQLite."""
    folder = tmp_path_factory.mktemp("line")
    return prepare(sqlite_copies(folder, "line"), folder / "cards", posted=False)


@pytest.fixture(scope="session")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """Lend a case whose card came with the post, on SQLite."""
    folder = tmp_path_factory.mktemp("posted")
    return prepare(sqlite_copies(folder, "posted"), folder / "cards", posted=True)


@pytest.fixture(scope="session")
def postgresql_line(
    tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster, worker_name: str
) -> Line:
    """Lend a case whose card is to be made, on PostgreSQL."""
    cards = tmp_path_factory.mktemp("postgresql_line") / "cards"
    return prepare(postgresql_copies(postgresql_cluster, f"line_{worker_name}"), cards, posted=False)


@pytest.fixture(scope="session")
def postgresql_posted(
    tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster, worker_name: str
) -> Line:
    """Lend a case whose card came with the post, on PostgreSQL."""
    cards = tmp_path_factory.mktemp("postgresql_posted") / "cards"
    return prepare(postgresql_copies(postgresql_cluster, f"posted_{worker_name}"), cards, posted=True)

"""Lines to be killed, prepared once a run on each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import postgresql
from tests.faults.line import card_key, postgresql_copies, prepare, sqlite_copies

if TYPE_CHECKING:
    from collections.abc import Iterator

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
def postgresql_posted(
    tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster, worker_name: str
) -> Line:
    """Lend a case whose card came with the post, on PostgreSQL."""
    cards = tmp_path_factory.mktemp("postgresql_posted") / "cards"
    return prepare(postgresql_copies(postgresql_cluster, f"posted_{worker_name}"), cards, posted=True)


@pytest.fixture(scope="module")
def crash_cluster_of_module(postgresql_cluster: Cluster) -> Iterator[Cluster]:
    """Keep a cluster that a module's tests may kill; asking for the run's own tells whether there is PostgreSQL."""
    del postgresql_cluster
    with postgresql.Cluster.crashing() as cluster:
        yield cluster


@pytest.fixture
def crash_cluster(crash_cluster_of_module: Cluster) -> Cluster:
    """Lend the cluster alive, whatever an earlier test did to it."""
    crash_cluster_of_module.revive()
    return crash_cluster_of_module

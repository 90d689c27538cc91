"""The registry as tests meet it: on both databases, or on PostgreSQL alone where rows are locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workflow.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def registry(empty_database_url: str) -> Iterator[Registry]:
    """Lend an empty registry, once on each database."""
    registry = Registry(empty_database_url)
    yield registry
    registry.close()


@pytest.fixture
def small_registry(sqlite_url: str) -> Iterator[Registry]:
    """Lend an empty registry on SQLite, for what no database has a say in."""
    registry = Registry(sqlite_url)
    yield registry
    registry.close()


@pytest.fixture
def locking_registry(postgresql_url: str) -> Iterator[Registry]:
    """Lend an empty registry on PostgreSQL, for many hands at once."""
    registry = Registry(postgresql_url)
    yield registry
    registry.close()

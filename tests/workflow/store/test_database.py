"""Asking needs no transaction, so nothing can be written that way; and a unit of work is committed wholly or not at all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.workflow.registry import Registry
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction

BREAKER = {"open": True, "count": 1, "allowance": 0, "reason": ""}


@pytest.fixture
def registry(migrated_postgresql_url):
    registry = Registry(migrated_postgresql_url)
    yield registry
    registry.close()


def test_nothing_is_written_through_a_connection_that_asks(registry):
    now = registry.office.clock.now()
    with registry.office.asking() as connection:
        refused = pytest.raises(sa.exc.InvalidRequestError, match="only a SELECT")
        with refused:
            connection.execute(sa.insert(t.breaker).values(name="asked", at=now, **BREAKER))
        with refused:
            connection.execute(sa.text("SET LOCAL statement_timeout = 1"))
    assert registry.rows(t.breaker, t.breaker.c.name == "asked") == []


def test_a_connection_that_asked_holds_a_transaction_the_next_time(registry):
    with registry.office.asking() as connection:
        connection.execute(sa.select(t.case.c.id)).all()
    with registry.office.reading() as connection:
        moments = {connection.execute(sa.select(sa.func.now())).scalar() for _ in range(3)}
        connection.execute(
            sa.insert(t.breaker).values(name="read", at=registry.office.clock.now(), **BREAKER)
        )
    assert len(moments) == 1
    assert registry.rows(t.breaker, t.breaker.c.name == "read") == []


def test_what_the_database_refuses_on_the_way_to_the_commit_is_not_committed_in_part(registry):
    before = len(registry.rows(t.audit_entry))
    row = {"name": "twice", "at": registry.office.clock.now(), **BREAKER}

    def write(work):
        work.later(lambda connection: connection.execute(sa.insert(t.breaker).values(**row)))
        work.audit("sweep_stopped", SYSTEM, {})
        work.add("breaker", **row)

    with pytest.raises(sa.exc.IntegrityError), transaction(registry.office) as work:
        write(work)
    assert len(registry.rows(t.audit_entry)) == before
    assert registry.rows(t.breaker, t.breaker.c.name == "twice") == []
    with transaction(registry.office) as work:
        work.add("breaker", **row)
    assert len(registry.rows(t.breaker, t.breaker.c.name == "twice")) == 1

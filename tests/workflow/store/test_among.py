"""One of many values: the same answer on both databases, and one statement for any number of them."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from workflow.store import schema as t
from workflow.store.among import among
from workflow.store.database import open_engine

P = t.person.c
NAMES = ("關防", "a'b", 'say "x"', "back\\slash", "")


@pytest.fixture
def connection(database_url):
    engine = open_engine(database_url)
    with engine.connect() as opened:
        for name in NAMES:
            opened.execute(sa.insert(t.person).values(name=name))
        yield opened
    engine.dispose()


@pytest.mark.parametrize("wanted", [(), NAMES[:1], NAMES, ("nobody", *NAMES[2:])])
def test_rows_are_found_by_any_of_the_values(connection, wanted):
    found = connection.execute(sa.select(P.name).where(among(P.name, wanted))).scalars()
    assert set(found) == set(wanted) & set(NAMES)


def test_numbers_are_found_and_all_others_too(connection):
    first, *rest = connection.execute(sa.select(P.id).order_by(P.id)).scalars()
    others = sa.select(P.id).where(~among(P.id, [first])).order_by(P.id)
    assert connection.execute(others).scalars().all() == rest


def test_conditions_join(connection):
    either = among(P.name, NAMES[:1]) | (among(P.name, NAMES[1:3]) & (P.name != NAMES[1]))
    assert set(connection.execute(sa.select(P.name).where(either)).scalars()) == {NAMES[0], NAMES[2]}


@given(st.lists(st.text()), st.lists(st.text()))
def test_the_statement_is_the_same_for_any_number_of_values(some, others):
    texts = {
        str(sa.select(P.id).where(among(P.name, values)).compile(dialect=postgresql.dialect()))
        for values in (some, others)
    }
    assert len(texts) == 1

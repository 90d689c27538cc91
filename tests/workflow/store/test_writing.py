"""Many rows travel in one statement on PostgreSQL; what arrives is what single statements would have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from workflow.store import schema as t
from workflow.store.database import open_engine
from workflow.store.prepared import Many
from workflow.store.writing import FEW, in_one_journey, writes_of

AT = datetime(2026, 11, 20, 16, 30, 0, 250_000, tzinfo=UTC)
TAIPEI = timezone(timedelta(hours=8))
BODIES = ("關防", "", 'a "quoted" {body}, with \\ and NULL', "NULL", "two\nlines", "𠮷", "{}", "'", "%s")


@pytest.fixture
def connection(database_url):
    engine = open_engine(database_url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection
    engine.dispose()


def entries(count):
    return [
        {
            "at": AT.astimezone(TAIPEI) + timedelta(seconds=number),
            "kind": "refused",
            "actor": f"人{number}",
            "case_id": None if number % 2 else number,
            "case_version": number or None,
            "body": BODIES[number % len(BODIES)],
        }
        for number in range(count)
    ]


def test_columns_that_are_empty_in_every_row_stay_so(connection):
    rows = [{**row, "case_id": None, "case_version": None} for row in entries(20)]
    writes_of(connection.dialect).insert(connection, "audit_entry", rows)
    assert {
        (row["case_id"], row["case_version"]) for row in stored(connection, t.audit_entry, t.audit_entry.c.id)
    } == {(None, None)}


def leaves(count):
    octets = bytes(range(256))
    return [
        {"leaf_index": number, "entry_id": count - number, "leaf_hash": octets[number : number + 32]}
        for number in range(count)
    ]


def stored(connection, table, order):
    return [dict(row) for row in connection.execute(sa.select(table).order_by(order)).mappings()]


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 100])
def test_many_rows_arrive_whole_and_in_their_order(connection, count):
    rows = entries(count)
    writes_of(connection.dialect).insert(connection, "audit_entry", rows)
    found = stored(connection, t.audit_entry, t.audit_entry.c.id)
    assert [{name: value for name, value in row.items() if name != "id"} for row in found] == rows


@pytest.mark.parametrize("count", [FEW, 100])
def test_octets_arrive_as_they_were(connection, count):
    rows = leaves(count)
    writes_of(connection.dialect).insert(connection, "audit_leaf", rows)
    assert stored(connection, t.audit_leaf, t.audit_leaf.c.leaf_index) == rows


def test_many_rows_with_json_arrive_too(connection):
    kinds = [["card", {"深": number}] for number in range(FEW + 3)]
    rows = [
        {
            "name": f"w{n}",
            "agency_code": "",
            "county": "",
            "kinds": kind,
            "address": "",
            "phone": "",
            "email": "",
        }
        for n, kind in enumerate(kinds)
    ]
    writes_of(connection.dialect).insert(connection, "review_window", rows)
    assert [row["kinds"] for row in stored(connection, t.review_window, t.review_window.c.id)] == kinds


def test_one_bad_row_of_many_stops_all(connection):
    rows = leaves(20)
    rows[7]["entry_id"] = rows[8]["entry_id"]
    with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
        writes_of(connection.dialect).insert(connection, "audit_leaf", rows)
    assert not stored(connection, t.audit_leaf, t.audit_leaf.c.leaf_index)


def test_rows_that_are_all_the_same_arrive_each(connection):
    rows = [{"authority": "xca", "partition": 3, "at": AT}] * (FEW + 2)
    writes_of(connection.dialect).insert(connection, "crl_change", rows)
    found = connection.execute(sa.select(t.crl_change.c.partition, t.crl_change.c.at)).all()
    assert found == [(3, AT)] * (FEW + 2)


def test_what_is_refused_on_the_way_is_told_as_any_refusal_of_the_database(connection):
    writes, rows = writes_of(connection.dialect), leaves(1)
    writes.insert(connection, "audit_leaf", rows)
    with pytest.raises(sa.exc.IntegrityError), connection.begin_nested(), in_one_journey(connection):
        writes.insert(connection, "audit_leaf", rows)
    assert connection.execute(sa.select(sa.func.count()).select_from(t.audit_leaf)).scalar() == 1


def test_one_and_true_are_two_values(migrated_postgresql_url):
    table = sa.Table(
        "scratch",
        sa.MetaData(),
        sa.Column("id", sa.Integer),
        sa.Column("said", sa.JSON),
        prefixes=["TEMPORARY"],
    )
    rows = [{"id": number, "said": {"a": bool(number) or 1}} for number in range(2)]
    assert rows[0]["said"] == rows[1]["said"]
    engine = open_engine(migrated_postgresql_url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        table.create(connection)
        Many.inserting(table, connection.dialect, ("said", "id")).send(connection, rows)
        said = connection.execute(sa.text("SELECT CAST(said AS text) FROM scratch ORDER BY id")).scalars()
        assert [one.replace(" ", "") for one in said] == ['{"a":1}', '{"a":true}']
    engine.dispose()

"""Health and metrics tell how the registry is doing, from the database and without anybody's data."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from ops import database, health, metrics
from ops.activation import KeeperClient
from ops.demo import seed
from tests.activations import KeeperProcess
from workflow.commands_of_watches import Found, RecordWatch
from workflow.errors import RegistryError
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.store.outbox import crl_row
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Lane, OutboxState, Watch


@pytest.fixture
def ask(make_office):
    """Return a client of a small application over a database."""

    def make(url):
        office = make_office(url)
        app = Flask("tested")
        health.register(app, office)
        metrics.register(app, office)
        return office, app.test_client()

    return make


def value(client, name):
    text = client.get("/metrics").text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1])


def test_a_registry_at_the_newest_schema_is_ready(ask, database_url):
    _, client = ask(database_url)
    assert client.get("/healthz").json == {"status": "ok"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")


def test_a_registry_without_its_schema_is_alive_but_not_ready(ask, empty_database_url):
    _, client = ask(empty_database_url)
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["schema"]["good"] is False


def test_a_database_that_is_gone_is_said_without_its_address(ask):
    _, client = ask("postgresql+psycopg://user:hunter2@127.0.0.1:1/none")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["database"]["good"] is False
    assert "hunter2" not in answer.text


def test_a_log_that_is_not_sealed_in_time_makes_it_unready(ask, database_url, clock):
    office, client = ask(database_url)
    seed.start_clock(office)
    clock.move(seconds=59)
    assert client.get("/readyz").status_code == 200
    clock.move(seconds=2)
    assert client.get("/readyz").status_code == 503
    assert value(client, "guanfang_audit_unsealed") == 1
    assert value(client, "guanfang_audit_unsealed_seconds") == 61


def test_waiting_work_dead_letters_and_the_breaker_are_counted(ask, database_url, clock):
    office, client = ask(database_url)
    with transaction(office) as work:
        work.ask([crl_row(ca, work.now, office.wall.now()) for ca in ("gca", "xca")])
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.outbox.update().where(t.outbox.c.id == 1).values(state="dead"))
        connection.execute(
            t.breaker.insert().values(name="sweep", open=True, count=300, reason="", at=clock.now())
        )
    clock.move(minutes=2)
    assert value(client, 'guanfang_outbox{lane="certificate",state="dead"}') == 1
    assert value(client, 'guanfang_outbox{lane="certificate",state="waiting"}') == 1
    assert value(client, 'guanfang_outbox_oldest_seconds{lane="certificate"}') == 120
    assert value(client, "guanfang_breaker_open") == 1


def test_the_age_of_lists_is_that_of_the_newest_of_each_partition(ask, database_url, clock):
    office, client = ask(database_url)
    day = timedelta(days=1)
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        for number, hours in ((1, 30), (2, 6)):
            made = clock.now() - timedelta(hours=hours)
            connection.execute(
                t.crl.insert().values(
                    authority="xca", partition=0, number=number, der=b"", entries=0, this_update=made, next_update=made + day
                )
            )  # fmt: skip
    assert value(client, 'guanfang_crl_age_seconds{authority="xca"}') == 6 * 3600
    assert value(client, 'guanfang_crl_left_seconds{authority="xca"}') == 18 * 3600
    clock.move(hours=19)
    assert value(client, 'guanfang_crl_left_seconds{authority="xca"}') == -3600
    assert not next(one for one in health.check(office) if one.name == "crls").good


def test_requests_are_counted_by_endpoint_never_by_path(ask, database_url):
    _, client = ask(database_url)
    client.get("/healthz")
    client.get("/no/such/04001000000000000000000001")
    text = client.get("/metrics").text
    assert 'guanfang_requests_total{endpoint="ops.healthz",method="GET",status="200"} 1.0' in text
    assert 'endpoint="none",method="GET",status="404"' in text
    assert "04001" not in text


@pytest.mark.parametrize(
    ("address", "headers"), [("192.0.2.1", {}), ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}), ("", {})]
)
def test_nobody_outside_this_machine_reads_the_metrics(ask, database_url, address, headers):
    _, client = ask(database_url)
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers)
    assert answer.status_code == 404


def test_all_lanes_and_open_states_are_measured(make_office, database_url):
    office = make_office(database_url)
    with office.reading() as connection:
        found = database.measure(connection, office.clock.now(), office.wall.now())
    assert set(found.outbox) == {(lane, state) for lane in Lane for state in OutboxState} - {
        (lane, OutboxState.DONE) for lane in Lane
    }
    assert not issubclass(database.DatabaseError, RegistryError)


def test_what_the_watches_found_is_measured(ask, database_url):
    office, client = ask(database_url)
    assert value(client, 'guanfang_watch_findings{watch="monitor"}') == 0
    found = Found(code="published.pem", subject="http://x.example/a.crt", zh="是 PEM。", en="It is PEM.")
    handle(office, RecordWatch(watch=Watch.MONITOR, examined=1, found=(found,)), SYSTEM)
    assert value(client, 'guanfang_watch_findings{watch="monitor"}') == 1
    assert value(client, 'guanfang_watch_escalated{watch="monitor"}') == 0
    long_ago = office.clock.now() - timedelta(days=office.settings.escalation_days)
    with office.engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.update(t.watch_finding).values(first_at=long_ago))
    assert value(client, 'guanfang_watch_escalated{watch="monitor"}') == 1
    assert value(client, 'guanfang_watch_age_seconds{watch="monitor"}') == 0


def test_a_registry_whose_keys_are_not_activated_is_not_ready_and_says_so(
    make_office, migrated_sqlite_url, tmp_path
):
    office = make_office(migrated_sqlite_url, activation="shares", activation_socket=tmp_path / "s")
    app = Flask("tested")
    health.register(app, office)
    metrics.register(app, office)
    client = app.test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "尚未啟用" in answer.json["checks"]["activation"]["said"]
    assert value(client, "guanfang_keys_activated") == 0
    keeper = KeeperProcess(tmp_path / "s")
    KeeperClient(tmp_path / "s").hold("set", bytearray(b"secret"))
    assert client.get("/readyz").status_code == 200
    assert value(client, "guanfang_keys_activated") == 1
    keeper.kill()
    assert client.get("/readyz").status_code == 503

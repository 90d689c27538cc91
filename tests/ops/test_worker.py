"""The worker goes on whatever befalls a piece of work, and gives back what it had in hand when it died."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest

from ops import worker
from ops.worker import Orders, Worker
from workflow.store import schema as t
from workflow.store.outbox import claim, crl_row
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Lane

FAST = Orders(sweep=0.05, sealing=0.05, crls=0.05, lane=0.01)
PATIENCE = 30


def ask(office, ca="xca"):
    """Ask for a CRL, which can't be made before the ceremony."""
    with transaction(office) as work:
        work.ask([crl_row(ca, work.now, office.wall.now())])


def rows(office):
    with office.reading() as connection:
        return connection.execute(t.outbox.select().order_by(t.outbox.c.id)).all()


class Running:
    """A worker in a thread of its own, and a patient look at what it did."""

    def __init__(self, office, **more) -> None:
        self.worker = Worker(office, "tested", FAST, **more)
        self.thread = threading.Thread(target=self.worker.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.worker.stop()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()

    def until(self, wanted, meanwhile=lambda: None):
        pause = threading.Event()
        for _ in range(PATIENCE * 50):
            if wanted():
                return
            meanwhile()
            pause.wait(0.02)
        pytest.fail("the worker did not come to it")


def test_work_that_fails_is_tried_again_and_ends_as_a_dead_letter(make_office, database_url, clock):
    office = make_office(database_url)
    ask(office)

    def pass_the_pause():
        # Under a slow hand the claim would run out, and the other hand would take the work up once more.
        if rows(office)[0].state == "waiting":
            clock.move(minutes=1)

    with Running(office) as running:
        running.until(lambda: rows(office)[0].state == "dead", pass_the_pause)
    (row,) = rows(office)
    assert row.attempts == 3
    assert "xca" in row.last_error


def test_one_bad_lane_does_not_hold_up_the_others(make_office, database_url):
    office = make_office(database_url)
    done = []

    def perform(_office, lane, name):
        if lane is Lane.CARD:
            raise RuntimeError("the reader is on fire")
        done.append((lane, name))
        return False

    with Running(office, perform=perform) as running:
        running.until(lambda: {lane for lane, _ in done} == set(Lane) - {Lane.CARD} and len(done) > 20)
    assert {name for _, name in done} == {"tested"}


def test_certificates_have_two_threads_where_the_database_locks_rows(make_office, database_url):
    office = make_office(database_url)
    worker = Worker(office, "tested", FAST)
    lanes = Counter(thread.name.rpartition("-")[0] for thread in worker._threads)
    several = 2 if office.engine.dialect.name == "postgresql" else 1
    assert lanes == {f"lane-{lane}": several if lane is Lane.CERTIFICATE else 1 for lane in Lane}


def test_the_worker_seals_the_log_without_being_asked(make_office, database_url):
    office = make_office(database_url)
    with transaction(office) as work:
        work.audit("test", worker.sweeper.SYSTEM, {})

    def sealed():
        with office.reading() as connection:
            return connection.execute(t.audit_checkpoint.select()).first()

    with Running(office) as running:
        running.until(sealed)


def test_checkpoints_are_carried_out_of_the_database(make_office, database_url, tmp_path):
    office = make_office(database_url)
    file = tmp_path / "checkpoints.jsonl"
    with transaction(office) as work:
        work.audit("test", worker.sweeper.SYSTEM, {})
    assert worker.seal_all(office) == 1
    exporting = Worker(office, "tested", Orders(checkpoint_file=file))
    assert exporting._export() == 1
    assert json.loads(file.read_text(encoding="utf-8"))["size"] == 1
    assert Worker(office, "tested", Orders())._export() == 0


def test_a_round_that_fails_is_no_end_of_the_rounds(make_office, database_url, caplog):
    office = make_office(database_url)
    tried = Worker(office, "tested", FAST)
    assert tried._guarded("sweep", lambda: 1 / 0) is False
    assert tried._guarded("sweep", lambda: 3) is True
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["round failed"]


def test_a_worker_of_the_same_name_takes_up_what_its_forerunner_had_claimed(make_office, database_url):
    office = make_office(database_url)
    ask(office)
    assert claim(office, Lane.CERTIFICATE, "tested")
    with Running(office, perform=lambda *_: False) as running:
        running.until(lambda: rows(office)[0].state == "waiting")


def test_all_that_can_be_done_is_done_at_once(demo_office):
    assert worker.run_once(demo_office) >= 4
    with demo_office.reading() as connection:
        made = {row.authority for row in connection.execute(t.crl.select())}
    assert made == {"gca", "xca", "moica", "root"}
    assert worker.run_once(demo_office) == 0


@pytest.mark.rule("CRL-01")
def test_lists_are_made_again_before_they_expire_though_nothing_happens(demo_office):
    worker.run_once(demo_office)
    with demo_office.reading() as connection:
        before = len(connection.execute(t.crl.select().where(t.crl.c.authority == "xca")).all())
    with demo_office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.clock_offset.update().values(seconds=int(timedelta(hours=13).total_seconds())))
    assert worker.run_once(demo_office) > 0
    with demo_office.reading() as connection:
        after = len(connection.execute(t.crl.select().where(t.crl.c.authority == "xca")).all())
    assert after > before


def test_the_garbage_collector_passes_over_what_a_worker_has_loaded():
    # In a process of its own: what is left alone here would be left alone in every test that follows.
    asked = "import gc; from ops.worker import keep_what_is_loaded as keep; keep(); print(gc.get_freeze_count(), len(gc.get_objects()))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    kept, watched = map(int, told.stdout.split())
    assert kept > 100 * watched


def test_a_worker_process_ends_in_order_when_told_to(demo_settings, tmp_path):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GUANFANG_")},
        "GUANFANG_DATABASE_URL": demo_settings.url, "GUANFANG_DATA_DIR": str(demo_settings.data_dir),
        "GUANFANG_SECRET_KEY": "s" * 40, "GUANFANG_KEY_PASSPHRASE": "p" * 40,
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "worker"], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr:
            if json.loads(line)["message"] == "worker started":
                break
        process.send_signal(signal.SIGTERM)
        rest = [json.loads(line) for line in process.stderr]
        assert process.wait(PATIENCE) == 0
    assert rest[-1]["message"] == "worker stopped"
    assert datetime.fromisoformat(rest[-1]["at"]).tzinfo is not None


def test_a_round_that_takes_long_is_neither_doubled_nor_complained_of(
    make_office, database_url, monkeypatch, caplog
):
    office = make_office(database_url)
    begun, at_once, most, go_on = [], set(), [], threading.Event()

    def long_round(_office):
        at_once.add(threading.get_ident())
        most.append(len(at_once))
        begun.append("seal")
        if len(begun) == 1:
            go_on.wait(PATIENCE)
        at_once.discard(threading.get_ident())
        return 0

    swept = []
    monkeypatch.setattr(worker, "seal_all", long_round)
    monkeypatch.setattr(worker, "sweep_all", lambda *_: swept.append(1) or 0)
    with Running(office) as running:
        # Many pauses of the first round pass meanwhile, as the others' rounds tell.
        running.until(lambda: begun and len(swept) > 10)
        assert begun == ["seal"]
        go_on.set()
        running.until(lambda: len(begun) > 3)
    assert max(most) == 1
    assert not [
        record for record in caplog.records if record.name.startswith("apscheduler") and record.levelno > 20
    ]


def test_a_worker_that_ends_while_rounds_fall_due_ends_in_order(
    make_office, migrated_sqlite_url, monkeypatch, caplog
):
    office = make_office(migrated_sqlite_url)
    monkeypatch.setattr(worker, "APART_SECONDS", 0)
    for _ in range(8):
        with Running(office) as running:
            # The first round of all ends the worker, while the others are still being begun.
            monkeypatch.setattr(worker, "sweep_all", lambda *_, one=running.worker: one.stop() or 0)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]

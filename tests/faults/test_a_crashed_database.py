"""PostgreSQL is killed in the middle of things: people are told so, nothing is doubled or lost, and the work goes on."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from ops import audit
from ops.worker import Orders, Worker, seal_all
from tests.faults.falling import Trip, tripping
from tests.faults.line import postgresql_copies, prepare, ready_keys
from tests.faults.test_a_killed_line import KEYS_BEFORE_A_FALL, check_made
from tests.workflow.registry import PASSWORD, FrozenClock, Registry
from web.app import create_app
from web.ports import WebPorts
from workflow import commands as c
from workflow.errors import Refused, Unavailable
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.vocabulary import Ca, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.line import Bench
    from tests.postgresql import Cluster
    from workflow.office import Office

PATIENCE_SECONDS = 60
MANY_CASES = 3


class Crash(Trip):
    """Kills the server at the chosen moment, where a `Trip` kills its own process."""

    def __init__(self, cluster: Cluster, at: int | None = None) -> None:
        super().__init__(at)
        self._cluster = cluster

    def moment(self, name: str) -> None:
        if len(self.passed) == self.at:
            self._cluster.kill()
        self.passed.append(name)


def losing_the_answer(registry: Registry, cluster: Cluster) -> None:
    """Let the server die after the next commit, before its answer is heard."""
    dialect: Any = registry.engine.dialect
    commit = dialect.do_commit

    def do_commit(connection: Any) -> None:
        dialect.do_commit = commit
        commit(connection)
        cluster.kill()
        connection.execute("SELECT 1")

    dialect.do_commit = do_commit


def dying_before_a_commit(registry: Registry, cluster: Cluster) -> None:
    """Let the server die with a whole transaction written and not committed."""
    dialect: Any = registry.engine.dialect
    commit = dialect.do_commit

    def do_commit(connection: Any) -> None:
        dialect.do_commit = commit
        cluster.kill()
        commit(connection)

    dialect.do_commit = do_commit


@pytest.fixture
def registry(crash_cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Registry]:
    with crash_cluster.database(f"test_{abs(hash(request.node.name))}") as url:
        registry = Registry(url)
        yield registry
        registry.close()
        crash_cluster.revive()


def assert_log_verifies(office: Office) -> None:
    seal_all(office)
    assert audit.verify(office.engine, office.checkpoints.public_pem()) == []


def letter_for(registry: Registry) -> tuple[int, c.TieLetter]:
    case_id = registry.a_case("uploaded")
    letter = registry.do(registry.letter(), registry.clerk).created_id or 0
    return case_id, c.TieLetter(letter_id=letter, case_ids=(case_id,))


@pytest.mark.parametrize(
    ("crash", "stands"),
    [(dying_before_a_commit, False), (losing_the_answer, True)],
    ids=["before it", "before its answer"],
)
def test_a_command_whose_commit_met_a_crash_stands_wholly_or_not_at_all(
    registry: Registry, crash_cluster: Cluster, crash: Callable[[Registry, Cluster], None], stands: bool
) -> None:
    case_id, tie = letter_for(registry)
    before = registry.dump()
    crash(registry, crash_cluster)
    with pytest.raises(Unavailable) as refusal:
        registry.do(tie, registry.clerk)
    assert refusal.value.code == "registry.cut_off"
    crash_cluster.start()
    if stands:
        with pytest.raises(Refused):
            registry.do(tie, registry.clerk)
    else:
        assert registry.dump() == before
        registry.do(tie, registry.clerk)
    assert registry.state(case_id) == "first_review"
    assert registry.audit_kinds().count("receive_letter") == 1
    assert_log_verifies(registry.office)


def test_connections_that_a_crash_left_in_the_pool_are_nobodys_trouble(
    registry: Registry, crash_cluster: Cluster
) -> None:
    case_id, tie = letter_for(registry)
    clerk = registry.clerk
    crash_cluster.kill()
    crash_cluster.start()
    registry.do(tie, clerk)
    assert registry.state(case_id) == "first_review"


def token_on(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"', maxsplit=1)[0]


def test_people_and_programs_are_told_in_words_while_the_database_is_away(
    registry: Registry, crash_cluster: Cluster
) -> None:
    app = create_app(WebPorts(office=registry.office, secret_key="t" * 40, rate_limits=False))
    client = app.test_client()
    work = "/staff/worklist/"
    fields = {
        "csrf_token": token_on(client.get("/login/").text),
        "login": registry.clerk.name,
        "password": PASSWORD,
    }
    client.post("/login/", data=fields)
    fields["csrf_token"] = token_on(client.get(work).text)
    crash_cluster.kill()
    for path, said, tongue in (
        (work, "資料庫暫時無法連線", "zh"),
        ("/apply/?ca=xca&q=x", "資料庫暫時無法連線", "zh"),
        ("/certificates/?q=x&lang=en", "database can&#39;t be reached", "en"),
    ):
        answer = client.get(path)
        assert (answer.status_code, said in answer.text, f'lang="{tongue}' in answer.text) == (
            503,
            True,
            True,
        )
    assert client.get("/no-such-page").status_code == 404
    posted = client.post("/login/", data=fields)
    assert (posted.status_code, "Nothing was changed" in posted.text) == (503, True)
    asked = client.get("/api/v1/crls")
    assert (asked.status_code, asked.json["code"]) == (503, "registry.unreachable")
    crash_cluster.start()
    # The session is as good as before: nobody has to log in anew.
    assert client.get(work).status_code == 200


@dataclass
class Workshop:
    """The card line of one worker that lives through the crash, with its pool of dead connections."""

    bench: Bench
    crash: Crash

    def __post_init__(self) -> None:
        self.wall = FrozenClock()
        self.office = tripping(replace(self.bench.opened(), wall=self.wall), self.crash)

    def work(self, first_key: int) -> None:
        with ready_keys(first_key):
            while perform_next(self.office, Lane.CARD, "line"):
                pass


def test_a_card_on_the_line_is_finished_after_the_crash(crash_cluster: Cluster, tmp_path: Path) -> None:
    line = prepare(postgresql_copies(crash_cluster, "crash_line"), tmp_path / "cards", posted=False)
    with line.copy() as bench:
        whole = Crash(crash_cluster)
        Workshop(bench, whole).work(0)
    names = whole.passed
    commits = [at for at, name in enumerate(names) if name == "before a commit"]
    # After the claim of the work, in the midst of the card's exchanges, at an issuing, and at the last report.
    for at in (commits[0] + 1, len(names) // 2, commits[len(commits) // 2], commits[-1]):
        with line.copy() as bench:
            # The copy's sequences lie in the server's log only from the next checkpoint on; a crash would set them back.
            with crash_cluster.connect() as connection:
                connection.execute("CHECKPOINT")
            shop = Workshop(bench, Crash(crash_cluster, at))
            with pytest.raises(sa.exc.OperationalError):
                shop.work(0)
            crash_cluster.start()
            # The work is still claimed, since nobody could give it back; it is free when the lease has run out.
            shop.wall.move(minutes=5)
            shop.work(KEYS_BEFORE_A_FALL)
            check_made(bench, f"crashed at {at}, {names[at]}")
            assert_log_verifies(bench.office)


@dataclass
class CrashingMailer:
    """Loses the database when one mail has gone out and is not yet recorded."""

    cluster: Cluster
    crashed: threading.Event
    mails: list[Any]

    def send(self, mail: Any) -> None:
        self.mails.append(mail)
        if len(self.mails) == MANY_CASES - 1:
            self.cluster.kill()
            self.crashed.set()


def until(done: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < patience, "the work did not go on"
        time.sleep(0.05)


def test_a_worker_lives_through_a_crash_and_does_all_its_work(
    registry: Registry, crash_cluster: Cluster
) -> None:
    for _ in range(MANY_CASES):
        registry.a_case("second_review", Ca.GCA)
    asked = len(registry.rows(t.outbox))
    mailer = CrashingMailer(crash_cluster, threading.Event(), [])
    worker = Worker(replace(registry.office, mailer=mailer), "w", Orders(sealing=0.2, lane=0.02))
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        assert mailer.crashed.wait(PATIENCE_SECONDS)
        crash_cluster.start()
        registry.clock.move(minutes=5)
        until(lambda: {row.state for row in registry.rows(t.outbox)} == {"done"})
    finally:
        worker.stop()
        thread.join()
    told = Counter(row.outbox_id for row in registry.rows(t.sent_notice))
    assert (len(told), set(told.values())) == (asked, {1})
    # The mail that was out when the database died went twice, under one id, by which mail servers know it.
    assert len({mail.message_id for mail in mailer.mails}) == asked
    assert len(mailer.mails) == asked + 1
    assert_log_verifies(registry.office)

"""What the registry's benchmarks share: an office over a fresh database, and cases laid down in bulk."""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ops.checkpoint_key import FileCheckpointKey  # noqa: E402 - the path comes first.
from ops.clock import SystemClock  # noqa: E402
from ops.hashing import CodeHasher  # noqa: E402
from ops.secrets_box import SecretsBox  # noqa: E402
from ops.statements import StaffSigner  # noqa: E402
from tests.postgresql import Cluster  # noqa: E402
from workflow.office import Office, Settings  # noqa: E402
from workflow.store import schema as t  # noqa: E402
from workflow.store.database import open_engine  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.ports import Mail

CHUNK = 5_000
PASSPHRASE = b"a benchmark protects nothing"


class NoMail:
    """A mailer for offices that send nothing."""

    def send(self, mail: Mail) -> None:
        """Refuse: a benchmark has no business sending mail."""
        raise OSError(mail.subject)


@contextmanager
def fresh_url(kind: str) -> Iterator[str]:
    """Give the URL of an empty database of a kind, "sqlite" or "postgresql", with commits that reach the disk."""
    with tempfile.TemporaryDirectory(prefix="guanfang-bench-") as directory:
        if kind == "sqlite":
            yield f"sqlite:///{directory}/bench.db"
            return
        Path(directory).chmod(0o755)
        cluster = Cluster(Path(directory) / "cluster", durable=True)
        cluster.directory.mkdir()
        cluster.create()
        cluster.start()
        try:
            yield cluster.create_database("bench")
        finally:
            cluster.stop()


def an_office(url: str, directory: str | None = None, **settings: Any) -> Office:
    """Return an office over a database, with its tables made if they are not there."""
    engine = open_engine(url)
    t.metadata.create_all(engine)
    where = Path(directory or tempfile.mkdtemp(prefix="guanfang-bench-key-"))
    clock = SystemClock()
    return Office(
        engine=engine,
        clock=clock,
        wall=clock,
        hasher=CodeHasher(1, 1024, 1),
        statements=StaffSigner(),
        sealer=SecretsBox(secrets.token_bytes(32)),
        checkpoints=FileCheckpointKey(where / "checkpoint.pem", PASSPHRASE),
        mailer=NoMail(),
        stations=(),
        key_passphrase=PASSPHRASE,
        settings=Settings(**settings),
    )


def lay_down_cases(office: Office, count: int, **values: Any) -> None:
    """Write cases straight into the table, numbered from 1."""
    now = datetime.now(UTC)
    case = {
        "ca": "gca",
        "kind": "usercode_reset",
        "state": "awaiting_paper",
        "version": 4,
        "policy_version": "gca-1",
        "subject_name": "示範機關",
        "subscriber_kind": "agency",
        "rank": None,
        "revision": 1,
        "snapshot_sha256": "",
        "user_code_tries": 0,
        "contact_name": "王小明",
        "contact_email": "contact@example.org",
        "data": {},
        "opened_at": now,
        "queued_at": now,
        "state_since": now,
        **values,
    }
    rows = ({"id": number, "number": f"00001{number:020d}", **case} for number in range(1, count + 1))
    bulk(office.engine, t.case, rows)


def lay_down_deadlines(office: Office, rows: Iterator[tuple[int, int, str, datetime]], kind: str) -> None:
    """Write waiting deadlines: (case, rung, trigger, due)."""
    base = {
        "kind": kind,
        "policy_version": "gca-1",
        "budget": 90,
        "in_months": False,
        "state": "waiting",
        "paused_seconds": 0,
    }
    made = (
        base
        | {"case_id": case, "rung": rung, "trigger": trigger, "due_at": due, "basis_at": due - timedelta(90)}
        for case, rung, trigger, due in rows
    )
    bulk(office.engine, t.deadline, made)


def bulk(engine: sa.Engine, table: sa.Table, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows in chunks, and let the database look at what it has."""
    chunk: list[dict[str, Any]] = []
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                connection.execute(sa.insert(table), chunk)
                chunk = []
        if chunk:
            connection.execute(sa.insert(table), chunk)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def report(name: str, value: float, unit: str, ratio: float, against: str) -> None:
    """Print one figure as a line of JSON."""
    figure = {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "ratio": round(ratio, 3),
        "against": against,
    }
    print(json.dumps(figure))

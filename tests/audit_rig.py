"""An office with a small log, built through the registry's own unit of work, for tests of sealing and verification."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ops.checkpoint_key import FileCheckpointKey
from workflow.facts import PUBLIC
from workflow.office import Office
from workflow.store import schema as t
from workflow.store.audit_entry import entry
from workflow.store.database import open_engine
from workflow.store.unit_of_work import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class StoppedClock:
    """A clock that a test moves."""

    moment: datetime = datetime(2026, 3, 2, 1, 0, 0, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move(self, **by: int) -> None:
        self.moment += timedelta(**by)


class Unreached:
    """Stands for a port that sealing never touches; touching it fails the test."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"sealing has no business with {name}")


@dataclass
class Log:
    """An office, and hands that write to its log as the registry does and as an intruder would."""

    url: str
    folder: Path
    clock: StoppedClock = field(default_factory=StoppedClock)

    @cached_property
    def office(self) -> Office:
        engine = open_engine(self.url)
        t.metadata.create_all(engine)
        key = FileCheckpointKey(self.folder / "checkpoint.pem", b"a phrase that nobody else knows")
        no: Any = Unreached()
        return Office(engine, self.clock, self.clock, no, no, no, key, no, (), b"unused")

    @property
    def pem(self) -> bytes:
        return self.office.checkpoints.public_pem()

    # --- the registry's hand ----------------------------------------------------------------------------------

    def note(self, count: int = 1, kind: str = "logged_in") -> None:
        """Write entries about no case, such as log-ins."""
        with transaction(self.office) as work:
            for number in range(count):
                work.audit(kind, PUBLIC, {"login": f"承辦人{number}"})
        self.clock.move(seconds=1)

    def open_case(self, steps: tuple[str, ...] = ("waiting_letter", "in_first_review")) -> int:
        """Open a case and take it through steps, each with its history and entry as the unit of work writes them."""
        with transaction(self.office) as work:
            case_id = work.insert(t.case, **self._case())
        state = "new"
        for version, dest in enumerate(steps, 1):
            self._step(case_id, version, state, dest)
            state = dest
        return case_id

    def _case(self) -> dict[str, Any]:
        now, number = self.clock.now(), f"{self.clock.now():%Y%m%d%H%M%S%f}00001"
        return {
            "number": number, "ca": "gca", "kind": "card_application", "state": "new", "version": 0,
            "policy_version": "gca-1", "subject_name": "數位發展部", "snapshot_sha256": "", "contact_name": "王小明",
            "contact_email": "ming@example.gov.tw", "data": {}, "opened_at": now, "queued_at": now, "state_since": now,
        }  # fmt: skip

    def _step(self, case_id: int, version: int, source: str, dest: str) -> None:
        trigger = "submit" if version == 1 else f"to_{dest}"
        with transaction(self.office) as work:
            work.update_case(case_id, {"state": dest, "version": version})
            work.add(
                "history", case_id=case_id, version=version, at=work.now, trigger=trigger, source=source, dest=dest,
                actor=PUBLIC.name, person_id=None, note="",
            )  # fmt: skip
            body = {"source": source, "dest": dest, "snapshot": "", "note": ""}
            work.audit(trigger, PUBLIC, body, (case_id, version))
        self.clock.move(seconds=1)

    # --- the intruder's hand ----------------------------------------------------------------------------------

    @contextmanager
    def unguarded(self) -> Iterator[sa.Connection]:
        """Give a connection that no foreign key stops; what is done through it is committed."""
        with self.office.engine.connect().execution_options(writes=True) as connection:
            sqlite = connection.dialect.name == "sqlite"
            # SQLite takes this only outside a transaction, so it goes past SQLAlchemy, which would begin one.
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(
                    "PRAGMA foreign_keys=OFF" if sqlite else "SET session_replication_role = replica"
                )
            yield connection
            connection.commit()
            connection.invalidate()

    def tamper(self, statement: str, **values: Any) -> int:
        """Run SQL behind the registry's back."""
        with self.unguarded() as connection:
            count = connection.execute(sa.text(statement), values).rowcount
        assert count, "nothing was tampered with"
        return count

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        with self.office.reading() as connection:
            return [
                dict(row._mapping)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]

    def late_entry(self, entry_id: int) -> None:
        """Commit an entry whose id is smaller than ids that others committed before."""
        with self.office.engine.connect().execution_options(writes=True) as connection, connection.begin():
            row = entry(self.clock.now(), "logged_in", PUBLIC, {"login": "late"})
            connection.execute(sa.insert(t.audit_entry).values(id=entry_id, **row))

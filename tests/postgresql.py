"""A private PostgreSQL server for the tests.

One cluster serves a whole run and all its xdist workers; every test gets a database of its own, copied from a
template. The server listens on a socket inside a directory that only its owner may enter, never on a port. PostgreSQL
refuses to run as root, so under root it runs as `postgres`, or as `nobody` where that user is missing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUPERUSER = "guanfang"
TEMPLATE = "guanfang_template"
DIRECTORY_PREFIX = "gfpg-"
OWNER_FILE = "owner.pid"
START_TIMEOUT_S = 60

# The suite throws its data away, so it need not wait for the disk. Crash tests do wait (durable=True).
FAST_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
COMMON_SETTINGS = (
    "listen_addresses=",
    "max_connections=200",
    "shared_buffers=64MB",
    "timezone=UTC",
    "log_min_messages=warning",
    "deadlock_timeout=200ms",
)


class PostgreSQLMissingError(RuntimeError):
    """No PostgreSQL server is installed on this machine."""


def find_binaries() -> Path:
    """Return the folder of initdb and pg_ctl, of the newest version installed."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if folders:
        return max(folders, key=lambda folder: float(folder.parent.name))
    if (initdb := shutil.which("initdb")) and shutil.which("pg_ctl"):
        return Path(initdb).resolve().parent
    raise PostgreSQLMissingError(
        "PostgreSQL is not installed: run `make setup`, or install the package postgresql."
    )


def _server_account() -> pwd.struct_passwd | None:
    """Return the account that the server must run as, or None when it may run as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgreSQLMissingError("PostgreSQL refuses root, and there is neither a user postgres nor nobody.")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL cluster in `directory`; `durable` ones keep what they committed through a crash."""

    directory: Path
    durable: bool = False

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The server's own log, worth reading when a start fails."""
        return self.directory / "server.log"

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of `database`."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.directory}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Open an autocommit connection past SQLAlchemy, for work on databases themselves."""
        return psycopg.connect(
            host=str(self.directory), user=SUPERUSER, dbname=database, autocommit=True, connect_timeout=10
        )

    def _run(self, program: str, *arguments: str) -> None:
        account = _server_account()
        command = [str(find_binaries() / program), *arguments]
        # A file, not a pipe: the server inherits it and would hold a pipe open for ever.
        with tempfile.TemporaryFile() as output:
            result = subprocess.run(
                command,
                check=False,
                cwd=self.directory,
                env={"PATH": os.environ.get("PATH", "/usr/bin"), "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=START_TIMEOUT_S * 2,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
            if result.returncode == 0:
                return
            output.seek(0)
            said = output.read().decode(errors="replace")
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        raise RuntimeError(f"{' '.join(command)} failed:\n{said}\n{log[-2000:]}")

    def create(self) -> None:
        """Make the cluster's files; nothing runs yet."""
        if account := _server_account():
            os.chown(self.directory, account.pw_uid, account.pw_gid)
        self._run(
            "initdb",
            f"--pgdata={self.data}",
            f"--username={SUPERUSER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        )

    def adopt(self, path: Path) -> None:
        """Give a file or folder to the account that the server runs as."""
        if account := _server_account():
            os.chown(path, account.pw_uid, account.pw_gid)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = COMMON_SETTINGS + (() if self.durable else FAST_SETTINGS)
        options = " ".join(
            f"-c {setting}" for setting in (*settings, f"unix_socket_directories={self.directory}")
        )
        self._run(
            "pg_ctl",
            "start",
            "--wait",
            f"--timeout={START_TIMEOUT_S}",
            f"--pgdata={self.data}",
            f"--log={self.log}",
            f"--options={options}",
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; mode `immediate` is a crash: nothing is flushed, the next start recovers."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--wait", f"--mode={mode}", f"--pgdata={self.data}")

    def kill(self) -> None:
        """Kill the server and each of its processes with no chance to tidy up; the next start recovers."""
        postmaster = int((self.data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii").split()
        for pid in (postmaster, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while _alive(postmaster):
            time.sleep(0.01)

    def answers(self) -> bool:
        """Say whether the server takes connections."""
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def revive(self) -> None:
        """Start the server unless it runs, or recovers by itself within a moment."""
        for _ in range(20):
            if self.answers():
                return
            if not self._runs():
                self.start()
                return
            time.sleep(0.25)

    def _runs(self) -> bool:
        note = self.data / "postmaster.pid"
        return note.exists() and _alive(int(note.read_text(encoding="ascii").split()[0]))

    def remove(self) -> None:
        """Stop the server without ceremony and delete all its files."""
        with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired, PostgreSQLMissingError):
            self.stop("immediate")
        shutil.rmtree(self.directory, ignore_errors=True)

    @classmethod
    @contextlib.contextmanager
    def crashing(cls) -> Iterator[Cluster]:
        """Lend a running cluster of one's own that syncs to disk and may be crashed."""
        cluster = cls(reserve_directory(), durable=True)
        try:
            cluster.create()
            cluster.start()
            yield cluster
        finally:
            cluster.remove()

    def create_database(self, name: str, template: str = "template0") -> str:
        """Make a database as a copy of `template` and return its SQLAlchemy address."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Delete a database, cutting off whoever is still connected."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    @contextlib.contextmanager
    def database(self, name: str, template: str = "template0") -> Iterator[str]:
        """Lend a database for as long as the block runs."""
        address = self.create_database(name, template)
        try:
            yield address
        finally:
            self.drop_database(name)

    def has_database(self, name: str) -> bool:
        """Say whether the database exists."""
        with self.connect() as connection:
            return (
                connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
                is not None
            )


def reserve_directory() -> Path:
    """Make the directory that will hold this run's cluster, and note which process owns it.

    Clusters of earlier runs whose owner was killed are stopped and removed first.
    """
    sweep_abandoned()
    directory = Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX))
    (directory / OWNER_FILE).write_text(str(os.getpid()), encoding="ascii")
    return directory


def sweep_abandoned() -> None:
    """Remove clusters whose owning process is gone; those of other users stay."""
    for directory in Path(tempfile.gettempdir()).glob(f"{DIRECTORY_PREFIX}*"):
        note = directory / OWNER_FILE
        try:
            owner, user = int(note.read_text(encoding="ascii")), note.stat().st_uid
        except (OSError, ValueError):
            continue
        if user == os.geteuid() and not _alive(owner):
            Cluster(directory).remove()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` among the workers of a run."""
    with path.open("w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def shared_cluster(directory: Path) -> Cluster:
    """Return the run's cluster, started by whichever worker asks first."""
    cluster = Cluster(directory)
    ready = directory / "ready"
    with locked(directory / "start.lock"):
        if not ready.exists():
            cluster.create()
            cluster.start()
            ready.touch()
    return cluster


def migrated_template(cluster: Cluster, migrate: Callable[[str], None]) -> str:
    """Return the name of a database at the newest schema, migrated once in a run and copied for each test."""
    with locked(cluster.directory / "template.lock"):
        if not cluster.has_database(TEMPLATE):
            unfinished = f"{TEMPLATE}_unfinished"
            cluster.drop_database(unfinished)
            migrate(cluster.create_database(unfinished))
            with cluster.connect() as connection:
                # Renamed only when whole, so that a failed migration is not taken for a template.
                connection.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                        sql.Identifier(unfinished), sql.Identifier(TEMPLATE)
                    )
                )
    return TEMPLATE


def database_name(worker: str, serial: int) -> str:
    """Return a database name that no other test of the run has."""
    return f"test_{re.sub(r'[^a-z0-9]', '', worker.lower())}_{serial}"

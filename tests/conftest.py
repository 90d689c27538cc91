"""What every test may ask for: databases, hypothesis profiles, and the guards around them."""

from __future__ import annotations

import atexit
import gc
import importlib
import itertools
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pkcs11
import pytest
from hypothesis import HealthCheck, settings

from pki.token import Token
from tests import postgresql, softhsm
from tests.hardware.pcscd_daemon import reserve_place
from tests.loopback import LoopbackGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IN_CI = os.environ.get("CI") == "true"

# The machines that run the suite are small and shared, so a slow example says nothing about the code.
_patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=50, **_patient)
# The same examples every time the same code is judged; new ones are looked for at the desk, and by `make explore`.
settings.register_profile("ci", max_examples=100, derandomize=True, **_patient)
settings.register_profile("explore", max_examples=1000, print_blob=True, **_patient)
settings.load_profile("ci" if IN_CI else "dev")

_CLUSTER = pytest.StashKey[postgresql.Cluster]()
_GUARD = pytest.StashKey[LoopbackGuard]()
_serials = itertools.count(1)

# What a marker needs on the machine, and the xdist group that keeps tests of one reader or browser in one worker.
_NEEDS = {
    "card_stack": ("pcscd",),
    "browser": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
}


def _missing(reason: str) -> NoReturn:
    """Skip the test on a developer's machine; in CI nothing may be left out in silence."""
    if IN_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


# --- the run -------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Guard the sockets, and reserve a place for the cluster that some worker will start."""
    guard = config.stash[_GUARD] = LoopbackGuard()
    guard.install()
    reserve_place()
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[_CLUSTER] = postgresql.Cluster(Path(worker["cluster_directory"]))
        return
    config.stash[_CLUSTER] = postgresql.Cluster(postgresql.reserve_directory())
    # pytest_unconfigure does the work; this is for a run that ends before it gets there.
    atexit.register(config.stash[_CLUSTER].remove)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a new xdist worker where the shared cluster lives."""
    node.workerinput["cluster_directory"] = str(node.config.stash[_CLUSTER].directory)  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop and delete the cluster: the process that reserved it does so, never a worker."""
    config.stash[_GUARD].remove()
    if not hasattr(config, "workerinput"):
        config.stash[_CLUSTER].remove()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a reader or a browser in one worker."""
    for item in items:
        for name in _NEEDS:
            if item.get_closest_marker(name) and not item.get_closest_marker("xdist_group"):
                item.add_marker(pytest.mark.xdist_group(name))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Do not start a test whose program is not installed."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    for name, programs in _NEEDS.items():
        if item.get_closest_marker(name) and not any(
            shutil.which(program, path=path) for program in programs
        ):
            _missing(f"needs {' or '.join(programs)}: run `make setup`")


# --- databases -----------------------------------------------------------------------------------------------


def _upgrade() -> Callable[[str], None]:
    """Return the product's own migration, imported late: most tests never touch a database."""
    return importlib.import_module("ops.database").upgrade


@pytest.fixture(scope="session")
def worker_name() -> str:
    """Name this process among the xdist workers; `main` when there are none."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def postgresql_cluster(pytestconfig: pytest.Config) -> postgresql.Cluster:
    """Give the run's PostgreSQL cluster, started at the first request."""
    try:
        postgresql.find_binaries()
    except postgresql.PostgreSQLMissingError as error:
        _missing(str(error))
    return postgresql.shared_cluster(pytestconfig.stash[_CLUSTER].directory)


@pytest.fixture
def postgresql_url(postgresql_cluster: postgresql.Cluster, worker_name: str) -> Iterator[str]:
    """Lend an empty PostgreSQL database."""
    with postgresql_cluster.database(postgresql.database_name(worker_name, next(_serials))) as address:
        yield address


@pytest.fixture(scope="session")
def postgresql_template(postgresql_cluster: postgresql.Cluster) -> str:
    """Name the migrated database from which each test's own is copied."""
    return postgresql.migrated_template(postgresql_cluster, _upgrade())


@pytest.fixture
def migrated_postgresql_url(
    postgresql_cluster: postgresql.Cluster, postgresql_template: str, worker_name: str
) -> Iterator[str]:
    """Lend a PostgreSQL database at the newest schema; for whatever locks rows."""
    name = postgresql.database_name(worker_name, next(_serials))
    with postgresql_cluster.database(name, postgresql_template) as address:
        yield address


@pytest.fixture
def durable_cluster() -> Iterator[postgresql.Cluster]:
    """Lend a cluster of one's own with fsync on: stop("immediate") is a crash, start() recovers."""
    try:
        postgresql.find_binaries()
    except postgresql.PostgreSQLMissingError as error:
        _missing(str(error))
    with postgresql.Cluster.crashing() as cluster:
        yield cluster


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'empty.sqlite'}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an SQLite file at the newest schema, from which each test's own is copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    _upgrade()(f"sqlite:///{path}")
    # The write-ahead log is folded in, so that the one file is the whole database.
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    return path


@pytest.fixture
def migrated_sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Give an SQLite database at the newest schema."""
    path = tmp_path / "guanfang.sqlite"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """Give an empty database, once of each kind: for the migrations themselves."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give a database at the newest schema, once of each kind."""
    return request.getfixturevalue(f"migrated_{request.param}_url")


@pytest.fixture(scope="session")
def token_label(tmp_path_factory):
    """A token made once a run; the module is loaded with its configuration and keeps it."""
    folder = tmp_path_factory.mktemp("softhsm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(softhsm.write_configuration(folder)))
        # The module looks for tokens when it is loaded, so that all are made before.
        for label in ("contract", "spare", "changing"):
            softhsm.make_token(folder, label)
        yield "contract"
        # What a session or a key holds on to is let go while there is a module to tell of it.
        gc.collect()
        pkcs11.unload(str(softhsm.MODULE))


@pytest.fixture
def spare(token_label):
    """Lend another token, as after the loss of the first."""
    assert token_label != "spare"
    token = Token(softhsm.MODULE, "spare", lambda: softhsm.PIN)
    yield token
    token.close()


@pytest.fixture
def token(token_label):
    """Lend the run's token; sessions that others left open, and their log-ins, are ended."""
    pkcs11.lib(str(softhsm.MODULE)).reinitialize()
    token = Token(softhsm.MODULE, token_label, lambda: softhsm.PIN)
    yield token
    token.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """Lend a running browser; a module has one, since playwright allows one at a time."""
    # Imported late: most tests open no browser.
    with importlib.import_module("tests.browsing").launched() as browser:
        yield browser

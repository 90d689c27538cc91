"""A configured office over a migrated database, with a clock that stands still and hashes that cost little."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.settings import Settings

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class FrozenClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


class LostMailer:
    """A mail server that is down, until it is mended."""

    def __init__(self) -> None:
        self.broken = True
        self.sent = []

    def send(self, mail) -> None:
        if self.broken:
            raise ConnectionRefusedError("the mail server is down")
        self.sent.append(mail)


@pytest.fixture
def clock():
    return FrozenClock()


@pytest.fixture
def mailer():
    return LostMailer()


@pytest.fixture
def make_settings(tmp_path):
    """Return settings whose folders are the test's own."""

    def make(url: str = "", **more):
        values = {
            "database_url": url, "data_dir": tmp_path / "data", "secret_key": "s" * 40, "key_passphrase": "p" * 40,
            "hash_time": 1, "hash_memory_kib": 8, "hash_lanes": 1, "rate_limits": False, "attempts": 3,
        }  # fmt: skip
        return Settings(**(values | more))

    return make


@pytest.fixture
def make_office(make_settings, clock, mailer):
    """Return an office over a database at the newest schema; by default on the frozen clock."""
    from ops import wiring  # Late, so that the audit's tests do not load the screens.

    made = []

    def make(url: str, *, own_clock: bool = False, **more):
        office = wiring.build_office(
            make_settings(url, **more), clock=None if own_clock else clock, mailer=mailer
        )
        # Leases and pauses of the outbox run on the frozen clock too, so that no test waits.
        office = office if own_clock else replace(office, wall=clock)
        made.append(office)
        return office

    yield make
    for office in made:
        office.engine.dispose()


@pytest.fixture(scope="session")
def ceremony_template(tmp_path_factory, sqlite_template):
    """Hold the ceremony once, which makes four keys, and lend the database to whoever wants a filled demonstration."""
    from ops import wiring
    from ops.demo import seed

    folder = tmp_path_factory.mktemp("demo")
    path = folder / "guanfang.sqlite"
    shutil.copyfile(sqlite_template, path)
    settings = Settings(
        database_url=f"sqlite:///{path}", data_dir=folder, card_folder=folder / "cards", demo=True,
        demo_password="guanfang-demo", secret_key="s" * 40, key_passphrase="p" * 40, hash_time=1,
        hash_memory_kib=8, hash_lanes=1,
    )  # fmt: skip
    office = wiring.build_office(settings)
    seed.seed(office, wiring.folder_station(settings), "guanfang-demo")
    with office.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    office.engine.dispose()
    return folder


@pytest.fixture
def demo_settings(ceremony_template, tmp_path, make_settings):
    """Return the settings of a filled demonstration of one's own."""
    folder = tmp_path / "demo"
    shutil.copytree(ceremony_template, folder)
    return make_settings(
        f"sqlite:///{folder / 'guanfang.sqlite'}", data_dir=folder, card_folder=folder / "cards",
        mail_folder=folder / "mails", demo=True, demo_password="guanfang-demo",
    )  # fmt: skip


@pytest.fixture
def demo_office(demo_settings):
    """Return the office of a filled demonstration, on its own movable clock."""
    from ops import wiring

    office = wiring.build_office(demo_settings)
    yield office
    office.engine.dispose()


@pytest.fixture
def sink(tmp_path, clock):
    """Run a real mail server on loopback; gives its folder and port."""
    from ops.demo.mail_folder import MailSink, free_port

    folder, port = tmp_path / "mails", free_port()
    with contextlib.ExitStack() as stack:
        server = MailSink(folder, port, clock)
        server.start()
        stack.callback(server.stop)
        yield folder, port

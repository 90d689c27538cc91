"""Puts a house up and takes it down: database, mail server, pages on a free port, worker, and a filled register."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
from werkzeug.serving import make_server

from ops import logs, wiring
from ops.accounts import SETTER
from ops.clock import SystemClock
from ops.database import upgrade
from ops.demo import seed
from ops.demo.mail_folder import LOOPBACK, MailSink, free_port
from ops.demo.runner import PASSWORD
from ops.journey import softhsm
from ops.journey.checkpoint_key import keep_derived_key
from ops.journey.house import House
from ops.settings import Settings
from ops.worker import Orders, Worker
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from workflow.ports import Clock

DATABASE = "registry.db"
PASSPHRASE = "guanfang-journey, a demonstration's passphrase that everybody knows"  # noqa: S105 - see `plan`.
ORDERS = Orders(sweep=1, sealing=0.5, crls=2, lane=0.15)
PATIENCE_SECONDS = 60
_MADE_HERE = ("cards", "mails", "audit", "files")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller asked for. `database_url` is empty for a private database, `reader` for the virtual one."""

    out: Path
    database_url: str = ""
    reader: str = ""
    key_passphrase: str = ""
    keystore: str = "software"
    """`softhsm` keeps the keys of CAs and responders in a SoftHSM2 token in the folder."""
    ahead: int = 0
    """Seconds by which the house's clock runs ahead of real time; below zero it starts in the past."""


class _Shifted:
    """Real time and a fixed number of days, for the filling of a house that starts in the past."""

    def __init__(self, wall: Clock, by: timedelta) -> None:
        self._wall = wall
        self._by = by

    def now(self) -> datetime:
        return self._wall.now() + self._by


def plan(wanted: Wanted) -> Settings:
    """Return the settings of the house.

    Without a passphrase of the caller's own everybody knows it: another journey on the same database needs the same.
    """
    out, port = wanted.out.resolve(), free_port()
    address = f"http://{LOOPBACK}:{port}"
    return Settings(
        database_url=wanted.database_url or f"sqlite:///{out / DATABASE}",
        data_dir=out,
        secret_key=secrets.token_urlsafe(36),
        key_passphrase=wanted.key_passphrase or PASSPHRASE,
        demo=True,
        demo_password=PASSWORD,
        base_url=address,
        repository_url=address,
        bind=LOOPBACK,
        port=port,
        smtp_host=LOOPBACK,
        smtp_port=free_port(),
        mail_folder=out / "mails",
        card_folder=out / "cards",
        checkpoint_file=out / "checkpoints.jsonl",
        # The key lies in the folder, and another journey on the same database has another folder.
        card_master_key=f"journey-{secrets.token_hex(4)}",
        pcsc=bool(wanted.reader),
        pcsc_prefix=wanted.reader,
        # It stands at the card centre and at the holder alike.
        holder_readers=(wanted.reader,) if wanted.reader else (),
        rate_limits=False,
        worker_name=f"journey-{secrets.token_hex(4)}",
        hash_time=2,
        hash_memory_kib=19456,
        hash_lanes=1,
        log_level="ERROR",
        **softhsm.settings(out) if wanted.keystore == "softhsm" else {},
    )


def clear(out: Path) -> None:
    """Make the folder, and take out of it what an earlier journey left."""
    out.mkdir(parents=True, exist_ok=True)
    for name in _MADE_HERE:
        shutil.rmtree(out / name, ignore_errors=True)
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "checkpoints.jsonl", "summary.json"):
        (out / name).unlink(missing_ok=True)


@contextmanager
def running(wanted: Wanted) -> Iterator[House]:
    """Run a house for as long as the block lasts."""
    settings = plan(wanted)
    logs.configure(settings.log_level)
    logging.getLogger("werkzeug").setLevel(settings.log_level)
    clear(wanted.out)
    if wanted.keystore == "softhsm":
        softhsm.prepare(wanted.out.resolve())
    keep_derived_key(settings.data_dir / "checkpoint_key.pem", settings.key_passphrase.encode())
    upgrade(settings.url)
    _fill(settings, wanted.ahead)
    with ExitStack() as stack:
        office = wiring.build_office(settings)
        stack.callback(office.engine.dispose)
        sink = MailSink(wanted.out / "mails", settings.smtp_port, office.clock)
        sink.start()
        stack.callback(sink.stop)
        server = make_server(LOOPBACK, settings.port, wiring.build_web(settings, office), threaded=True)
        stack.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, name="pages", daemon=True).start()
        worker = Worker(office, settings.worker_name, _orders(settings))
        work = threading.Thread(target=worker.run, name="worker")
        work.start()
        stack.callback(work.join, PATIENCE_SECONDS)
        stack.callback(worker.stop)
        house = House(
            settings, office, wiring.folder_station(settings), lambda: _browser(settings), works=True
        )
        stack.callback(house.close)
        yield house


def _orders(settings: Settings) -> Orders:
    return replace(ORDERS, checkpoint_file=settings.checkpoint_file)


def _browser(settings: Settings) -> httpx.Client:
    # Proxies of the caller's shell have no business on loopback.
    return httpx.Client(base_url=settings.base_url, follow_redirects=True, timeout=30, trust_env=False)


def _fill(settings: Settings, ahead: int) -> None:
    """Fill an empty register as the demonstration does, at the time at which the house's clock will stand."""
    office = wiring.build_office(settings, clock=_Shifted(SystemClock(), timedelta(seconds=ahead)))
    try:
        seed.seed(office, wiring.folder_station(settings), settings.demo_password)
        with transaction(office) as work:
            work.connection.execute(
                t.clock_offset.update().where(t.clock_offset.c.id == 1).values(seconds=ahead)
            )
            work.audit("clock_set", SETTER, {"seconds": ahead})
    finally:
        office.engine.dispose()

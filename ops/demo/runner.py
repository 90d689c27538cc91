"""Runs the demonstration: makes its folder, fills it, starts its programs and stops them all together."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hardware.errors import HardwareError
from ops import wiring
from ops.clock import SystemClock
from ops.database import upgrade
from ops.demo import holders_agent, hopper, seed
from ops.demo.mail_folder import LOOPBACK, MailSink, free_port
from ops.settings import CONFIG, PREFIX, Settings, SettingsError
from workflow.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hardware.folder_station import FolderStation
    from workflow.office import Office

PASSWORD = "guanfang-demo"  # noqa: S105 - the demonstration shows it to everybody.
FILE = "guanfang.toml"
PATIENCE_SECONDS = 20
HOPPER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Demo:
    """A demonstration in a folder, on a port of this machine."""

    folder: Path
    port: int

    @property
    def config(self) -> Path:
        """The settings that its programs read."""
        return self.folder / FILE

    def reset(self) -> None:
        """Throw away what an earlier run left; SettingsError for a folder that holds no demonstration."""
        if not self.folder.exists():
            return
        if any(self.folder.iterdir()) and not self.config.exists():
            raise SettingsError(f"{self.folder} holds no demonstration, so it is not emptied")
        shutil.rmtree(self.folder)

    def prepare(self) -> Settings:
        """Make the folder and its settings, whose secrets are made once and kept; returns them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        values = {**self._values(), **self._kept_secrets()}
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
        handle = os.open(self.config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(lines)
        # What the operator's shell says of another database must not reach the demonstration.
        return Settings.read({CONFIG: str(self.config)})

    def environment(self) -> dict[str, str]:
        """Return the environment of the demonstration's programs."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return kept | {CONFIG: str(self.config)}

    def _values(self) -> dict[str, object]:
        address = f"http://{LOOPBACK}:{self.port}"
        return {
            "demo": True,
            "demo_password": PASSWORD,
            "database_url": f"sqlite:///{self.folder.resolve() / 'guanfang.sqlite'}",
            "data_dir": str(self.folder.resolve()),
            "card_folder": str(self.folder.resolve() / "cards"),
            "checkpoint_file": str(self.folder.resolve() / "checkpoints.jsonl"),
            "mail_folder": str(self.folder.resolve() / "mails"),
            "bind": LOOPBACK,
            "port": self.port,
            "agent_port": free_port(),
            "base_url": address,
            "repository_url": address,
            "smtp_host": LOOPBACK,
            "smtp_port": free_port(),
            "sweep_seconds": 3,
            "crl_check_seconds": 5,
            "lane_pause_seconds": 0.3,
            "hash_memory_kib": 19456,
            "hash_time": 2,
            "hash_lanes": 1,
            "log_level": "WARNING",
        }

    def _kept_secrets(self) -> dict[str, str]:
        try:
            kept = tomllib.loads(self.config.read_text(encoding="utf-8"))
        except FileNotFoundError:
            kept = {}
        return {
            name: str(kept.get(name) or secrets.token_urlsafe(36))
            for name in ("secret_key", "key_passphrase")
        }


def run(demo: Demo, say: Callable[[str], None]) -> int:
    """Run the demonstration until Ctrl-C or until one of its programs ends; returns the exit code."""
    _require_free(demo.port)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    settings = demo.prepare()
    say(f"資料夾 Folder: {settings.data_dir}")
    upgrade(settings.url)
    office = wiring.build_office(settings)
    station = wiring.folder_station(settings)
    say("準備示範資料… Filling the demonstration; the first time takes some seconds.")
    seed.seed(office, station, PASSWORD)
    sink = MailSink(demo.folder / "mails", settings.smtp_port, SystemClock())
    sink.start()
    agent = holders_agent.arguments(settings, wiring.DEMO_READERS[-1])
    line = ("line", "run", "--forever", "--worker", "demo-line")
    children = [_start(demo, *program) for program in (("worker",), ("serve",), line, agent)]
    try:
        _tell(demo, say)
        return _watch(children, lambda: _feed(office, station), stop, say)
    finally:
        say("正在停止… Stopping.")
        _stop(children)
        sink.stop()
        office.engine.dispose()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise SettingsError(f"port {port} is taken; give another with --port") from error


def _start(demo: Demo, *program: str) -> subprocess.Popen[bytes]:
    # In a session of its own, so that Ctrl-C reaches the parent only, which stops its children in order.
    return subprocess.Popen(
        [sys.executable, "-m", "ops.cli", *program],
        env=demo.environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _feed(office: Office, station: FolderStation) -> None:
    try:
        hopper.feed(office, station)
    except (HardwareError, RegistryError):
        # Someone else has the card or the database just now; the next round comes in a second.
        return


def _watch(
    children: list[subprocess.Popen[bytes]],
    act: Callable[[], None],
    stop: threading.Event,
    say: Callable[[str], None],
) -> int:
    while not stop.wait(HOPPER_SECONDS):
        act()
        for child in children:
            if (code := child.poll()) is not None:
                say(f"程式意外結束。A program ended by itself with code {code}; see above.")
                return 1
    return 0


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _tell(demo: Demo, say: Callable[[str], None]) -> None:
    say(f"網頁 Pages:      http://{LOOPBACK}:{demo.port}/")
    say(f"示範控制台 Desk: http://{LOOPBACK}:{demo.port}/demo/   (時鐘、信件、卡片 clock, mails, cards)")
    say(f"密碼 Password:   {PASSWORD}")
    for one in seed.people():
        roles = ", ".join(one["roles"])
        say(f"  {one['login']:<10} {one['name']}  {roles}  {one.get('window', '')}".rstrip())
    say(f"卡片 Card:        {seed.CARD_HOLDER} PIN {seed.CARD_PIN}")
    say(f"命令列 Command line: {CONFIG}={demo.config} guanfang …")
    say("按 Ctrl-C 結束；資料會保留。Ctrl-C ends it; the data stay.")

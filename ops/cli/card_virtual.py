"""`guanfang card virtual`: cards in files, put into the virtual readers of this machine's pcscd."""

from __future__ import annotations

import secrets
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hardware.chuid import GUID_LENGTH, build_chuid
from hardware.errors import HardwareError
from hardware.virtual.card import CardProtocol
from hardware.virtual.card_file import CardFile
from hardware.virtual.state import blank
from hardware.virtual.vpcd import serve
from ops.cli.group import FoundError, WrongUseError
from ops.settings import HIGHEST_PORT

if TYPE_CHECKING:
    from concurrent.futures import Future

FIRST_PORT = 35963
"""Where Debian's vsmartcard-vpcd waits for the card of its first reader; the second's is the next."""
LOOPBACK = "127.0.0.1"
NEVER = date(2099, 12, 31)


@click.command()
@click.option(
    "--state",
    "files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The card's file, made as a blank when it is not there; may be given again for another reader.",
)
@click.option(
    "--vpcd-port",
    "ports",
    multiple=True,
    type=click.IntRange(1, HIGHEST_PORT),
    help=f"Where the reader waits, once for each card; else {FIRST_PORT} and the ports after it.",
)
@click.option(
    "--protocol",
    type=click.Choice(list(map(str.lower, CardProtocol.__members__))),
    default="t1",
    show_default=True,
    help="How the reader speaks to the cards.",
)
def virtual(files: tuple[Path, ...], ports: tuple[int, ...], protocol: str) -> None:
    """Keep virtual PIV cards in virtual readers until interrupted. For trials only: their private keys lie readable.

    A card's file is replaced whole at each change, before the card answers, so it survives a crash of this program.
    """
    if ports and len(ports) != len(files):
        raise WrongUseError("每張卡片須有一個 --vpcd-port。 Give one --vpcd-port for each --state.")
    places = ports or tuple(range(FIRST_PORT, FIRST_PORT + len(files)))
    for file in files:
        _make_unless_there(file)
    _serve_all(tuple(zip(files, places, strict=True)), CardProtocol(protocol))


def _serve_all(cards: tuple[tuple[Path, int], ...], protocol: CardProtocol) -> None:
    """Serve until interrupted, or until one reader goes away: then all cards are pulled out."""
    stop = threading.Event()
    with ThreadPoolExecutor(len(cards)) as threads:
        previous = {name: signal.signal(name, _stopper(stop)) for name in (signal.SIGINT, signal.SIGTERM)}
        try:
            running = [threads.submit(_serve_one, file, port, stop, protocol) for file, port in cards]
            # Waiting in short turns lets Python see the signals.
            while not wait(running, timeout=0.2, return_when=FIRST_COMPLETED).done and not stop.is_set():
                continue
            interrupted = stop.is_set()
        finally:
            stop.set()
            for name, handler in previous.items():
                signal.signal(name, handler)
    _require_well_ended(running, interrupted=interrupted)


def _require_well_ended(running: list[Future[None]], *, interrupted: bool) -> None:
    for one in running:
        error = one.exception()
        if isinstance(error, HardwareError):
            raise FoundError(f"卡片無法插入。 The card cannot be put in: {error}") from error
        if error is not None:
            raise error
    if not interrupted:
        raise FoundError("讀卡機已中斷連接。 The virtual reader closed the connection.")


def _serve_one(file: Path, port: int, stop: threading.Event, protocol: CardProtocol) -> None:
    plugged = threading.Event()
    said = threading.Thread(
        target=_say_when, args=(plugged, stop, f"{file.name}: 127.0.0.1:{port}"), daemon=True
    )
    said.start()
    serve(CardFile(file), (LOOPBACK, port), stop, plugged=plugged, protocol=protocol)


def _say_when(plugged: threading.Event, stop: threading.Event, what: str) -> None:
    while not stop.is_set():
        if plugged.wait(0.1):
            click.echo(f"卡片已插入。 Plugged in: {what}")
            return


def _make_unless_there(path: Path) -> None:
    if not path.parent.is_dir():
        raise WrongUseError(f"{path.parent} 不是資料夾。 {path.parent} is no folder.")
    if not path.exists():
        guid = secrets.token_bytes(GUID_LENGTH)
        CardFile(path).create(blank(guid, build_chuid(guid, NEVER)))


def _stopper(stop: threading.Event) -> Any:
    def stopper(*_: object) -> None:
        stop.set()

    return stopper

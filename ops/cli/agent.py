"""`guanfang agent`: the holder's card agent, on the machine with the reader."""

from __future__ import annotations

import os
import signal
import threading
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hardware.agent.server import DEFAULT_PORT
from ops.settings import HIGHEST_PORT, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.agent.allowed import Purpose
    from hardware.station import CardStation

LOOK_SECONDS = 1.0


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, HIGHEST_PORT),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port on 127.0.0.1; the pages look for the agent at this one.",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    required=True,
    metavar="URL",
    help="A site that may use the reader, such as https://registry.example.tw; may be given again.",
)
@click.option("--reader-prefix", default="", help="Only readers whose name begins so.")
@click.option(
    "--reader-folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="A demonstration's folder of virtual cards, in place of this machine's readers.",
)
@click.option(
    "--code-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the newest pairing code here; for a demonstration.",
)
def agent(
    port: int,
    origins: tuple[str, ...],
    reader_prefix: str,
    reader_folder: Path | None,
    code_file: Path | None,
) -> None:
    """Let the registry's pages use the card reader of this machine."""
    from hardware.agent.desk import Desk
    from hardware.agent.gate import canonical_origin
    from hardware.agent.pairing import Pairings
    from hardware.agent.server import AgentServer

    try:
        listed = frozenset(canonical_origin(one) for one in origins)
    except ValueError as error:
        raise SettingsError(f"--allow-origin: {error}") from error
    desk = Desk(_station(reader_folder, reader_prefix), _tell_exchange())
    pairings = Pairings(_tell_code(code_file))
    try:
        server = AgentServer(listed, port, (pairings, desk), version("guanfang"))
    except OSError as error:
        raise SettingsError(f"port {port} is taken; is an agent running already? ({error})") from error
    _run(
        server.start,
        server.stop,
        f"讀卡代理程式 Card agent: {server.address}  →  {', '.join(sorted(listed))}",
    )


def _station(folder: Path | None, prefix: str) -> CardStation:
    if folder is None:
        from hardware.pcsc_station import PcscStation

        return PcscStation(prefix)
    # Virtual cards lock their files in a way that Windows lacks; holders with real readers must not need it.
    from hardware.agent.chosen_readers import ChosenReaders
    from hardware.folder_station import FolderStation

    return ChosenReaders(FolderStation(folder), prefix)


def _run(start: Callable[[], None], stop: Callable[[], None], said: str) -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    start()
    click.echo(said)
    click.echo("按 Ctrl-C 結束。 Ctrl-C ends it.")
    # On Windows a wait without an end would not hear Ctrl-C.
    while not ended.wait(LOOK_SECONDS):
        continue
    stop()


def _tell_code(file: Path | None) -> Callable[[str, str], None]:
    """Show a pairing code in the agent's window."""

    def tell(origin: str, code: str) -> None:
        grouped = f"{code[:4]} {code[4:]}"
        click.echo(f"\n{origin}\n  配對碼 Pairing code: {grouped}\n")
        if file is not None:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as opened:
                opened.write(grouped)

    return tell


def _tell_exchange() -> Callable[[str, str, Purpose], None]:
    """Show what goes to the card: each secret always, the rest when it is something else than before."""
    last: dict[str, Purpose] = {}

    def tell(origin: str, reader: str, purpose: Purpose) -> None:
        if purpose.secret or last.get(reader) is not purpose:
            mark = "!" if purpose.secret else " "
            click.echo(f"{mark} {reader}: {purpose.zh} {purpose.en}  ({origin})")
        last[reader] = purpose

    return tell

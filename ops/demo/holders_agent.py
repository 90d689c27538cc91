"""The card agent that a demonstration starts for its holder, beside the folder of virtual cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ops.settings import Settings

CODE_FILE = "agent-code"


def arguments(settings: Settings, reader: str) -> tuple[str, ...]:
    """Return the command that starts the agent for the demonstration's pages, with the holder's reader alone."""
    origins = {settings.base_url, settings.base_url.replace("127.0.0.1", "localhost")}
    listed = [part for origin in sorted(origins) for part in ("--allow-origin", origin)]
    place = ("--reader-folder", str(settings.card_folder), "--reader-prefix", reader)
    file = ("--code-file", str(settings.data_dir / CODE_FILE))
    return ("agent", "--port", str(settings.agent_port), *listed, *place, *file)


def newest_code(folder: Path) -> str:
    """Return the pairing code that the agent showed last; empty when no page has asked for one."""
    try:
        return (folder / CODE_FILE).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""

"""Carries the sealed log out of the database: checkpoints to a file off the box, the whole log for the verifier.

Both are JSON lines. The stand-alone verifier reads them without this project.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from typing import IO, TYPE_CHECKING, Any

from workflow.store.audit_reading import Reading, snapshot
from workflow.store.sealing import BrokenLogError, moment_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import sqlalchemy as sa

    from workflow.office import Office

_TAIL = 4096
"""More bytes than any line of the checkpoint file has."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _checkpoint_line(row: sa.Row[Any], *, with_peaks: bool) -> bytes:
    said = {
        "size": row.size,
        "root": row.root.hex(),
        "at": moment_text(row.at),
        "signature": base64.b64encode(row.signature).decode(),
    }
    if with_peaks:
        said["peaks"] = row.peaks.hex()
    return _encode(said).encode() + b"\n"


def export_checkpoints(office: Office, path: Path) -> int:
    """Append the checkpoints that the file does not have yet, on the disk at return; return how many.

    The file is only ever appended to, so it may lie on media that forbid more. A line that a crash cut short is
    completed. BrokenLogError when the database no longer holds the file's last checkpoint: someone took the log back.
    """
    new = not path.exists()
    with path.open("ab+") as file, snapshot(office.engine) as reading:
        fcntl.flock(file, fcntl.LOCK_EX)
        whole, torn = _last_lines(file)
        after = _size_agreed(reading, whole)
        written = _append(file, torn, reading.checkpoints(above=after))
        file.flush()
        os.fsync(file.fileno())
    if new:
        _sync_directory(path.parent)
    return written


def _last_lines(file: IO[bytes]) -> tuple[bytes, bytes]:
    """Return the last whole line of the file and what a crash left after it; both may be empty."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _TAIL))
    *whole, torn = file.read().split(b"\n")
    return (whole[-1] if whole else b""), torn


def _size_agreed(reading: Reading, line: bytes) -> int:
    """Return the size of the file's last checkpoint, which the database has to hold unchanged."""
    if not line:
        return 0
    try:
        size = int(json.loads(line)["size"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenLogError("the last line of the checkpoint file can't be read") from error
    row = reading.checkpoint(size)
    if row is None or _checkpoint_line(row, with_peaks=False).rstrip() != line:
        raise BrokenLogError(f"the database no longer holds the exported checkpoint of {size} entries")
    return size


def _append(file: IO[bytes], torn: bytes, rows: Iterable[sa.Row[Any]]) -> int:
    count = 0
    for row in rows:
        line = _checkpoint_line(row, with_peaks=False)
        if not line.startswith(torn):
            raise BrokenLogError(f"the checkpoint file's unfinished line is not that of {row.size} entries")
        file.write(line.removeprefix(torn))
        torn = b""
        count += 1
    if torn:
        raise BrokenLogError("the database has no checkpoint for the checkpoint file's unfinished line")
    return count


def export(office: Office, directory: Path) -> int:
    """Write entries.jsonl, checkpoints.jsonl and public.pem for the stand-alone verifier; return the entries' number.

    Entries stand in the order of the tree. Each file appears whole or not at all.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with snapshot(office.engine) as reading:
        count = _write(directory / "entries.jsonl", (_entry_line(row) for row in reading.leaves()))
        points = (_checkpoint_line(row, with_peaks=True) for row in reading.checkpoints())
        _write(directory / "checkpoints.jsonl", points)
    _write(directory / "public.pem", [office.checkpoints.public_pem()])
    _sync_directory(directory)
    return count


def _entry_line(row: sa.Row[Any]) -> bytes:
    said = {"index": row.leaf_index, "entry": row.entry_id, "leaf": row.leaf_hash.hex(), "body": row.body}
    return _encode(said).encode() + b"\n"


def _write(path: Path, lines: Iterable[bytes]) -> int:
    part, count = path.with_name(path.name + ".part"), 0
    with part.open("wb") as file:
        for line in lines:
            file.write(line)
            count += 1
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return count


def _sync_directory(directory: Path) -> None:
    """Make new names in a directory survive a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

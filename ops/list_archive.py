"""The archive of lists that have served: a file each, and a manifest of their digests (AUD-05).

A list is written, synced to disk and named in a manifest before it leaves the database; the audit log keeps the digest of
the manifest, so that nothing is taken out of the archive or put into it unseen. A run that was killed is done again: its
files are written once more, with the same bytes under the same names. `sha256sum --check` verifies a manifest.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from workflow.commands_of_performers import ForgetLists
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.store.crl_lists import served
from workflow.views.repository import bytes_of

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.store.crl_lists import PublishedList

AT_A_TIME: Final = 200
"""Lists under one manifest and in one transaction."""


@dataclass(frozen=True, slots=True)
class ListArchive:
    """A folder for lists that ended `keep` ago or longer."""

    folder: Path
    keep: timedelta

    def run(self, office: Office, actor: Actor = SYSTEM) -> int:
        """Archive all lists that have served; returns how many. OSError when the folder does not take them."""
        before = office.clock.now() - self.keep
        done = 0
        while True:
            with office.reading() as connection:
                lists = served(connection, before, AT_A_TIME)
            if not lists:
                return done
            try:
                manifest = self._write(office, lists)
            except LookupError:
                # Another worker was quicker, with the same files.
                return done
            command = ForgetLists(lists=tuple(one.id for one in lists), manifest=manifest)
            gone = handle(office, command, actor).created_id or 0
            if not gone:
                return done
            done += gone

    def _write(self, office: Office, lists: tuple[PublishedList, ...]) -> str:
        """Write lists and their manifest; returns the manifest's digest."""
        lines = []
        for one in lists:
            der = bytes_of(office, one)
            name = f"{one.authority}/{one.partition or 'complete'}/{one.number:010d}.crl"
            _put(self.folder / name, der)
            lines.append(f"{hashlib.sha256(der).hexdigest()}  {name}\n")
        manifest = "".join(lines).encode()
        digest = hashlib.sha256(manifest).hexdigest()
        _put(self.folder / f"manifest-{digest}.sha256", manifest)
        return digest


def _put(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, and on the disk, or not at all.

    FileExistsError where another content has the name, as after a restore that let a number recur: what manifests name stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() != content:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

"""Encrypted copies of software keys on media, and the shares of the one secret that opens them (ROL-08).

Each key is PKCS#8 under a secret of 256 random bits that stands nowhere: it is split among holders, whose passphrases
open their shares. A key in a token does not leave it; its module's own backup is needed.
"""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from pki.errors import KeyRefusedError, ShareRefusedError
from pki.keys import SoftwareSigner
from pki.shares import SealedShare, Share, SplitPlan, combine, open_share, seal, split, wipe
from workflow.commands_of_authorities import KeyBackup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pki.keystores import KeptKey, Keystore

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Holder:
    """Who keeps a share, and the passphrase that opens it."""

    login: str
    passphrase: str = field(repr=False)


class CopiesError(Exception):
    """Copies that can't be written or read; the message is for those present and holds no secret."""


def write_copies(
    directory: Path,
    kept: tuple[Keystore, Mapping[str, KeptKey]],
    holders: Sequence[Holder],
    threshold: int,
) -> tuple[KeyBackup, ...]:
    """Write a copy of each software key and a share for each holder; all are gone again when one can't be written.

    `kept` are the keys and where they are kept. The directory is empty or not there. Returns nothing where all keys are in a token.
    """
    keystore, keys = kept
    soft = {name: key.sealed for name, key in keys.items() if key.sealed is not None}
    if not soft:
        return ()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise CopiesError(f"{directory} 不是空的。 {directory} is not empty.")
    secret = bytearray(secrets.token_bytes(SECRET_BYTES))
    try:
        shares = split(secret, SplitPlan("authority key copies", threshold, len(holders)))
        copies = {f"{name}.p8": keystore.copy(sealed, bytes(secret)) for name, sealed in soft.items()}
        given = {
            f"share-{share.index}-{holder.login}.json": seal(share, holder.login, holder.passphrase)
            for share, holder in zip(shares, holders, strict=True)
        }
    except ShareRefusedError as error:
        raise CopiesError(f"無法分持。 The secret can't be shared: {error.message}") from error
    finally:
        wipe(secret)
    files = copies | {name: one.to_text().encode() for name, one in given.items()}
    _write_all(directory, files)
    return tuple(
        KeyBackup(
            name, str(directory / f"{name}.p8"), sha256(copies[f"{name}.p8"]).hexdigest(), shares[0].set.id
        )
        for name in soft
    )


def remove_copies(directory: Path) -> None:
    """Remove what a ceremony that broke off wrote; what else lies there stays."""
    for pattern in ("*.p8", "share-*.json"):
        for path in directory.glob(pattern):
            path.unlink()


def read_copy(path: Path, shares: Sequence[tuple[SealedShare, str]]) -> SoftwareSigner:
    """Return the key of a copy that enough shares open, each with its holder's passphrase; CopiesError says why not."""
    try:
        opened: list[Share] = [open_share(sealed, passphrase) for sealed, passphrase in shares]
        secret = combine(opened)
    except ShareRefusedError as error:
        raise CopiesError(f"分持資料無法開啟。 The shares do not open it: {error.message}") from error
    try:
        return SoftwareSigner.from_pkcs8(path.read_bytes(), bytes(secret))
    except KeyRefusedError as error:
        raise CopiesError(f"{path} 無法以此分持開啟。 These shares do not open {path}.") from error
    finally:
        wipe(secret)


def _write_all(directory: Path, files: Mapping[str, bytes]) -> None:
    with ExitStack() as unless_whole:
        # Also when somebody breaks it off: half a set of copies is none.
        unless_whole.callback(remove_copies, directory)
        try:
            for name, content in files.items():
                _write_new(directory / name, content)
        except OSError as error:
            raise CopiesError(
                f"無法寫入 {directory}。 {directory} can't be written to: {error.strerror}"
            ) from error
        unless_whole.pop_all()


def _write_new(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

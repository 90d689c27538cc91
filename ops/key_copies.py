"""Encrypted copies of keys on media, and the shares of the one secret that opens them (ROL-08).

Each key is PKCS#8 under a secret of 256 random bits that stands nowhere: it is split among holders, whose passphrases
open their shares. A software key is encrypted here; a key in a token leaves it wrapped and goes into a token alone.
"""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pki.errors import KeyRefusedError, ShareRefusedError
from pki.keys import SoftwareSigner
from pki.shares import SealedShare, Share, SplitPlan, combine, open_share, seal, split, wipe
from pki.token_copies import DAMAGED, NOT_OPENED, OTHER_KEY, TokenCopy, Wrapping
from workflow.acts.shares import refusal_of
from workflow.commands_of_authorities import KeyBackup
from workflow.errors import Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pki.keystores import KeptKey, Keystore

SECRET_BYTES = 32


COPY, TOKEN_COPY = ".p8", ".copy.json"
"""What the names of a software key's copy and of a token key's end with."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who keeps a share, and the passphrase that opens it."""

    login: str
    passphrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Copying:
    """How copies are taken: where they go, who shares the secret and how many are needed, and the token's SO PIN."""

    directory: Path
    holders: tuple[Holder, ...]
    threshold: int
    so_pin: str = field(default="", repr=False)


class CopiesError(Exception):
    """Copies that can't be written or read; the message is for those present and holds no secret."""


def write_copies(keystore: Keystore, keys: Mapping[str, KeptKey], order: Copying) -> tuple[KeyBackup, ...]:
    """Write a copy of each key and a share for each holder; all are gone again when one can't be written.

    The directory is empty or not there. A key in a token must have been made copyable, and is closed afterwards.
    Raises CopiesError, or Refused("authority.not_copied") when the token does not let its keys be copied.
    """
    directory = order.directory
    require_empty(directory)
    secret = bytearray(secrets.token_bytes(SECRET_BYTES))
    try:
        shares = split(secret, SplitPlan("authority key copies", order.threshold, len(order.holders)))
        given = {
            f"share-{share.index}-{holder.login}.json": seal(share, holder.login, holder.passphrase)
            for share, holder in zip(shares, order.holders, strict=True)
        }
        copies = _copied(keystore, keys, bytes(secret), order.so_pin)
    except ShareRefusedError as error:
        raise CopiesError(f"無法分持。 The secret can't be shared: {error.message}") from error
    finally:
        wipe(secret)
    files = dict(copies.values())
    write_all(directory, files | {name: one.to_text().encode() for name, one in given.items()})
    return tuple(
        KeyBackup(name, str(directory / file), sha256(content).hexdigest(), shares[0].set.id)
        for name, (file, content) in copies.items()
    )


def require_empty(directory: Path) -> None:
    """Make a directory for copies; CopiesError when it can't be used, or something lies there."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = any(directory.iterdir())
    except OSError as error:
        raise CopiesError(f"無法使用 {directory}。 {directory} can't be used: {error.strerror}") from error
    if held:
        raise CopiesError(f"{directory} 不是空的。 {directory} is not empty.")


def _copied(
    keystore: Keystore, keys: Mapping[str, KeptKey], secret: bytes, so_pin: str
) -> dict[str, tuple[str, bytes]]:
    """Return by authority the file name and the content of its key's copy."""
    inside = [key.reference for key in keys.values() if key.reference is not None]
    try:
        wrapped = keystore.wrap_out(inside, Wrapping(secret, so_pin)) if inside else {}
    except KeyRefusedError as error:
        raise Refused("authority.not_copied", detail=error.message) from error
    found = {}
    for name, key in keys.items():
        if key.reference is not None:
            copy = TokenCopy(name, key.signer.spki_der, wrapped[key.reference])
            found[name] = (name + TOKEN_COPY, copy.to_text().encode())
        elif key.sealed is not None:
            found[name] = (name + COPY, keystore.copy(key.sealed, secret))
    return found


def remove_copies(directory: Path) -> None:
    """Remove what a ceremony that broke off wrote; what else lies there stays."""
    for pattern in (f"*{COPY}", f"*{TOKEN_COPY}", "*.card-master-key", "share-*.json"):
        for path in directory.glob(pattern):
            path.unlink()


def shared_secret(shares: Sequence[tuple[SealedShare, str]]) -> bytearray:
    """Return the secret of copies by enough shares, each with its holder's passphrase; Refused says why not. Wipe it."""
    opened: list[Share] = []
    for sealed, passphrase in shares:
        try:
            opened.append(open_share(sealed, passphrase))
        except ShareRefusedError as error:
            raise refusal_of(error, sealed.index) from error
    try:
        return combine(opened)
    except ShareRefusedError as error:
        raise refusal_of(error, wanted=shares[0][0].set.id if shares else "") from error


@dataclass(frozen=True, slots=True)
class ReadCopy:
    """A copy as it was read: whose it should be, what it holds, and the public half that it has to have."""

    authority: str
    content: bytes = field(repr=False)
    spki: bytes = field(repr=False)


def put_back(
    keystore: Keystore, label: str, copy: ReadCopy, secret: bytes
) -> tuple[bytes | None, str | None]:
    """Take the key of a copy back, into the token under a label or among software keys; returns how it is kept.

    Refused: `authority.copy_damaged`, `authority.copy_not_opened`, `authority.other_key`, `authority.copy_elsewhere`
    for a token's key where no token is set; Unavailable when the keystore can't be used now.
    """
    try:
        if copy.content.startswith(b"{"):
            read = TokenCopy.from_text(copy.content.decode(errors="replace"))
            return None, keystore.take_in(label, read.wrapped, secret, copy.spki)
        signer = SoftwareSigner.from_pkcs8(copy.content, secret)
        if signer.spki_der != copy.spki:
            raise Refused("authority.other_key", name=copy.authority)
        return keystore.adopt(signer), None
    except KeyRefusedError as error:
        code = _REFUSALS.get(error.code)
        if code is None:
            detail = {"authority": copy.authority, "detail": error.message}
            raise Unavailable("authority.key_unavailable", **detail) from error
        raise Refused(code, name=copy.authority) from error


_REFUSALS: Final = {
    DAMAGED: "authority.copy_damaged",
    NOT_OPENED: "authority.copy_not_opened",
    OTHER_KEY: "authority.other_key",
    "pki.key.locked": "authority.copy_not_opened",
    "pki.key.elsewhere": "authority.copy_elsewhere",
}


def write_all(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write all files, each on the disk, or none; CopiesError when one can't be written."""
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

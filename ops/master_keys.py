"""Where the master keys of cards are kept: sealed in files for a demonstration, or in the PKCS#11 token.

A master key has a label, which the settings name, and a check value, which follows from the key itself; cards remember
both, so that a key that was lost is never silently replaced by another one of its label.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from hardware.master_key import KEY_LENGTH, CmacMasterKey, MasterKey, SoftwareMasterKey, check_value
from pki.activation import require_active
from pki.errors import KeyRefusedError
from workflow.commands_of_keys import RecordMasterKey
from workflow.errors import Refused
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.store.turns import one_at_a_time
from workflow.views.keys import master_key_on_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pki.activation import Activation
    from pki.token import Token
    from workflow.commands_of_authorities import Hand
    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.ports import Sealer

FOLDER: Final = "card-master-keys"
_SUFFIX: Final = ".sealed"
_MAKER: Final = 0x6775616E6D6B6579
"""The number of the turn in which a master key is made; it means nothing but this."""
_TOKEN_LABEL: Final = "guanfang card master key "  # noqa: S105 - the name of an object, no secret.


class MasterKeyStore(Protocol):
    """A place of master keys. All raise Refused when a key can't be used, `card.no_master_key` when it isn't there."""

    @property
    def place(self) -> str:
        """Where it is, for the audit log."""

    def open(self, label: str) -> MasterKey:
        """Open the key of a label; its name may be anything."""

    def keep(self, label: str, value: bytes | None) -> None:
        """Keep a key of 32 bytes, or make one where it is kept; `card.master_key_exists` for a label in use."""


class MasterKeyring:
    """The office's `MasterKeys`: those of a store, by label and check value, each opened once a process."""

    def __init__(self, store: MasterKeyStore, label: str) -> None:
        self._store = store
        self._names: dict[str, str] = {}
        self.label = label

    @property
    def place(self) -> str:
        """Where the keys are kept."""
        return self._store.place

    def current(self) -> MasterKey:
        """Return the master key of new cards."""
        return self._open(self.label)

    def named(self, name: str) -> MasterKey:
        """Return the master key of a card; Refused `card.other_master_key` when its label has another one now."""
        found = self._open(name.partition(".")[0])
        if found.name != name:
            raise Refused("card.other_master_key", name=name)
        return found

    def make(self, value: bytes | None = None) -> MasterKey:
        """Make the key of the label in the settings, or keep the one that was made elsewhere."""
        self._store.keep(self.label, value)
        return self.current()

    def _open(self, label: str) -> MasterKey:
        opened = self._store.open(label)
        if label not in self._names:
            self._names[label] = f"{label}.{check_value(opened)}"
        return _Named(self._names[label], opened)


class _Named:
    """A master key under the name that cards know it by."""

    def __init__(self, name: str, opened: MasterKey) -> None:
        self.name = name
        self._opened = opened

    def derive(self, label: bytes, context: bytes, length: int) -> bytes:
        """Derive as the key itself does."""
        return self._opened.derive(label, context, length)


class FileMasterKeys:
    """Master keys in files of a folder, sealed under the house's key."""

    def __init__(self, folder: Path, sealer: Sealer) -> None:
        self._folder = folder
        self._sealer = sealer
        self._opened: dict[str, MasterKey] = {}

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._folder)

    def open(self, label: str) -> MasterKey:
        """Read and open a file, once a process."""
        if label not in self._opened:
            try:
                value = self._sealer.open(self._path(label).read_bytes(), _seal_label(label))
            except FileNotFoundError:
                raise Refused("card.no_master_key", name=label) from None
            except (OSError, ValueError) as error:
                raise Refused("card.master_key_closed", detail=str(error)) from error
            self._opened[label] = SoftwareMasterKey(label, value)
        return self._opened[label]

    def keep(self, label: str, value: bytes | None) -> None:
        """Write a new file, whole and on the disk before it has its name."""
        sealed = self._sealer.seal(value or secrets.token_bytes(KEY_LENGTH), _seal_label(label))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / f".{label}.{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            os.link(part, self._path(label))
        except FileExistsError:
            raise Refused("card.master_key_exists", name=label) from None
        finally:
            part.unlink(missing_ok=True)

    def _path(self, label: str) -> Path:
        return self._folder / f"{label}{_SUFFIX}"


class TokenMasterKeys:
    """Master keys in a PKCS#11 token, used inside it; while keys are not activated, neither are these (ROL-08)."""

    def __init__(self, token: Token, activation: Activation | None = None) -> None:
        self._token = token
        self._activation = activation
        self._found: dict[str, MasterKey] = {}

    @property
    def place(self) -> str:
        """The token."""
        return repr(self._token)

    def open(self, label: str) -> MasterKey:
        """Return a key that asks the token at each use."""
        if label not in self._found:
            master = CmacMasterKey(label, lambda data: self._cmac(label, data))
            # A key that is not there says so now.
            check_value(master)
            self._found[label] = master
        return self._found[label]

    def keep(self, label: str, value: bytes | None) -> None:
        """Make a key in the token, or put one into it."""
        try:
            self._require_active()
            self._token.keep_secret(_TOKEN_LABEL + label, value)
        except KeyRefusedError as error:
            raise _refusal(error, label) from error

    def _cmac(self, label: str, data: bytes) -> bytes:
        try:
            self._require_active()
            return self._token.cmac(_TOKEN_LABEL + label, data)
        except KeyRefusedError as error:
            raise (
                self._twins(label) if error.code == "pki.token.twins" else _refusal(error, label)
            ) from error

    def _twins(self, label: str) -> Refused:
        """Say which keys of a label there are, with the ids by which the module's own tool finds them."""
        try:
            ids = self._token.secret_ids(_TOKEN_LABEL + label)
            found = [f"{label}.{check_value(self._one(label, key_id))} (id {key_id.hex()})" for key_id in ids]
        except KeyRefusedError as error:
            return _refusal(error, label)
        return Refused("card.master_key_twins", name=label, keys="; ".join(found))

    def _one(self, label: str, key_id: bytes) -> MasterKey:
        return CmacMasterKey(label, lambda data: self._token.cmac(_TOKEN_LABEL + label, data, key_id))

    def _require_active(self) -> None:
        if self._activation is not None:
            require_active(self._activation)


@dataclass(frozen=True, slots=True)
class Presence:
    """Before whom a master key is made or comes back, and who will hold shares of its copy; nobody for a demonstration."""

    actor: Actor = SYSTEM
    hands: tuple[Hand, ...] = ()
    holders: tuple[str, ...] = ()

    def writing(self, keyring: MasterKeyring, name: str = "", **how: bool) -> RecordMasterKey:
        """Return the command that writes a key of the keyring down, signed by all."""
        return RecordMasterKey(
            label=keyring.label, place=keyring.place, name=name, hands=self.hands, holders=self.holders, **how
        )


NOBODY: Final = Presence()


def ensure_master_key(office: Office, by: Presence = NOBODY) -> str:
    """Make the master key of the settings unless it is there, and have that written down; returns its name.

    One that is there and on no record was made by a run that was killed: it is written down now.
    """
    if not has_master_key(office):
        return make_master_key(office, by)
    keyring = keyring_of(office)
    name = keyring.current().name
    with office.reading() as connection:
        known = master_key_on_record(connection, name)
    if not known:
        handle(office, by.writing(keyring, name, found=True), by.actor)
    return name


def has_master_key(office: Office) -> bool:
    """Tell whether the master key of the settings is there; Refused when that can't be told."""
    try:
        keyring_of(office).current()
    except Refused as refusal:
        if refusal.code != "card.no_master_key":
            raise
        return False
    return True


def may_be_kept(office: Office, value: bytes) -> bool:
    """Tell whether this very key is the one of the settings, also when that can't be asked: its copy is then needed."""
    keyring = keyring_of(office)
    try:
        return keyring.current().name == _name(keyring, value)
    except Refused as refusal:
        return refusal.code != "card.no_master_key"


def keyring_of(office: Office) -> MasterKeyring:
    """Return the keyring that `ops.wiring` gave an office."""
    assert isinstance(office.master_keys, MasterKeyring)  # noqa: S101 - wiring knows no other.
    return office.master_keys


def make_master_key(
    office: Office, by: Presence = NOBODY, value: Callable[[], bytes | None] = lambda: None
) -> str:
    """Make the master key of the settings, once, before those who are present; returns its name.

    Where it is made beside a copy, `value` makes it, after everybody was found to be fit. Refused when cards were made
    with an earlier key of its label, and for people who may not (`workflow.presence`).
    """
    keyring = keyring_of(office)
    handle(office, by.writing(keyring), by.actor)
    name = _keep(office, value()).name
    handle(office, by.writing(keyring, name), by.actor)
    return name


def put_master_key_back(office: Office, value: bytes, by: Presence = NOBODY) -> str:
    """Keep a master key that came from its copy; Refused when cards of its label were made with another one."""
    keyring = keyring_of(office)
    if has_master_key(office):
        raise Refused("card.master_key_exists", name=keyring.label)
    handle(office, by.writing(keyring, _name(keyring, value), back=True), by.actor)
    return _keep(office, value).name


def _keep(office: Office, value: bytes | None) -> MasterKey:
    """Make or keep the key of the settings, one process at a time.

    A token knows no unique labels, and SoftHSM shows a process late what another has made: of two who made a key at the
    same moment neither might remain, or both.
    """
    with one_at_a_time(office.engine, _MAKER):
        return keyring_of(office).make(value)


def _name(keyring: MasterKeyring, value: bytes) -> str:
    return f"{keyring.label}.{check_value(SoftwareMasterKey(keyring.label, value))}"


def _seal_label(label: str) -> str:
    return f"card master key {label}"


def _refusal(error: KeyRefusedError, label: str) -> Refused:
    code = {"pki.token.no_key": "card.no_master_key", "pki.token.taken": "card.master_key_exists"}.get(
        error.code
    )
    return Refused(code, name=label) if code else Refused("card.master_key_closed", detail=error.message)

"""Secret AES keys in a PKCS#11 token, which authenticate with CKM_AES_CMAC and nothing else (RFC 4493)."""

from __future__ import annotations

import secrets
from typing import Any, Final

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

from pki.errors import KeyRefusedError

KEY_BITS: Final = 256
_ID_BYTES: Final = 16


def make(session: Any, label: str) -> None:
    """Make a key inside the token that can't be taken out; KeyRefusedError `pki.token.taken` for a label in use."""
    require_free(session, label)
    template = {**_closed(), Attribute.ENCRYPT: False, Attribute.DECRYPT: False}
    made = session.generate_key(
        KeyType.AES,
        KEY_BITS,
        id=secrets.token_bytes(_ID_BYTES),
        label=label,
        store=True,
        capabilities=pkcs11.MechanismFlag.SIGN,
        template=template,
    )
    _require_alone(session, label, made)


def put(session: Any, label: str, value: bytes) -> None:
    """Put a key into the token that was made elsewhere, as one that comes back from a backup; refuses like `make`."""
    require_free(session, label)
    made = session.create_object(
        {
            **_closed(),
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.TOKEN: True,
            Attribute.SIGN: True,
            Attribute.ID: secrets.token_bytes(_ID_BYTES),
            Attribute.LABEL: label,
            Attribute.VALUE: value,
        }
    )
    _require_alone(session, label, made)


def cmac(session: Any, label: str, data: bytes, key_id: bytes | None = None) -> bytes:
    """Return the AES-CMAC of the data; KeyRefusedError `pki.token.no_key` when there is no such key.

    `pki.token.twins` where the label names two: neither is used, for nobody can tell which one cards know. Only
    who wants to tell them apart names one by its id.
    """
    # Looked for to the end: a search that is left open outlives its session, and at last the module.
    found = _of(session, label, key_id)
    if not found:
        raise KeyRefusedError("pki.token.no_key", f"the token has no secret key {label}")
    if len(found) > 1:
        raise KeyRefusedError("pki.token.twins", f"the token has more than one secret key {label}")
    return bytes(found[0].sign(data, mechanism=Mechanism.AES_CMAC))


def ids(session: Any, label: str) -> tuple[bytes, ...]:
    """Return the ids of all keys of a label."""
    return tuple(sorted(bytes(one[Attribute.ID]) for one in _of(session, label)))


def _closed() -> dict[Attribute, bool]:
    return {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}


def require_free(session: Any, label: str) -> None:
    """Raise KeyRefusedError `pki.token.taken` for a label in use."""
    if _of(session, label):
        raise _taken(label)


def _require_alone(session: Any, label: str, made: Any) -> None:
    """Destroy the key that was made and refuse it where another process made one of its label at the same time.

    A token knows no unique labels. Both see both keys at worst, and destroy their own. A module that tells a process
    late of what another wrote, as SoftHSM's does, may leave two; so a registry lets its makers take turns,
    and where there are two all the same neither is used, see `cmac`.
    """
    if len(_of(session, label)) > 1:
        made.destroy()
        raise _taken(label)


def _of(session: Any, label: str, key_id: bytes | None = None) -> list[Any]:
    query = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label}
    return list(session.get_objects(query if key_id is None else {**query, Attribute.ID: key_id}))


def _taken(label: str) -> KeyRefusedError:
    return KeyRefusedError("pki.token.taken", f"the token has a secret key {label} already")

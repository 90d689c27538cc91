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
    _require_free(session, label)
    template = {**_closed(), Attribute.ENCRYPT: False, Attribute.DECRYPT: False}
    session.generate_key(
        KeyType.AES,
        KEY_BITS,
        id=secrets.token_bytes(_ID_BYTES),
        label=label,
        store=True,
        capabilities=pkcs11.MechanismFlag.SIGN,
        template=template,
    )


def put(session: Any, label: str, value: bytes) -> None:
    """Put a key into the token that was made elsewhere, as one that comes back from a backup; refuses like `make`."""
    _require_free(session, label)
    session.create_object(
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


def cmac(session: Any, label: str, data: bytes) -> bytes:
    """Return the AES-CMAC of the data; KeyRefusedError `pki.token.no_key` when there is no such key."""
    try:
        key = session.get_key(object_class=ObjectClass.SECRET_KEY, label=label)
    except pkcs11.NoSuchKey as error:
        raise KeyRefusedError("pki.token.no_key", f"the token has no secret key {label}") from error
    return bytes(key.sign(data, mechanism=Mechanism.AES_CMAC))


def _closed() -> dict[Attribute, bool]:
    return {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}


def _require_free(session: Any, label: str) -> None:
    query = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label}
    if list(session.get_objects(query)):
        raise KeyRefusedError("pki.token.taken", f"the token has a secret key {label} already")

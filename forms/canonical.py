"""One byte string for one value, so that a decision can be bound to exactly what was decided upon.

The form follows RFC 8785 where the two overlap: sorted keys, no spaces, UTF-8. Floats do not exist here, and text is
not normalised: two spellings of a name that look alike are two values.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

_DEEPEST: Final = 64


class NotCanonicalError(ValueError):
    """The value holds something that has no canonical form; the message says where."""


def canonical_json(value: object) -> bytes:
    """Return the canonical bytes of text, whole numbers, booleans, None, lists, tuples and mappings with text keys.

    >>> canonical_json({"b": [1, True], "a": "關防"}).decode()
    '{"a":"關防","b":[1,true]}'
    """
    # Nearly everything is plain already; only what is not is walked through with a note of the way.
    plain = value if _is_plain(value, 0) else _plain(value, "$", 0)
    text = _encode(plain)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # The walk finds where the half character stands, and raises.
        return _encode(_plain(value, "$", 0)).encode()


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes in lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def _is_plain(value: object, depth: int) -> bool:
    """Tell whether a value is made of the plainest types alone, none nested too deeply."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return depth <= _DEEPEST
    if depth >= _DEEPEST:
        return False
    if isinstance(value, dict):
        return all(type(key) is str and _is_plain(inner, depth + 1) for key, inner in value.items())
    return isinstance(value, (list, tuple)) and all(_is_plain(inner, depth + 1) for inner in value)


def _plain(value: object, where: str, depth: int) -> object:
    if depth > _DEEPEST:
        raise NotCanonicalError(f"{where[:80]}: nested too deeply")
    if value is None or type(value) in {bool, int}:
        return value
    if type(value) is str:
        return _text(value, where)
    if isinstance(value, Mapping):
        return {_key(key, where): _plain(inner, f"{where}.{key}", depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, f"{where}[{index}]", depth + 1) for index, inner in enumerate(value)]
    raise NotCanonicalError(f"{where}: {type(value).__name__} has no canonical form")


def _key(key: object, where: str) -> str:
    if type(key) is not str:
        raise NotCanonicalError(f"{where}: keys are text, not {type(key).__name__}")
    return _text(key, where)


def _text(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonicalError(f"{where}: text with a lone surrogate") from error
    return text

"""Replaces the holder's PIN by another, proving the old one (rule PCH-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hardware.piv import Reference
from hardware.scripts.steps import change_reference, require_success, select
from hardware.secrets_of_card import encode_pin

if TYPE_CHECKING:
    from hardware.scripts.script import Script


def change_pin(old: str, new: str) -> Script[None]:
    """Change the PIN; raises SecretRefused with the tries left when the old one is wrong.

    After an interruption the PIN is either of the two: the holder knows both, and is asked to try the new one first.
    Nothing is tried on the holder's behalf, since the tries are theirs.
    """
    old_bytes, new_bytes = encode_pin(old), encode_pin(new)
    yield from select()
    response = yield from change_reference(Reference.PIN, old_bytes, new_bytes)
    require_success("change its PIN", response)

"""Hashes user codes and passwords with argon2id, so that they can never be looked up (APP-16)."""

from __future__ import annotations

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError


class CodeHasher:
    """Argon2id (RFC 9106) with a random salt a hash; the parameters are kept in the hash itself."""

    def __init__(self, time_cost: int = 3, memory_kib: int = 65536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, lanes, type=Type.ID)

    def hash(self, code: str) -> str:
        """Return a salted hash."""
        return self._hasher.hash(code)

    def verify(self, hashed: str, code: str) -> bool:
        """Tell whether a code has this hash; what is no hash at all belongs to no code."""
        try:
            return self._hasher.verify(hashed, code)
        except (VerificationError, InvalidHashError):
            return False

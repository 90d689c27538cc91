"""Signs and verifies reviewers' decisions with the keys of the staff (RV1-03, RV2-01)."""

from __future__ import annotations

from pki import statement as staff
from pki.errors import PkiError


class StaffSigner:
    """A `workflow.ports.StatementSigner` over `pki.statement`: what that room refuses is a ValueError here."""

    def new_key(self, password: str) -> tuple[bytes, bytes]:
        """Return a new key, encrypted under the password, and its public key (SubjectPublicKeyInfo DER)."""
        return staff.new_staff_key(password.encode())

    def sign(self, sealed_key: bytes, password: str, statement: bytes) -> bytes:
        """Sign a statement; ValueError for a wrong password."""
        try:
            return staff.sign_statement(staff.unlock(sealed_key, password.encode()), statement)
        except PkiError as error:
            raise ValueError("the key does not open with this password") from error

    def verify(self, spki: bytes, statement: bytes, signature: bytes) -> None:
        """Raise ValueError when the signature is not this key's over this statement."""
        try:
            staff.verify_statement(spki, statement, signature)
        except PkiError as error:
            raise ValueError("the statement was not signed so") from error

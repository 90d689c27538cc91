"""The right to have linted bytes signed: what was linted is sealed under the house's key, and only that is signed."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from pki.issuing import sign
from workflow.errors import Unavailable

if TYPE_CHECKING:
    from workflow.authorities import Working
    from workflow.office import Office


class Ticket:
    """The right to have linted bytes signed: opened from what was stored, good for one signature."""

    def __init__(self, office: Office, row: Any) -> None:
        self._tbs: bytes | None = bytes(row.tbs)
        self._digest = bytes.fromhex(row.tbs_sha256)
        try:
            sealed = office.sealer.open(bytes(row.tbs_seal or b""), seal_label(row.serial))
        except ValueError as error:
            raise Unavailable("certificate.altered", serial=row.serial) from error
        if not hmac.compare_digest(sealed, self._digest):
            raise Unavailable("certificate.altered", serial=row.serial)

    def redeem(self, authority: Working) -> bytes:
        """Return the certificate; a second call raises RuntimeError, altered bytes IssuingRefusedError."""
        tbs, self._tbs = self._tbs, None
        if tbs is None:
            raise RuntimeError("this ticket was redeemed already")
        return sign(tbs, self._digest, authority.issuer, authority.signer)


def seal_label(serial: str) -> str:
    """Return the label under which the digest of a serial's linted bytes is sealed."""
    return f"tbs:{serial}"

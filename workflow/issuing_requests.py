"""The RA's request to the CA: what it says, and what the issuing lane verifies of it (RV2-03, RV2-04).

A request is canonical JSON: the case with its snapshot, the digests of its approvals, and each key with the purpose and
profile that are asked for it. The RA signs it with a key that is used for nothing else; the words at its beginning keep
the signature from being taken for one over anything else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from forms.canonical import canonical_json
from workflow.errors import Unavailable
from workflow.house_certificates import NotReliableError, require_reliable
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workflow.facts import CaseFacts
    from workflow.office import Office

KIND: Final = "guanfang issuing request 1"
RA_PROFILE: Final = "registration_authority"
STAFF_PROFILE: Final = "staff_signature"
_BY_NUMBER = sa.select(t.issuing_request).where(t.issuing_request.c.id == sa.bindparam("b_id"))


@dataclass(frozen=True, slots=True)
class AskedKey:
    """A key for which a certificate is asked."""

    spki_sha256: str
    purpose: str
    profile: str

    def plain(self) -> dict[str, str]:
        """Return it as the request writes it."""
        return {"spki": self.spki_sha256, "purpose": self.purpose, "profile": self.profile}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What an RA asks for one case: its statement, its signature over that, and its certificate."""

    case_id: int
    statement: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    certificate: bytes = field(repr=False)


def request_statement(
    case: CaseFacts, approvals: Sequence[str], keys: Sequence[AskedKey], at: datetime
) -> bytes:
    """Return the canonical bytes that the RA signs."""
    return canonical_json(
        {
            **_about(case, approvals),
            "keys": [key.plain() for key in sorted(keys, key=lambda one: one.spki_sha256)],
            "at": at.isoformat(),
        }
    )


def _about(case: CaseFacts, approvals: Sequence[str]) -> dict[str, object]:
    return {
        "kind": KIND,
        "number": case.number,
        "ca": str(case.ca),
        "snapshot": case.snapshot_sha256,
        "policy": case.policy_version,
        "approvals": list(approvals),
    }


def stored_request(connection: sa.Connection, number: int | None) -> SignedRequest | None:
    """Return a stored request by its number; None when there is none."""
    row = connection.execute(_BY_NUMBER, {"b_id": number}).first()
    if row is None:
        return None
    return SignedRequest(row.case_id, row.statement.encode(), bytes(row.signature), bytes(row.certificate))


def require_request(
    office: Office,
    connection: sa.Connection,
    case: CaseFacts,
    approvals: Sequence[str],
    asked: tuple[SignedRequest | None, Sequence[AskedKey]],
) -> None:
    """Raise Unavailable("certificate.not_requested") unless the RA asked for just these keys, for this very case.

    `asked` is the request and the keys that are about to be certified by it. The RA's certificate has to be good now.
    """
    request, keys = asked
    if request is None or request.case_id != case.id:
        raise _refused("there is no request of the registration authority")
    _require_signature(office, connection, case, request)
    said = json.loads(request.statement)
    about = json.loads(canonical_json(_about(case, approvals)))
    if {name: said.get(name) for name in about} != about:
        raise _refused("the request is about something else than what was approved")
    if not set(keys) <= {AskedKey(one["spki"], one["purpose"], one["profile"]) for one in said["keys"]}:
        raise _refused("a key is not among those asked for")


def _require_signature(
    office: Office, connection: sa.Connection, case: CaseFacts, request: SignedRequest
) -> None:
    try:
        found = require_reliable(connection, request.certificate, RA_PROFILE, office.clock.now())
        office.statements.verify(found.spki, request.statement, request.signature)
    except NotReliableError as error:
        raise _refused(f"the certificate of the registration authority: {error}") from error
    except ValueError as error:
        raise _refused("the request's signature does not verify") from error
    if found.ca != str(case.ca):
        raise _refused("the request comes from another authority's registration authority")


def _refused(detail: str) -> Unavailable:
    return Unavailable("certificate.not_requested", detail=detail)

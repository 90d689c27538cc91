"""The one pipeline of every certificate: gate, prepare, lint, store the intent, sign exactly that, store (design 3.4).

Keys on cards and keys of signing requests pass the same steps, one at a time or some together; several share a commit,
never a fate. Killed at any point, a run goes on where it stood: an intent that was stored is signed again. RSA then
signs the same bytes the same way; ECDSA does not, so what was stored first is the certificate and nothing else is ever
released. No key gets a second certificate. What was linted is sealed under the house's key, and only what opens that
seal is signed, once.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.activation import NOT_ACTIVATED
from pki.errors import KeyRefusedError, PkiError
from pki.issuing import Prepared, new_serial, prepare, serial_text, sign
from pki.keygate import spki_sha256
from pki.names import describe_name
from workflow.approvals import require_approvals
from workflow.authorities import NOT_ACTIVATED_CODE, Working, current, working
from workflow.commands_of_performers import (
    IntendCertificate,
    IntendCertificates,
    RecordCertificate,
    RecordCertificates,
)
from workflow.errors import Refused, RegistryError, Unavailable
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.store.keys import known_compromised
from workflow.store.sealing import require_sealing
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pki.orders import CertificateOrder
    from workflow.facts import CaseFacts
    from workflow.office import Office
    from workflow.vocabulary import Ca

C = t.certificate.c
_STANDING = sa.select(
    C.item_id, C.csn, C.purpose, C.authority, C.serial, C.status, C.tbs, C.tbs_sha256, C.tbs_seal, C.der
)
REVOKED = str(CertificateStatus.REVOKED)


@dataclass(frozen=True, slots=True)
class Claim:
    """A key for which an approved case asks a certificate: it lies on a card (`csn`) or came with a request (`item_id`).

    `order` makes the order of the certificate for a serial and the name of the authority that will issue it.
    """

    case: CaseFacts
    purpose: str
    order: Callable[[int, str], CertificateOrder]
    csn: str | None = None
    item_id: int | None = None


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


def issue_all(office: Office, claims: Sequence[Claim]) -> list[bytes | RegistryError]:
    """Return, for each claim, its certificate or what refuses it; a bad one holds up no other.

    Raises Unavailable where nothing may be issued at all: the audit log is not sealed up to date (AUD-04), a case's
    approvals do not verify over what is issued (design 3.8), or an authority can't sign.
    """
    outcomes: dict[int, bytes | RegistryError] = {}
    rows = _recorded(office, claims)
    missing = [number for number in range(len(claims)) if number not in rows]
    if missing or any(row.der is None for row in rows.values()):
        # The audit log comes first: what can't be sealed is not signed (AUD-04).
        require_sealing(office)
        for case in {claim.case.id: claim.case for claim in claims}.values():
            require_approvals(office, case)
    if missing:
        outcomes |= _intend(office, {number: claims[number] for number in missing})
        rows = _recorded(office, claims)
    _sign(office, {number: row for number, row in rows.items() if row.der is None}, claims)
    for number, row in _recorded(office, claims).items():
        outcomes[number] = _certificate(row)
    return [outcomes.get(number) or _no_second(office, claim) for number, claim in enumerate(claims)]


def _recorded(office: Office, claims: Sequence[Claim]) -> dict[int, Any]:
    """Return the stored certificates and intents of the claims, by the claims' places."""
    places = {_place(claim.csn, claim.purpose, claim.item_id): number for number, claim in enumerate(claims)}
    items = [claim.item_id for claim in claims if claim.item_id is not None]
    cards = [claim.csn for claim in claims if claim.item_id is None]
    # A card's spoiled certificate makes way for another; a request's key has one certificate for ever.
    wanted = C.item_id.in_(items) | (C.csn.in_(cards) & (C.status != REVOKED))
    with office.reading() as connection:
        found = connection.execute(_STANDING.where(wanted)).all()
    named = ((_place(row.csn, row.purpose, row.item_id), row) for row in found)
    return {places[place]: row for place, row in named if place in places}


def _place(csn: str | None, purpose: str, item_id: int | None) -> tuple[Any, ...]:
    return ("item", item_id) if item_id is not None else ("card", csn, purpose)


def _certificate(row: Any) -> bytes | RegistryError:
    if row.der is not None:
        return bytes(row.der)
    return Refused("certificate.revoked_already", serial=row.serial)


def _intend(office: Office, claims: dict[int, Claim]) -> dict[int, bytes | RegistryError]:
    """Gate, prepare, lint and store; returns what was refused on the way, by the claims' places."""
    refused: dict[int, bytes | RegistryError] = {}
    authorities: dict[Ca, Working] = {}
    intents: list[IntendCertificate] = []
    for number, claim in claims.items():
        ca = claim.case.ca
        if ca not in authorities:
            authorities[ca] = working(office, current(office, ca))
        authority = authorities[ca]
        try:
            prepared = prepare(claim.order(new_serial(), authority.name), authority.issuer)
        except PkiError as error:
            refused[number] = Refused("certificate.not_issuable", detail=error.message)
            continue
        intents.append(_intent(office, claim, authority.name, prepared))
    if intents:
        handle(office, IntendCertificates(intents=tuple(intents)), SYSTEM)
    return refused


def _intent(office: Office, claim: Claim, authority: str, prepared: Prepared) -> IntendCertificate:
    serial = serial_text(prepared.serial)
    return IntendCertificate(
        case_id=claim.case.id,
        authority=authority,
        csn=claim.csn,
        item_id=claim.item_id,
        purpose=claim.purpose,
        profile=prepared.profile_name,
        serial=serial,
        tbs=prepared.tbs_der,
        tbs_sha256=prepared.tbs_sha256.hex(),
        tbs_seal=office.sealer.seal(prepared.tbs_sha256, seal_label(serial)),
        spki_sha256=prepared.spki_sha256.hex(),
        subject=describe_name(prepared.subject_name),
        not_before=prepared.not_before,
        not_after=prepared.not_after,
    )


def _sign(office: Office, rows: dict[int, Any], claims: Sequence[Claim]) -> None:
    """Sign stored intents and store the certificates; one that was revoked meanwhile is not signed."""
    records = []
    authorities: dict[str, Working] = {}
    for number, row in rows.items():
        if row.status != str(CertificateStatus.INTENDED):
            continue
        # The key of the generation that it was prepared for, whatever came after.
        if row.authority not in authorities:
            authorities[row.authority] = working(office, row.authority)
        try:
            der = Ticket(office, row).redeem(authorities[row.authority])
        except KeyRefusedError as error:
            if error.code == NOT_ACTIVATED:
                # The keys were deactivated since; the intent stays and is signed after their activation.
                raise Unavailable(NOT_ACTIVATED_CODE) from error
            raise
        records.append(RecordCertificate(case_id=claims[number].case.id, serial=row.serial, der=der))
    if records:
        handle(office, RecordCertificates(records=tuple(records)), SYSTEM)


def _no_second(office: Office, claim: Claim) -> RegistryError:
    """Say which certificate the key of a claim has already."""
    spki = claim.order(new_serial(), current(office, claim.case.ca)).spki_der
    return key_reused(office, spki)


def key_reused(office: Office, spki: bytes) -> RegistryError:
    """Return the refusal of a key that is compromised, or has a certificate already in any CA (CSR-04)."""
    with office.reading() as connection:
        if known_compromised(connection, [spki_sha256(spki).hex()]):
            return Refused("certificate.key_compromised")
        query = sa.select(C.serial).where(C.spki_sha256 == spki_sha256(spki).hex())
        twin = connection.execute(query).scalar()
    return Refused("certificate.key_reused", serial=twin or "?")

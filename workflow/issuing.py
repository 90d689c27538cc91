"""The one pipeline of every certificate: gate, prepare, lint, store the intent, sign exactly that, store (design 3.4).

Keys on cards and keys of signing requests pass the same steps, one at a time or some together; several share a commit,
never a fate. Killed at any point, a run goes on where it stood: an intent that was stored is signed again. RSA then
signs the same bytes the same way; ECDSA does not, so what was stored first is the certificate and nothing else is ever
released. No key gets a second certificate. What was linted is sealed under the house's key, and only what opens that
seal is signed, once. Before it is prepared, and under the case's lock before it is signed, the approvals and the RA's
signed request are verified (RV2-03, RV2-04).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.errors import PkiError
from pki.issuing import Prepared, new_serial, prepare, serial_text
from pki.keygate import spki_sha256
from pki.names import describe_name
from workflow.approvals import require_approvals
from workflow.authorities import Working, current, issuing_now
from workflow.commands_of_performers import (
    IntendCertificate,
    IntendCertificates,
)
from workflow.commands_of_registration import RecordIssuingRequest, SignCertificates
from workflow.errors import Refused, RegistryError
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.issuing_requests import AskedKey, require_request
from workflow.registration import sign_request
from workflow.store import schema as t
from workflow.store.among import among
from workflow.store.keys import known_compromised, serial_over
from workflow.store.sealing import require_sealing
from workflow.tickets import seal_label
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pki.orders import CertificateOrder
    from workflow.facts import CaseFacts
    from workflow.issuing_requests import SignedRequest
    from workflow.office import Office
    from workflow.vocabulary import Ca

C = t.certificate.c
_STANDING = sa.select(C.item_id, C.csn, C.purpose, C.serial, C.status, C.spki_sha256, C.profile, C.der)
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


def issue_all(office: Office, claims: Sequence[Claim]) -> list[bytes | RegistryError]:
    """Return, for each claim, its certificate or what refuses it; a bad one holds up no other.

    Raises Unavailable where nothing may be issued at all: the audit log is not sealed up to date (AUD-04), a case's
    approvals do not verify over what is issued (design 3.8), its registration authority can't ask for it (RV2-04), or an
    authority can't sign.
    """
    rows, refused = _recorded(office, claims), dict[int, bytes | RegistryError]()
    missing = {number: claim for number, claim in enumerate(claims) if number not in rows}
    if missing or _waiting(rows):
        refused = _issue(office, claims, rows, missing)
        rows = _recorded(office, claims)
    if others := _waiting(rows):
        # Another run stored these intents meanwhile, and may have been killed since.
        _sign(office, others)
        rows = _recorded(office, claims)
    outcomes = refused | {number: _certificate(row) for number, row in rows.items()}
    return [outcomes.get(number) or _no_second(office, claim) for number, claim in enumerate(claims)]


def _issue(
    office: Office, claims: Sequence[Claim], rows: dict[int, Any], missing: dict[int, Claim]
) -> dict[int, bytes | RegistryError]:
    """Store the intents that are missing and have all signed; returns what was refused, by the claims' places."""
    # The audit log comes first: what can't be sealed is not signed (AUD-04).
    require_sealing(office)
    cases = {claim.case.id: claim.case for claim in claims}
    approvals = {number: require_approvals(office, case) for number, case in cases.items()}
    _ask_again(office, rows, claims, approvals)
    intended, refused = _prepare(office, missing, approvals)
    if intended.requests:
        handle(office, intended, SYSTEM)
    # An intent whose key was taken meanwhile was not stored, and its serial names nothing.
    _sign(office, (*_waiting(rows), *(intent.serial for intent in intended.intents)))
    return refused


def _waiting(rows: dict[int, Any]) -> tuple[str, ...]:
    """Return the serials of stored intents; one that was revoked is not signed any more."""
    open_rows = (row for row in rows.values() if row.der is None)
    return tuple(row.serial for row in open_rows if row.status == str(CertificateStatus.INTENDED))


def _recorded(office: Office, claims: Sequence[Claim]) -> dict[int, Any]:
    """Return the stored certificates and intents of the claims, by the claims' places."""
    places = {_place(claim.csn, claim.purpose, claim.item_id): number for number, claim in enumerate(claims)}
    items = [claim.item_id for claim in claims if claim.item_id is not None]
    cards = [claim.csn for claim in claims if claim.item_id is None and claim.csn is not None]
    # A card's spoiled certificate makes way for another; a request's key has one certificate for ever.
    wanted = among(C.item_id, items) | (among(C.csn, cards) & (C.status != REVOKED))
    with office.asking() as connection:
        found = connection.execute(_STANDING.where(wanted)).all()
    named = ((_place(row.csn, row.purpose, row.item_id), row) for row in found)
    return {places[place]: row for place, row in named if place in places}


def _place(csn: str | None, purpose: str, item_id: int | None) -> tuple[Any, ...]:
    return ("item", item_id) if item_id is not None else ("card", csn, purpose)


def _certificate(row: Any) -> bytes | RegistryError:
    if row.der is not None:
        return bytes(row.der)
    return Refused("certificate.revoked_already", serial=row.serial)


def _prepare(
    office: Office, claims: dict[int, Claim], approvals: dict[int, tuple[str, ...]]
) -> tuple[IntendCertificates, dict[int, bytes | RegistryError]]:
    """Gate, ask, prepare and lint; returns what may be stored, and what was refused by the claims' places."""
    refused: dict[int, bytes | RegistryError] = {}
    orders: dict[int, CertificateOrder] = {}
    authorities: dict[Ca, Working] = {}
    for number, claim in claims.items():
        ca = claim.case.ca
        if ca not in authorities:
            authorities[ca] = issuing_now(office, ca)
        try:
            orders[number] = claim.order(new_serial(), authorities[ca].name)
        except PkiError as error:
            refused[number] = Refused("certificate.not_issuable", detail=error.message)
    requests = _requests(office, claims, orders, approvals)
    intents: list[IntendCertificate] = []
    for number, order in orders.items():
        claim = claims[number]
        authority = authorities[claim.case.ca]
        try:
            prepared = prepare(order, authority.issuer)
        except PkiError as error:
            refused[number] = Refused("certificate.not_issuable", detail=error.message)
            continue
        intents.append(_intent(office, claim, authority.name, prepared))
    return IntendCertificates(intents=tuple(intents), requests=requests), refused


def _requests(
    office: Office,
    claims: dict[int, Claim],
    orders: dict[int, CertificateOrder],
    approvals: dict[int, tuple[str, ...]],
) -> tuple[SignedRequest, ...]:
    """Let the RA ask for the keys of each case, and verify what it asked for before anything is prepared (RV2-04)."""
    keys: dict[int, list[AskedKey]] = {}
    cases = {claim.case.id: claim.case for claim in claims.values()}
    for number, order in orders.items():
        claim = claims[number]
        asked = AskedKey(spki_sha256(order.spki_der).hex(), claim.purpose, order.profile.name)
        keys.setdefault(claim.case.id, []).append(asked)
    requests = []
    for case_id, wanted in keys.items():
        case, approved = cases[case_id], approvals[case_id]
        request = sign_request(office, case, approved, wanted)
        with office.asking() as connection:
            require_request(office, connection, case, approved, (request, wanted))
        requests.append(request)
    return tuple(requests)


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


def _ask_again(
    office: Office, rows: dict[int, Any], claims: Sequence[Claim], approvals: dict[int, tuple[str, ...]]
) -> None:
    """Let the RA ask anew for what a run of before intended and did not see signed."""
    waiting: dict[int, dict[str, AskedKey]] = {}
    cases = {claim.case.id: claim.case for claim in claims}
    for number, row in rows.items():
        if row.der is None and row.status == str(CertificateStatus.INTENDED):
            asked = AskedKey(row.spki_sha256, row.purpose, row.profile or "")
            waiting.setdefault(claims[number].case.id, {})[row.serial] = asked
    for case_id, keys in waiting.items():
        request = sign_request(office, cases[case_id], approvals[case_id], list(keys.values()))
        handle(office, RecordIssuingRequest(request=request, serials=tuple(keys)), SYSTEM)


def _sign(office: Office, serials: tuple[str, ...]) -> None:
    """Have stored intents signed; one that was revoked meanwhile is not signed."""
    if serials:
        handle(office, SignCertificates(serials=serials), SYSTEM)


def _no_second(office: Office, claim: Claim) -> RegistryError:
    """Say which certificate the key of a claim has already."""
    spki = claim.order(new_serial(), current(office, claim.case.ca)).spki_der
    return key_reused(office, spki)


def key_reused(office: Office, spki: bytes) -> RegistryError:
    """Return the refusal of a key that is compromised, or has a certificate already in any CA (CSR-04)."""
    with office.asking() as connection:
        if known_compromised(connection, [spki_sha256(spki).hex()]):
            return Refused("certificate.key_compromised")
        twin = serial_over(connection, spki_sha256(spki).hex())
    return Refused("certificate.key_reused", serial=twin or "?")

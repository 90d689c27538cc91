"""The registration authority of each CA: its key and certificate, and the requests that it signs (RV2-04).

The key is made in the keystore when the RA has something to ask for the first time, and certified by its CA through the
one pipeline. It signs requests and nothing else. A new one follows before the certificate ends; after a revocation a
person has to ask for it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from pki.activation import NOT_ACTIVATED
from pki.errors import KeyRefusedError
from pki.keys import KeyKind
from pki.names import EXECUTIVE_YUAN, Subject
from pki.orders import CertificateOrder
from workflow.authorities import NOT_ACTIVATED_CODE, addresses
from workflow.certificate_profiles import office_profiles
from workflow.commands_of_registration import (
    IntendRegistrationKey,
    RecordRegistrationKey,
)
from workflow.errors import Unavailable
from workflow.facts import SYSTEM
from workflow.issuing_house import issue_house_certificate
from workflow.issuing_requests import RA_PROFILE, SignedRequest, request_statement
from workflow.key_intents import cleared_unless_kept
from workflow.store import schema as t
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pki.keys import Signer
    from workflow.facts import Actor, CaseFacts
    from workflow.issuing_requests import AskedKey
    from workflow.office import Office
    from workflow.vocabulary import Ca

G, C = t.registration_key.c, t.certificate.c
_NEWEST = (
    sa.select(t.registration_key, C.serial, C.status, C.der, C.not_after)
    .outerjoin(t.certificate, C.spki_sha256 == G.spki_sha256)
    .where(G.ca == sa.bindparam("b_ca"))
    .order_by(G.id.desc())
    .limit(1)
)
STOPPED = frozenset({str(CertificateStatus.REVOKED), str(CertificateStatus.SUSPENDED)})
RENEW_BEFORE: Final = timedelta(days=60)
"""How long before its end a certificate is followed by another, on another key."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration authority at work: its certificate and key."""

    certificate: bytes
    signer: Signer


def registration(office: Office, ca: Ca) -> Registration:
    """Return the registration authority of a CA, made on first use and renewed in time.

    Raises Unavailable("registration.revoked") when its certificate was revoked: another is for people to decide.
    """
    row = _newest(office, ca)
    if row is not None and row.status in STOPPED:
        raise Unavailable("registration.revoked", ca=ca, serial=row.serial)
    certified = row is not None and row.serial is not None
    if row is None or (certified and row.not_after - RENEW_BEFORE <= office.clock.now()):
        row = _next_key(office, ca, SYSTEM, row)
    return Registration(_certificate(office, ca, row), _signer(office, ca, row))


def _certificate(office: Office, ca: Ca, row: Any) -> bytes:
    """Return the certificate of a key, issued now if it is not there yet."""
    if row.der is not None:
        return bytes(row.der)
    spki = bytes(row.spki)
    return issue_house_certificate(
        office, ca, spki, lambda serial, name: _order(office, ca, spki, (serial, name))
    )


def new_key(office: Office, ca: Ca, actor: Actor = SYSTEM) -> Any:
    """Make another key for a CA's registration authority and record it; of several who try, one has done it."""
    return _next_key(office, ca, actor, _newest(office, ca))


def _next_key(office: Office, ca: Ca, actor: Actor, before: Any) -> Any:
    """Make the key that follows the one that was seen; whoever comes second to it takes what is there.

    The key is written down before it is made, and whoever may not have one is refused there.
    """
    from workflow.handlers import handle  # The door imports the acts, which come here.

    replaces = "" if before is None else before.spki_sha256
    intended = handle(office, IntendRegistrationKey(ca=ca, replaces=replaces), actor)
    if intended.created_id is None:
        return _newest(office, ca)
    with _reaching(ca), cleared_unless_kept(office, intended.created_id):
        key = office.keystore.make(str(intended.number), KeyKind.P256)
        command = RecordRegistrationKey(
            intent=intended.created_id,
            ca=ca,
            spki=key.signer.spki_der,
            sealed_key=key.sealed,
            key_reference=key.reference,
            replaces=replaces,
        )
        handle(office, command, actor)
    return _newest(office, ca)


@contextmanager
def _reaching(ca: Ca) -> Iterator[None]:
    """Say of a key that can't be made which one it is."""
    try:
        yield
    except KeyRefusedError as error:
        raise _not_reached(ca, error) from error


def sign_request(
    office: Office,
    case: CaseFacts,
    approvals: Sequence[str],
    keys: Sequence[AskedKey],
) -> SignedRequest:
    """Sign the request for some keys of an approved case."""
    ra = registration(office, case.ca)
    statement = request_statement(case, approvals, keys, office.clock.now())
    try:
        signature = ra.signer.sign(statement)
    except KeyRefusedError as error:
        raise _not_reached(case.ca, error) from error
    return SignedRequest(case.id, statement, signature, ra.certificate)


def _newest(office: Office, ca: Ca) -> Any:
    """Return the newest key with what is on record of its certificate."""
    with office.asking() as connection:
        return connection.execute(_NEWEST, {"b_ca": str(ca)}).first()


def _signer(office: Office, ca: Ca, row: Any) -> Signer:
    sealed = bytes(row.sealed_key) if row.sealed_key is not None else None
    try:
        return office.keystore.open(sealed, row.key_reference)
    except KeyRefusedError as error:
        raise _not_reached(ca, error) from error


def _not_reached(ca: Ca, error: KeyRefusedError) -> Unavailable:
    if error.code == NOT_ACTIVATED:
        return Unavailable(NOT_ACTIVATED_CODE)
    return Unavailable("authority.key_unavailable", authority=f"ra:{ca}", detail=error.message)


def _order(office: Office, ca: Ca, spki: bytes, issued: tuple[int, str]) -> CertificateOrder:
    serial, authority = issued
    return CertificateOrder(
        profile=office_profiles(office.settings)[RA_PROFILE],
        subject=Subject(
            organisation=EXECUTIVE_YUAN,
            units=(ca.zh,),
            common_name=f"{str(ca).upper()} Registration Authority",
        ),
        spki_der=spki,
        serial=serial,
        not_before=office.clock.now(),
        addresses=addresses(office, authority, serial),
    )

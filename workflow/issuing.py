"""Issuing one certificate for a key on a card: prepare and lint, store, sign, store (RV2-03, design 3.4).

Killed at any point, it goes on where it stood: an intent that was stored is signed again, and RSA signs the same
bytes the same way; a certificate that was recorded is only returned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.certificates import read_tbs
from pki.issuing import new_serial, prepare, serial_text, sign
from pki.names import Subject, agency, describe_name, organisation
from pki.orders import CertificateOrder
from pki.profiles import Life, Profile, all_profiles
from pki.sda import CardRank, DirectoryAttributes
from pki.subject_types import ALL_TYPES, SubjectType
from workflow import policies
from workflow.approvals import require_approvals
from workflow.authorities import addresses, policy_oid, working
from workflow.commands_of_performers import IntendCertificate, RecordCertificate
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.store.sealing import require_sealing
from workflow.vocabulary import Ca, CertificateStatus, Rank, SubscriberKind

if TYPE_CHECKING:
    from workflow.office import Office
    from workflow.paper import FiledCase

C = t.certificate.c


@dataclass(frozen=True)
class KeyOnCard:
    """A public key that was made on a card."""

    csn: str
    purpose: str
    spki: bytes


def ensure_certificate(office: Office, filed: FiledCase, key: KeyOnCard) -> bytes:
    """Return the certificate of a key on a card, issuing it if it is not there yet. Never issues a second one."""
    row = _recorded(office, key)
    if row is None:
        _intend(office, filed, key)
        row = _recorded(office, key)
    if row.der is None:
        authority = working(office, str(filed.case.ca))
        # The audit log comes first: what can't be sealed is not signed (AUD-04).
        require_sealing(office)
        require_approvals(office, filed.case)
        der = sign(row.tbs, _stored_digest(row), authority.issuer, authority.signer)
        handle(office, RecordCertificate(case_id=filed.case.id, serial=row.serial, der=der), SYSTEM)
        return der
    return bytes(row.der)


def _recorded(office: Office, key: KeyOnCard) -> Any:
    with office.reading() as connection:
        return connection.execute(
            sa.select(t.certificate).where(
                C.csn == key.csn, C.purpose == key.purpose, C.status != str(CertificateStatus.REVOKED)
            )
        ).first()


def _stored_digest(row: Any) -> bytes:
    return bytes.fromhex(row.tbs_sha256)


def _intend(office: Office, filed: FiledCase, key: KeyOnCard) -> None:
    require_sealing(office)
    require_approvals(office, filed.case)
    authority = working(office, str(filed.case.ca))
    prepared = prepare(_order(office, filed, key), authority.issuer)
    fields = read_tbs(prepared.tbs_der)
    handle(
        office,
        IntendCertificate(
            case_id=filed.case.id,
            csn=key.csn,
            purpose=key.purpose,
            serial=serial_text(prepared.serial),
            tbs=prepared.tbs_der,
            tbs_sha256=prepared.tbs_sha256.hex(),
            spki_sha256=prepared.spki_sha256.hex(),
            subject=describe_name(fields.subject_name),
            not_before=prepared.not_before,
            not_after=prepared.not_after,
        ),
        SYSTEM,
    )


def _order(office: Office, filed: FiledCase, key: KeyOnCard) -> CertificateOrder:
    serial = new_serial()
    policy = policies.by_version(filed.case.policy_version)
    kind = filed.case.subscriber_kind
    assert kind is not None and filed.case.rank is not None  # noqa: S101, PT018 - an application has both.
    subject_type = _subject_type(kind)
    profile = _profile(office, subject_type, key.purpose)
    return CertificateOrder(
        profile=replace(profile, life=Life(years=policy.card_validity_years.value)),
        subject=subject_of(filed),
        spki_der=key.spki,
        serial=serial,
        not_before=office.clock.now(),
        addresses=addresses(office, str(filed.case.ca), serial),
        attributes=DirectoryAttributes(
            subject_type=subject_type.oid,
            rank=CardRank.PRIMARY if filed.case.rank is Rank.PRIMARY else CardRank.SECONDARY,
            organisation_oid=filed.organisation.get("oid"),
        ),
        email=str(filed.values.get("organisation_email", "")) or None,
    )


def _subject_type(kind: SubscriberKind) -> SubjectType:
    name = "other_organisation" if kind is SubscriberKind.OTHER else str(kind)
    return next(found for found in ALL_TYPES if found.name == name)


def _profile(office: Office, subject_type: SubjectType, purpose: str) -> Profile:
    return all_profiles(ALL_TYPES, policy_oid(office))[f"{subject_type.name}_{purpose}"]


def subject_of(filed: FiledCase) -> Subject:
    """Return the name in the certificate: agencies under 行政院, organisations by their county and town (RV2-08)."""
    name = filed.case.subject_name
    if filed.case.ca is Ca.GCA:
        return agency(name)
    places = (str(filed.organisation.get(part) or "") for part in ("county", "town"))
    return organisation(name, *(place for place in places if place))

"""Certificates for keys on cards: what the manufacturing line asks the pipeline for (RV2-03)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pki.orders import CertificateOrder
from pki.profiles import Life
from pki.sda import CardRank, DirectoryAttributes
from workflow import policies
from workflow.authorities import addresses
from workflow.certificate_names import subject_of
from workflow.certificate_profiles import office_profiles, subject_types
from workflow.errors import RegistryError
from workflow.issuing import Claim, issue_all
from workflow.vocabulary import Rank, SubscriberKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pki.subject_types import SubjectType
    from workflow.filed_cases import FiledCase
    from workflow.office import Office


@dataclass(frozen=True)
class KeyOnCard:
    """A public key that was made on a card."""

    csn: str
    purpose: str
    spki: bytes


def ensure_certificates(office: Office, filed: FiledCase, keys: Sequence[KeyOnCard]) -> list[bytes]:
    """Return the certificates of a card's keys, issuing together those that are not there yet.

    Never issues a second one for a key. Raises what refuses any of them; the others are issued and found next time.
    """
    claims = [
        Claim(filed.case, key.purpose, partial(_order, office, filed, key), csn=key.csn) for key in keys
    ]
    certificates = []
    for outcome in issue_all(office, claims):
        if isinstance(outcome, RegistryError):
            raise outcome
        certificates.append(outcome)
    return certificates


def _order(office: Office, filed: FiledCase, key: KeyOnCard, serial: int, authority: str) -> CertificateOrder:
    policy = policies.by_version(filed.case.policy_version)
    kind = filed.case.subscriber_kind
    assert kind is not None and filed.case.rank is not None  # noqa: S101, PT018 - an application has both.
    subject_type = _subject_type(office, kind)
    profile = office_profiles(office.settings)[f"{subject_type.name}_{key.purpose}"]
    return CertificateOrder(
        profile=replace(profile, life=Life(years=policy.card_validity_years.value)),
        subject=subject_of(filed.case.ca, filed.case.subject_name, filed.organisation),
        spki_der=key.spki,
        serial=serial,
        not_before=office.clock.now(),
        addresses=addresses(office, authority, serial),
        attributes=DirectoryAttributes(
            subject_type=subject_type.oid,
            rank=CardRank.PRIMARY if filed.case.rank is Rank.PRIMARY else CardRank.SECONDARY,
            organisation_oid=filed.organisation.get("oid"),
        ),
        email=str(filed.values.get("organisation_email", "")) or None,
    )


def _subject_type(office: Office, kind: SubscriberKind) -> SubjectType:
    name = "other_organisation" if kind is SubscriberKind.OTHER else str(kind)
    return next(found for found in subject_types(office.settings) if found.name == name)

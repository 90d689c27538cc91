"""Which certificates may be asked for with a signing request, and what the order for one looks like (CSR-05, P-11)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pki.profiles import Identifier, Life, Profile, Purpose
from pki.sda import DirectoryAttributes
from pki.subject_types import SERVER
from workflow import policies
from workflow.certificate_profiles import office_profiles
from workflow.errors import Refused
from workflow.vocabulary import RequestKind, SubscriberKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.office import Office


def requestable(office: Office) -> Mapping[str, tuple[RequestKind, Profile]]:
    """Return the profiles that a request may name, each with its kind."""
    found = office_profiles(office.settings)
    return {name: (_kind(profile), profile) for name, profile in found.items() if profile.takes_requests}


def _kind(profile: Profile) -> RequestKind:
    if profile.alternative_names.are_domains:
        return RequestKind.TLS
    return RequestKind.SERVER if profile.purpose is Purpose.SERVER_APPLICATION else RequestKind.NON_CARD


def requested_profile(office: Office, name: str) -> tuple[RequestKind, Profile]:
    """Return a profile that may be asked for, by its name; Refused for any other."""
    known = requestable(office)
    if name not in known:
        raise Refused("request.profile_unknown", name=name[:64], known=", ".join(sorted(known)))
    return known[name]


def profile_for(office: Office, name: str, policy_version: str) -> Profile:
    """Return a requested profile with the life that the case's policy gives it (P-04).

    A profile that counts in days has a cap of its own, which no policy stretches.
    """
    profile = requested_profile(office, name)[1]
    years = policies.by_version(policy_version).request_validity_years.value
    return replace(profile, life=Life(years=years)) if profile.life.years else profile


def fits_subscriber(profile: Profile, kind: SubscriberKind) -> bool:
    """Tell whether a profile for one kind of holder is for this subscriber's; servers may belong to any."""
    wanted = "other_organisation" if kind is SubscriberKind.OTHER else str(kind)
    return profile.subject_type in {None, SERVER} or (
        profile.subject_type is not None and profile.subject_type.name == wanted
    )


def attributes_of(profile: Profile, oid: str | None) -> DirectoryAttributes | None:
    """Return the directory attributes of a holder without a card; None where the profile has none."""
    if profile.subject_type is None:
        return None
    said = profile.holder is not None and Identifier.ORGANISATION_OID in profile.holder.identifiers
    return DirectoryAttributes(subject_type=profile.subject_type.oid, organisation_oid=oid if said else None)

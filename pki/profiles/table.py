"""All profiles by name, checked when this module loads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pki.errors import ProfileRefusedError
from pki.profiles.authorities import LINK_CA, OCSP_RESPONDER, REGISTRATION_AUTHORITY, ROOT_CA, SUBORDINATE_CA
from pki.profiles.holders import card_profiles, mobile_profiles, non_card_profiles, staff_profiles
from pki.profiles.oids import CLASS_3_ASSURANCE, POLICIES
from pki.profiles.servers import SERVER_APPLICATION, TLS_MULTI_DOMAIN, TLS_SINGLE_DOMAIN
from pki.subject_types import ALL_TYPES, NON_CARD_TYPES, SubjectType

if TYPE_CHECKING:
    from pki.profiles.profile import Profile

_FIXED: Final = (
    SUBORDINATE_CA,
    REGISTRATION_AUTHORITY,
    TLS_SINGLE_DOMAIN,
    TLS_MULTI_DOMAIN,
    SERVER_APPLICATION,
)


def all_profiles(
    subject_types: tuple[SubjectType, ...], policy: str = CLASS_3_ASSURANCE
) -> dict[str, Profile]:
    """Every profile by name, checked; `policy` lets a demonstration use the test assurance level.

    `subject_types` are the holders of cards; those among them that may also keep a key elsewhere do so under the
    same OID, so that an operator's own number for a kind of holder holds for both.
    """
    given = {kind.name: kind for kind in subject_types}
    cards = (profile for kind in subject_types for profile in card_profiles(kind, policy))
    elsewhere = (
        profile
        for kind in NON_CARD_TYPES
        for profile in non_card_profiles(given.get(kind.name, kind), policy)
    )
    fixed = (replace(profile, policy=policy) for profile in _FIXED)
    return check_profiles(
        (
            ROOT_CA,
            LINK_CA,
            OCSP_RESPONDER,
            *fixed,
            *staff_profiles(policy),
            *cards,
            *mobile_profiles(policy),
            *elsewhere,
        )
    )


def check_profiles(profiles: tuple[Profile, ...]) -> dict[str, Profile]:
    """Return the profiles by name; raises ProfileRefusedError naming the first that contradicts itself or repeats a name."""
    by_name: dict[str, Profile] = {}
    for profile in profiles:
        if profile.name in by_name:
            raise ProfileRefusedError(
                "pki.profile.repeated", "two profiles share a name", profile=profile.name
            )
        faults = profile.faults()
        if faults:
            raise ProfileRefusedError("pki.profile.faults", "; ".join(faults), profile=profile.name)
        by_name[profile.name] = profile
    return by_name


def unconfirmed(profile: Profile) -> tuple[str, ...]:
    """Return the OIDs in a profile that nobody has seen in a real certificate; an operator has to supply them."""
    hearsay = {policy.oid for policy in POLICIES if not policy.confirmed}
    kind = profile.subject_type
    types = (kind.oid,) if kind is not None and not kind.confirmed else ()
    return (*types, *(oid for oid in profile.policies if oid in hearsay))


# The standard set; building it here makes a contradiction stop the program when it starts.
PROFILES: Final = all_profiles(ALL_TYPES)

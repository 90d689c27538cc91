"""The certificate profiles that this office issues under: the standard ones with what its operator settled.

The assurance level is a setting, and so are the OIDs of subject types of which no public certificate is known.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pki.profiles import CLASS_3_ASSURANCE, TEST_ASSURANCE, Profile, all_profiles
from pki.subject_types import SubjectType, with_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.office import Settings


def subject_types(settings: Settings) -> tuple[SubjectType, ...]:
    """Return the types of holders with their OIDs; raises ProfileRefusedError for a setting that makes no sense."""
    return _types(settings.subject_type_oids)


def office_profiles(settings: Settings) -> Mapping[str, Profile]:
    """Return every profile by name."""
    policy = TEST_ASSURANCE if settings.test_assurance else CLASS_3_ASSURANCE
    return _profiles(settings.subject_type_oids, policy)


@cache
def _types(said: tuple[str, ...]) -> tuple[SubjectType, ...]:
    numbers = (one.partition("=") for one in said)
    return with_numbers({name.strip(): oid.strip() for name, _, oid in numbers})


@cache
def _profiles(said: tuple[str, ...], policy: str) -> Mapping[str, Profile]:
    return all_profiles(_types(said), policy)

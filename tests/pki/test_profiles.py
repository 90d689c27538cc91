from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pki.errors import ProfileRefusedError
from pki.profiles import (
    OCSP_RESPONDER,
    PROFILES,
    ROOT_CA,
    SUBORDINATE_CA,
    TAIPEI,
    TEST_ASSURANCE,
    Extension,
    KeyUse,
    Life,
    Profile,
    all_profiles,
    check_profiles,
)
from pki.subject_types import ALL_TYPES, XCA_TYPES

START = datetime(2000, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 90 * 365 * 86400).map(lambda seconds: START + timedelta(seconds=seconds))
SCHOOL = PROFILES["school_signature"]


def test_every_kind_of_holder_has_a_signature_and_an_encipherment_profile() -> None:
    for kind in ALL_TYPES:
        assert PROFILES[f"{kind.name}_signature"].purpose.key_usage == {KeyUse.DIGITAL_SIGNATURE}
        assert PROFILES[f"{kind.name}_encipherment"].purpose.key_usage == {
            KeyUse.KEY_ENCIPHERMENT,
            KeyUse.DATA_ENCIPHERMENT,
        }
    assert len(XCA_TYPES) == 6


def test_no_placeholder_stands_in_the_real_arc() -> None:
    for kind in ALL_TYPES:
        assert kind.oid.startswith("2.16.886.1.100.3.") == kind.confirmed
    assert len({kind.oid for kind in ALL_TYPES}) == len(ALL_TYPES)


@pytest.mark.parametrize(
    "broken",
    [
        replace(SCHOOL, extensions=(*SCHOOL.extensions, Extension.KEY_USAGE)),
        replace(SCHOOL, extensions=SCHOOL.extensions[1:]),
        replace(SCHOOL, extensions=(*SCHOOL.extensions, Extension.BASIC_CONSTRAINTS)),
        replace(SCHOOL, path_length=0),
        replace(SCHOOL, subject_type=None),
        replace(SCHOOL, policy=None),
        replace(SCHOOL, life=Life()),
        replace(SCHOOL, life=Life(years=5, days=-1)),
        replace(OCSP_RESPONDER, extensions=ROOT_CA.extensions[:3]),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(broken: Profile) -> None:
    with pytest.raises(ProfileRefusedError) as refusal:
        check_profiles((broken,))
    assert refusal.value.code == "pki.profile.faults"


def test_two_profiles_never_share_a_name() -> None:
    with pytest.raises(ProfileRefusedError, match="share a name"):
        check_profiles((SCHOOL, SCHOOL))


def test_a_demonstration_issues_under_the_test_policy() -> None:
    profiles = all_profiles(ALL_TYPES, TEST_ASSURANCE)
    assert {profile.policy for profile in profiles.values()} == {TEST_ASSURANCE, None}


@pytest.mark.rule("P-04")
def test_a_card_certificate_lives_five_years_to_the_last_second_in_taipei() -> None:
    end = SCHOOL.life.end(datetime(2026, 11, 21, 2, 0, tzinfo=UTC))
    assert end.astimezone(UTC) == datetime(2031, 11, 21, 15, 59, 59, tzinfo=UTC)


def test_the_day_is_counted_in_taipei_and_not_in_greenwich() -> None:
    end = SCHOOL.life.end(datetime(2026, 11, 21, 20, 0, tzinfo=UTC))
    assert end.astimezone(UTC) == datetime(2031, 11, 22, 15, 59, 59, tzinfo=UTC)


def test_a_life_from_a_leap_day_ends_on_the_last_of_february() -> None:
    end = SCHOOL.life.end(datetime(2028, 2, 29, 4, 0, tzinfo=UTC))
    assert end == datetime(2033, 2, 28, 23, 59, 59, tzinfo=TAIPEI)
    assert Life(years=4).end(datetime(2028, 2, 29, 4, 0, tzinfo=UTC)).day == 29


@given(MOMENTS, st.integers(0, 30), st.integers(1, 400))
def test_every_life_ends_with_a_day_in_taipei(begin: datetime, years: int, days: int) -> None:
    end = Life(years, days).end(begin)
    assert end.strftime("%H:%M:%S") == "23:59:59"
    assert end - begin >= timedelta(days=365 * years + days - 1)


def test_a_responder_lives_a_week_and_is_not_checked() -> None:
    assert OCSP_RESPONDER.life == Life(days=7)
    assert Extension.OCSP_NO_CHECK in OCSP_RESPONDER.extensions


def test_a_subordinate_ca_certifies_no_other_ca() -> None:
    assert SUBORDINATE_CA.path_length == 0

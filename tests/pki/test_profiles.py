from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pki.errors import ProfileRefusedError
from pki.keygate import KeyRules
from pki.names import NameAttribute, Subject
from pki.profiles import (
    CLASS_3_ASSURANCE,
    LINK_CA,
    OCSP_RESPONDER,
    ORGANISATION_VALIDATED,
    PROFILES,
    ROOT_CA,
    SUBORDINATE_CA,
    TAIPEI,
    TEST_ASSURANCE,
    TLS_SINGLE_DOMAIN,
    AlternativeNames,
    Carrier,
    ExtendedUse,
    Extension,
    KeyUse,
    Life,
    Profile,
    Purpose,
    all_profiles,
    check_profiles,
    unconfirmed,
)
from pki.rehearsal import rehearse, sample_subject
from pki.subject_types import ALL_TYPES, FOUNDATION, NON_CARD_TYPES, XCA_TYPES, with_numbers
from pki.subject_types import SCHOOL as SCHOOL_TYPE

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
        replace(OCSP_RESPONDER, life=Life(years=1)),
        replace(OCSP_RESPONDER, extended_uses=(ExtendedUse.CLIENT_AUTHENTICATION,)),
        replace(SCHOOL, critical=frozenset()),
        replace(SCHOOL, critical=frozenset({Extension.KEY_USAGE, Extension.EXTENDED_KEY_USAGE})),
        replace(SCHOOL, alternative_names=AlternativeNames.NONE),
        replace(SCHOOL, alternative_names=AlternativeNames.DOMAINS),
        replace(SCHOOL, holder=None),
        replace(SCHOOL, lists=1),
        replace(SCHOOL, policy="2.16.x"),
        replace(SCHOOL, further_policies=(CLASS_3_ASSURANCE,)),
        replace(SCHOOL, keys=KeyRules(rsa_bits_from=1024)),
        replace(SCHOOL, purpose=Purpose.ENCIPHERMENT),
        replace(SCHOOL, subject_type=replace(SCHOOL_TYPE, confirmed=False)),
        replace(SCHOOL, naming=replace(SCHOOL.naming, required=frozenset({NameAttribute.ORGANISATION}))),
        replace(SCHOOL, naming=replace(SCHOOL.naming, further=SCHOOL.naming.required)),
        replace(SCHOOL, naming=replace(SCHOOL.naming, printable=frozenset())),
        replace(TLS_SINGLE_DOMAIN, life=Life(years=3)),
        replace(TLS_SINGLE_DOMAIN, naming=SCHOOL.naming),
        replace(TLS_SINGLE_DOMAIN, extended_uses=()),
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
    # A link sets no policy of its own: those of the holders under it stand.
    policies = {profile.policy for name, profile in profiles.items() if name != LINK_CA.name}
    assert policies == {TEST_ASSURANCE, None}


@pytest.mark.rule("P-04", "CRD-10")
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


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_a_sample_of_every_profile_can_be_issued(name: str) -> None:
    assert rehearse(PROFILES[name], datetime(2026, 11, 21, tzinfo=UTC)) == ()


def test_a_rehearsal_tells_what_a_broken_profile_would_do() -> None:
    broken = replace(SCHOOL, extensions=(*SCHOOL.extensions[:-1], Extension.OCSP_NO_CHECK))
    assert any("urls" in found for found in rehearse(broken, datetime(2026, 11, 21, tzinfo=UTC)))
    unnamed = replace(SCHOOL, naming=replace(SCHOOL.naming, printable=frozenset(NameAttribute)))
    assert "PrintableString" in rehearse(unnamed, datetime(2026, 11, 21, tzinfo=UTC))[0]


@pytest.mark.rule("CSR-05")
def test_a_key_elsewhere_signs_or_enciphers_and_a_server_application_does_both() -> None:
    for kind in NON_CARD_TYPES:
        signature = PROFILES[f"{kind.name}_non_card_signature"]
        encipherment = PROFILES[f"{kind.name}_non_card_encipherment"]
        assert signature.takes_requests
        assert signature.purpose is Purpose.SIGNATURE
        assert encipherment.takes_requests
        assert encipherment.purpose is Purpose.ENCIPHERMENT
        assert encipherment.keys.curves == frozenset()
    assert PROFILES["server_application"].purpose.key_usage == {
        KeyUse.DIGITAL_SIGNATURE,
        KeyUse.KEY_ENCIPHERMENT,
        KeyUse.DATA_ENCIPHERMENT,
    }


def test_keys_of_cards_and_phones_never_come_as_a_request() -> None:
    for profile in PROFILES.values():
        assert profile.takes_requests == (profile.carrier is Carrier.SUBSCRIBER)
        assert not (profile.takes_requests and profile.carrier in {Carrier.CARD, Carrier.PHONE})


def test_a_tls_server_is_validated_and_authenticates_server_and_client() -> None:
    assert TLS_SINGLE_DOMAIN.policies == (CLASS_3_ASSURANCE, ORGANISATION_VALIDATED)
    assert TLS_SINGLE_DOMAIN.extended_uses == (
        ExtendedUse.SERVER_AUTHENTICATION,
        ExtendedUse.CLIENT_AUTHENTICATION,
    )
    assert Extension.EXTENDED_KEY_USAGE in TLS_SINGLE_DOMAIN.critical


def test_an_elliptic_curve_key_of_a_server_only_signs() -> None:
    assert Purpose.TLS_SERVER.key_usage_of(elliptic=True) == {KeyUse.DIGITAL_SIGNATURE}
    assert Purpose.ENCIPHERMENT.key_usage_of(elliptic=True) == frozenset()


def test_numbers_that_nobody_saw_are_listed_with_their_profiles() -> None:
    assert unconfirmed(PROFILES["foundation_signature"]) == (FOUNDATION.oid,)
    assert unconfirmed(SCHOOL) == ()
    assert unconfirmed(replace(SCHOOL, policy="2.16.886.101.0.3.4")) == ("2.16.886.101.0.3.4",)


def test_an_operators_number_holds_for_cards_and_for_keys_elsewhere() -> None:
    known = replace(FOUNDATION, oid="2.16.886.1.100.3.2.99", confirmed=True)
    profiles = all_profiles((known,))
    for name in ("foundation_signature", "foundation_non_card_signature"):
        assert profiles[name].subject_type == known


@pytest.mark.parametrize(
    ("profile", "changes", "codes"),
    [
        ("school_signature", {"organisation": None}, ["name.missing"]),
        ("school_signature", {"common_name": "學校"}, ["name.surplus"]),
        ("school_signature", {"country": "JP"}, ["name.country"]),
        ("school_signature", {"localities": ("一", "二", "三")}, ["name.crowded"]),
        ("agency_signature", {"units": tuple("一二三四五六")}, ["name.crowded"]),
        ("natural_person_signature", {"serial_number": "123"}, ["name.number"]),
        ("natural_person_signature", {"serial_number": None}, ["name.missing"]),
        ("natural_person_signature", {"organisation": "行政院"}, ["name.surplus"]),
        ("tls_single_domain", {"common_name": None, "organisation": None}, ["name.missing", "name.missing"]),
    ],
)
def test_a_subject_that_departs_from_its_naming_rules_is_told_all_of_it(
    profile: str, changes: dict[str, object], codes: list[str]
) -> None:
    naming = PROFILES[profile].naming
    subject: Subject = replace(sample_subject(naming), **changes)  # type: ignore[arg-type]  # real fields
    faults = naming.faults(subject)
    assert [fault.code for fault in faults] == codes
    assert all(fault.zh and fault.en and fault.attribute for fault in faults)


def test_an_operator_who_found_out_a_number_confirms_it() -> None:
    types = {kind.name: kind for kind in with_numbers({"foundation": "2.16.886.1.100.3.2.99"})}
    assert types["foundation"].confirmed
    assert types["foundation"].oid == "2.16.886.1.100.3.2.99"
    assert types["association"] in ALL_TYPES
    assert with_numbers({"school": SCHOOL_TYPE.oid}) == ALL_TYPES


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ({"fundation": "2.16.886.1.100.3.2.99"}, "pki.subject_type.unknown"),
        ({"school": "2.16.886.1.100.3.2.99"}, "pki.subject_type.confirmed"),
        ({"foundation": "2.16.886."}, "pki.subject_type.oid"),
        ({"foundation": FOUNDATION.oid}, "pki.subject_type.oid"),
        ({"foundation": SCHOOL_TYPE.oid}, "pki.subject_type.repeated"),
        ({"foundation": "2.16.886.1.100.3.3.1"}, "pki.subject_type.repeated"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(numbers: dict[str, str], code: str) -> None:
    with pytest.raises(ProfileRefusedError) as refusal:
        with_numbers(numbers)
    assert refusal.value.code == code

"""The CAs' rules as data: their numbers, their sources, their dates."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest

from ops.rules.table import known_ids
from workflow import policies
from workflow.policy import Sourced
from workflow.vocabulary import Basis, Ca, Channel, Consequence, SubscriberKind

GCA, XCA, MOICA = (policies.in_force(ca, date(2026, 3, 2)) for ca in (Ca.GCA, Ca.XCA, Ca.MOICA))


@pytest.mark.rule("ACT-03", "ACT-04", "ACT-08", "P-05")
def test_ninety_days_without_activation_suspend_revoke_or_lapse():
    assert [policy.activation_days.value for policy in (GCA, XCA, MOICA)] == [90, 90, 90]
    assert [policy.not_activated.value for policy in (GCA, XCA, MOICA)] == [
        Consequence.SUSPEND,
        Consequence.REVOKE,
        Consequence.LAPSE,
    ]


@pytest.mark.rule("P-06")
def test_each_ca_counts_its_ninety_days_from_its_own_day():
    bases = [policy.activation_basis.value for policy in (GCA, XCA, MOICA)]
    assert bases == [Basis.CARD_ISSUED, Basis.CERTIFICATE_ISSUED, Basis.PREVIEW_SHOWN]


@pytest.mark.rule("P-02", "RV1-06")
def test_only_xca_has_a_first_review():
    assert [policy.first_review.value for policy in (GCA, XCA, MOICA)] == [False, True, False]


@pytest.mark.rule("P-08", "P-15", "UCR-02", "UCR-03")
def test_a_reset_is_told_and_ends_in_each_cas_own_way():
    assert (GCA.reset_told_by.value, GCA.reset_overdue.value) == (Channel.EMAIL, Consequence.SUSPEND)
    assert (XCA.reset_told_by.value, XCA.reset_overdue.value) == (Channel.PHONE, Consequence.REVOKE)
    assert MOICA.reset_told_by.value is Channel.COUNTER
    assert {policy.reset_paper_months.value for policy in (GCA, XCA)} == {1}


@pytest.mark.rule("REV-05", "P-09")
def test_only_xca_bars_for_three_months_after_late_activation():
    assert [policy.reapplication_ban_months.value for policy in (GCA, XCA, MOICA)] == [0, 3, 0]


@pytest.mark.rule("APP-06", "P-10")
def test_the_renewal_window_is_sixty_days_at_gca_and_ninety_at_xca():
    assert [policy.primary_renewal_days.value for policy in (GCA, XCA, MOICA)] == [60, 90, 60]


@pytest.mark.rule("PIN-03", "APP-16", "P-01")
def test_three_wrong_codes_lock_and_a_code_has_six_characters_or_more():
    assert {policy.user_code_tries.value for policy in policies.ALL} == {3}
    assert {policy.user_code_length.value for policy in policies.ALL} == {(6, 10)}


@pytest.mark.rule("APP-10", "APP-11")
def test_schools_may_turn_to_xca_and_citizens_only_to_moica():
    assert SubscriberKind.SCHOOL in XCA.subscriber_kinds.value
    assert SubscriberKind.AGENCY in GCA.subscriber_kinds.value
    assert SubscriberKind.AGENCY not in XCA.subscriber_kinds.value
    assert MOICA.subscriber_kinds.value == {SubscriberKind.NATURAL_PERSON}


@pytest.mark.rule("APP-08", "APP-09", "P-14")
def test_xca_wants_two_seals_in_two_copies_but_none_of_schools():
    seals = XCA.application_seals.value
    assert seals[SubscriberKind.SCHOOL] == ()
    assert len(seals[SubscriberKind.FOUNDATION]) == 2
    assert (XCA.application_copies.value, GCA.application_copies.value, GCA.application_seals.value) == (
        2,
        1,
        {},
    )


@pytest.mark.rule("CRD-05", "P-03")
def test_each_ca_posts_by_its_own_kind_of_registered_mail():
    assert [policy.post_kind.value for policy in (GCA, XCA, MOICA)] == ["限時掛號", "限時掛號", "掛號"]


@pytest.mark.rule("CRD-10", "P-04")
def test_card_and_non_card_certificates_are_valid_for_five_years():
    assert {policy.card_validity_years.value for policy in policies.ALL} == {5}
    assert {policy.request_validity_years.value for policy in policies.ALL} == {5}


@pytest.mark.parametrize("policy", policies.ALL, ids=lambda policy: policy.version)
def test_every_value_says_which_known_rules_set_it_and_where_they_stand(policy):
    sourced = [getattr(policy, field.name) for field in fields(policy)]
    sourced = [value for value in sourced if isinstance(value, Sourced)]
    assert len(sourced) == len(fields(policy)) - 3
    for value in sourced:
        assert value.rules
        assert set(value.rules) <= known_ids()
        assert value.source.strip()


@pytest.mark.rule("CPS-03")
def test_an_amendment_holds_from_its_day_and_leaves_the_old_version_standing():
    amended = replace(XCA, version="xca-9", in_force_from=date(2027, 1, 1))
    among = (*policies.ALL, amended)
    assert policies.in_force(Ca.XCA, date(2026, 10, 31), among).version == "xca-1"
    assert policies.in_force(Ca.XCA, date(2027, 1, 1), among).version == "xca-9"
    assert policies.in_force(Ca.XCA, date(2026, 11, 1), among).version == "xca-2"
    assert policies.by_version("xca-1") is XCA


def test_no_policy_was_in_force_before_the_first():
    with pytest.raises(LookupError, match="no policy of xca"):
        policies.in_force(Ca.XCA, date(2009, 12, 31))


def test_a_version_that_never_was_is_a_mistake():
    with pytest.raises(KeyError):
        policies.by_version("xca-0")


def test_versions_are_told_apart():
    assert len({policy.version for policy in policies.ALL}) == len(policies.ALL)


def test_a_field_that_no_policy_has_is_a_mistake():
    with pytest.raises(KeyError):
        XCA.get("activation_weeks")
    with pytest.raises(KeyError):
        XCA.get("version")


def test_citations_name_the_rules_of_each_value():
    assert XCA.citations()["not_activated"] == ("ACT-04", "P-05")

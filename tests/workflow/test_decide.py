"""What the pure machine decides, and each reason it gives for not deciding so."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from datetime import UTC, date, datetime

import pytest

from workflow import commands as c
from workflow import policies
from workflow.cases.table import NEW
from workflow.errors import NotAllowed, Refused, Stale
from workflow.facts import Actor, CaseFacts, DecisionFact, Facts, Surroundings
from workflow.machine import TABLES, decide, offers, row_for, state_of, why_not
from workflow.vocabulary import (
    Ca,
    CaseKind,
    Consequence,
    Rank,
    Role,
    Stage,
    StatusChange,
    SubscriberKind,
    Verdict,
)

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
GCA, XCA = (policies.in_force(ca, date(2026, 1, 1)) for ca in (Ca.GCA, Ca.XCA))
APPLICATION = CaseKind.CARD_APPLICATION
FIRST = DecisionFact(Stage.FIRST, Verdict.APPROVE, 7, "abc")
DECIDING = {"case_id": 1, "seen_sha256": "abc", "password": "x"}
APPROVE_FIRST = c.ApproveFirstReview(**DECIDING)
APPROVE_SECOND = c.ApproveSecondReview(**DECIDING)


def facts(state="second_review", roles=(Role.SECOND_REVIEWER,), now=NOW, policy=XCA, **values):
    case = CaseFacts(
        1, "0" * 25, policy.ca, APPLICATION, state, 3, policy.version, window_id=5, rank=Rank.PRIMARY,
        subscriber_kind=SubscriberKind.FOUNDATION, snapshot_sha256="abc", card_number="Xc00000000000001",
    )  # fmt: skip
    around = Surroundings(decisions=(FIRST,), letters=1)
    actor = Actor("officer", frozenset(roles), 1, 8, 5)
    changed = {name: values.pop(name) for name in tuple(values) if name in CaseFacts.__dataclass_fields__}
    seen = {name: values.pop(name) for name in tuple(values) if name in Surroundings.__dataclass_fields__}
    return Facts(replace(case, **changed), replace(actor, **values), now, replace(around, **seen))


def refusal(given, command, trigger, policy=XCA):
    """Return the guards that refuse, with their codes."""
    row = row_for(APPLICATION, given.case.state, trigger, policy)
    return [(name, error.code) for name, error in why_not(given, policy, command, row)]


def second(**values):
    return refusal(facts(**values), APPROVE_SECOND, "approve_second")


def first(**values):
    given = facts("first_review", (Role.FIRST_REVIEWER,), **({"decisions": ()} | values))
    return refusal(given, APPROVE_FIRST, "approve_first")


def submitting(now=NOW, *, agreed=True, policy=XCA, **values):
    command = c.SubmitApplication(
        ca=policy.ca, subscriber_kind=SubscriberKind.FOUNDATION, rank=Rank.PRIMARY, organisation_id=1, window_id=None,
        form={}, agreement_accepted=agreed, user_code="Kod3-7x",
    )  # fmt: skip
    return refusal(facts(NEW, (Role.APPLICANT,), now, policy=policy, **values), command, "submit", policy)


@pytest.mark.rule("RV2-02")
def test_an_approval_leads_to_the_card_centre_and_tells_the_applicant():
    decision = decide(facts(), XCA, APPROVE_SECOND, "approve_second")
    assert (decision.source, decision.state) == ("second_review", "approved")
    assert [do.template for do in decision.effects] == ["approved"]
    assert (decision.change, decision.bars, decision.starts, decision.stops) == (
        StatusChange.NONE,
        False,
        (),
        (),
    )


def test_a_good_approval_has_nothing_against_it():
    assert second() == []
    assert first() == []


@pytest.mark.rule("ROL-07")
def test_whoever_has_not_the_role_is_told_their_own():
    with pytest.raises(NotAllowed) as caught:
        decide(facts(roles=(Role.AUDITOR,)), XCA, APPROVE_SECOND, "approve_second")
    assert "稽核員" in caught.value.zh
    assert refusal(facts(roles=()), APPROVE_SECOND, "approve_second")[0] == ("role", "access.denied")


def test_all_reasons_are_named_together():
    assert second(letters=0, has_oid=False, snapshot_sha256="new") == [
        ("letter_is_here", "case.letter_missing"),
        ("decides_on_what_was_seen", "case.snapshot_changed"),
        ("first_review_stands", "case.snapshot_changed"),
        ("has_an_oid", "case.oid_missing"),
    ]


def test_what_the_state_does_not_know_is_refused_in_its_words():
    with pytest.raises(Refused) as caught:
        decide(facts("uploaded"), XCA, APPROVE_SECOND, "approve_second")
    assert "已有申請資料" in caught.value.zh
    assert row_for(APPLICATION, "uploaded", "dance", XCA) is None


def test_a_page_that_is_out_of_date_changes_nothing():
    with pytest.raises(Stale):
        decide(facts(), XCA, replace(APPROVE_SECOND, seen_version=2), "approve_second")
    assert decide(facts(), XCA, replace(APPROVE_SECOND, seen_version=3), "approve_second").state == "approved"


@pytest.mark.rule("ROL-07", "RV1-03")
@pytest.mark.parametrize(
    "values",
    [{"person_id": 7}, {"person_id": None}, {"entered_by": 8}, {"clerks": frozenset({8})}],
    ids=["decided before", "nobody", "own entry", "tied the letter"],
)
def test_nobody_decides_twice_or_on_their_own_work(values):
    assert second(**values) == [("another_person", "case.four_eyes")]


@pytest.mark.rule("RV1-03", "RV2-02")
@pytest.mark.parametrize(
    "decisions",
    [
        (),
        (replace(FIRST, snapshot_sha256="old"),),
        (replace(FIRST, verdict=Verdict.RETURN),),
        (replace(FIRST, stage=Stage.SECOND),),
    ],
    ids=["none", "about an older form", "a return", "another stage"],
)
def test_the_second_review_needs_a_first_approval_of_the_same_form(decisions):
    assert second(decisions=decisions) == [("first_review_stands", "case.snapshot_changed")]


@pytest.mark.rule("RV1-01", "RV1-05")
@pytest.mark.parametrize("window", [6, None])
def test_a_window_decides_on_its_own_organisations_only(window):
    assert first(window_id=5) == []
    given = facts("first_review", (Role.FIRST_REVIEWER,), decisions=())
    given = replace(given, actor=replace(given.actor, window_id=window))
    assert refusal(given, APPROVE_FIRST, "approve_first") == [
        ("own_organisations_only", "access.not_your_organisation")
    ]


@pytest.mark.rule("LTR-01")
def test_no_review_without_the_letter():
    assert second(letters=0) == [("letter_is_here", "case.letter_missing")]
    assert first(letters=0) == [("letter_is_here", "case.letter_missing")]


@pytest.mark.rule("OID-01")
def test_no_approval_without_an_oid():
    assert second(has_oid=False) == [("has_an_oid", "case.oid_missing")]


@pytest.mark.rule("RV1-04", "APP-30")
@pytest.mark.parametrize("reason", ["", " ", "\n"])
def test_a_return_says_why(reason):
    command = c.ReturnSecondReview(**DECIDING, reason=reason)
    assert refusal(facts(), command, "return_second") == [("reason_given", "case.reason_missing")]


@pytest.mark.rule("APP-13")
def test_no_application_without_the_agreement():
    assert submitting() == []
    assert submitting(agreed=False) == [("agreement_accepted", "case.agreement_missing")]


@pytest.mark.rule("APP-10", "APP-11")
def test_a_ca_serves_its_own_kinds_of_subscribers():
    assert submitting(subscriber_kind=SubscriberKind.AGENCY) == [("kind_is_served", "case.kind_not_served")]
    assert submitting(subscriber_kind=None) == [("kind_is_served", "case.kind_not_served")]


@pytest.mark.rule("APP-12")
def test_a_unit_that_may_not_apply_is_told_why():
    assert submitting(not_eligible="附設單位") == [("may_apply", "case.not_eligible")]


@pytest.mark.rule("REV-05")
def test_a_ban_ends_with_its_last_midnight_in_taipei():
    until = date(2026, 3, 3)
    before, after = datetime(2026, 3, 2, 15, 59, tzinfo=UTC), datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    assert submitting(before, banned_until=until) == [("not_banned", "case.banned")]
    assert submitting(after, banned_until=until) == []


@pytest.mark.rule("APP-05", "APP-06")
@pytest.mark.parametrize(("policy", "days"), [(GCA, 60), (XCA, 90)])
def test_another_primary_card_only_within_the_renewal_window(policy, days):
    now = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)
    other = {
        "primary_case": "0" * 25,
        "primary_expires": date.fromordinal(date(2026, 3, 2).toordinal() + days),
        "subscriber_kind": SubscriberKind.SCHOOL,
    }
    early = other | {"primary_expires": date.fromordinal(other["primary_expires"].toordinal() + 1)}
    assert submitting(now, policy=policy, **other) == []
    assert submitting(now, policy=policy, **early) == [("only_primary", "case.primary_exists")]
    assert submitting(now.replace(hour=16, minute=0), policy=policy, **early) == []


@pytest.mark.rule("APP-05")
def test_a_secondary_card_never_stands_in_the_way():
    assert submitting(primary_case="0" * 25, rank=Rank.SECONDARY) == []
    assert submitting(primary_case="0" * 25) == [("only_primary", "case.primary_exists")]


@pytest.mark.rule("CRD-06", "CRD-07")
@pytest.mark.parametrize(
    ("card", "envelope", "good"),
    [
        ("Xc00000000000001", "0" * 25, True),
        ("XC00000000000001", "0" * 25, True),
        ("Xc00000000000002", "0" * 25, False),
        ("Xc00000000000001", "1" * 25, False),
        ("", "0" * 25, False),
    ],
)
def test_the_right_card_goes_into_the_right_envelope(card, envelope, good):
    command = c.PackCard(case_id=1, card_number=card, envelope_number=envelope)
    found = refusal(facts("made", (Role.CARD_CENTRE,)), command, "pack")
    assert found == ([] if good else [("card_fits_envelope", "card.wrong_envelope")])


@pytest.mark.rule("SUS-08")
def test_a_card_with_dead_certificates_is_not_activated():
    command = c.CompleteActivation(case_id=1, csn="a")
    system = (Role.SYSTEM,)
    dead = {"certificates_alive": False}
    held = dead | {"certificates_suspended": True}
    assert refusal(facts("posted", system, **held), command, "activate")[0][0] == "certificates_alive"
    assert refusal(facts("late_allowed", system, **held), command, "activate") == []
    assert (
        refusal(facts("late_allowed", system, **dead), command, "activate")[0][0]
        == "certificates_not_revoked"
    )


@pytest.mark.rule("SUS-08")
def test_what_another_case_suspends_stays_suspended():
    command = c.CompleteActivation(case_id=1, csn="a")
    given = facts("late_allowed", (Role.SYSTEM,), held_elsewhere=True)
    assert refusal(given, command, "activate") == [("not_held_elsewhere", "case.certificates_not_alive")]


def test_the_end_of_a_case_stops_all_its_deadlines():
    refuse = c.RefuseApplication(**DECIDING, reason="資格不符")
    assert set(decide(facts(), XCA, refuse, "refuse").stops) == {"letter", "activation"}


def test_an_amended_policy_leaves_a_running_case_alone():
    milder = replace(XCA, not_activated=replace(XCA.not_activated, value=Consequence.SUSPEND))
    lapse = c.LapseActivation(case_id=1)
    given = facts("posted", (Role.SYSTEM,))
    assert decide(given, XCA, lapse, "lapse_activation").state == "revoked_unactivated"
    assert decide(given, milder, lapse, "lapse_activation").state == "suspended_unactivated"


def test_a_screen_offers_only_what_the_role_could_do():
    offered = offers(APPLICATION, "second_review", XCA, frozenset({Role.SECOND_REVIEWER}))
    assert {row.trigger for row in offered} == {"approve_second", "return_second", "refuse"}
    assert offers(APPLICATION, "second_review", XCA, frozenset({Role.AUDITOR})) == ()


@pytest.mark.rule("ROL-01", "ROL-09")
@pytest.mark.parametrize("kind", TABLES, ids=str)
@pytest.mark.parametrize("policy", policies.ALL, ids=lambda policy: policy.version)
def test_only_the_roles_of_the_row_may_do_anything_anywhere(kind, policy):
    """Every role against every trigger in every state: whoever the table does not name is refused."""
    table = TABLES[kind]
    for state in [NEW, *map(str, table.states)]:
        case = replace(facts(state, policy=policy).case, kind=kind)
        for trigger, command_type in table.commands.items():
            named = {
                r
                for row in table.rows
                if (row.source, row.trigger) == (state, trigger) and row.fits(policy)
                for r in row.roles
            }
            row = row_for(kind, state, trigger, policy)
            assert (row is None) is (not named)
            for role in Role:
                _refused_unless_named(
                    Facts(case, Actor("x", frozenset({role})), NOW),
                    policy,
                    command_type,
                    (trigger, role, named),
                )


def _refused_unless_named(given, policy, command_type, asked):
    trigger, role, named = asked
    command = command_type(
        **{item.name: item.default if item.default is not MISSING else "" for item in fields(command_type)}
    )
    if role in named:
        row = row_for(given.case.kind, given.case.state, trigger, policy)
        assert role in row.roles
        return
    with pytest.raises((NotAllowed, Refused)) as caught:
        decide(given, policy, command, trigger)
    assert caught.value.code in {"access.denied", "case.not_now"}


def test_states_have_chinese_names():
    assert state_of(APPLICATION, "made").zh == "發卡成功，等待包裝配送"
    assert state_of(APPLICATION, NEW).zh == "—"

"""Every path through the pure machine, state by state, trigger by trigger, under every policy."""

from __future__ import annotations

import pytest

from workflow import policies
from workflow.cases.table import NEW
from workflow.machine import TABLES, row_for
from workflow.vocabulary import Ca, CaseKind, Consequence, StatusChange

PAIRS = [
    (kind, policy)
    for kind, table in TABLES.items()
    for policy in policies.ALL
    if policy.ca in table.served
]  # fmt: skip
every = pytest.mark.parametrize(
    ("kind", "policy"), PAIRS, ids=lambda value: getattr(value, "version", str(value))
)
applications = pytest.mark.parametrize("policy", policies.ALL, ids=lambda policy: policy.version)
APPLICATION = CaseKind.CARD_APPLICATION


def rows_from(kind, state, policy, without=()):
    triggers = {row.trigger for row in TABLES[kind].rows} - set(without)
    return [row for trigger in sorted(triggers) if (row := row_for(kind, state, trigger, policy))]


def reached(kind, policy, start=NEW, without=()):
    """Walk breadth first through what the real machine fires."""
    seen, frontier = {start}, [start]
    while frontier:
        frontier = [
            str(row.dest)
            for state in frontier
            for row in rows_from(kind, state, policy, without)
            if str(row.dest) not in seen and not seen.add(str(row.dest))
        ]
    return seen


@every
def test_every_case_can_come_to_an_end(kind, policy):
    finals = {str(state) for state in TABLES[kind].finals}
    for state in reached(kind, policy):
        assert reached(kind, policy, state) & finals, state


@every
def test_nothing_ever_leaves_a_final_state(kind, policy):
    for state in TABLES[kind].finals:
        assert rows_from(kind, str(state), policy) == []


@every
def test_the_machine_fires_exactly_the_rows_of_the_table(kind, policy):
    for state in reached(kind, policy):
        expected = {row.trigger for row in TABLES[kind].rows if row.source == state and row.fits(policy)}
        assert {row.trigger for row in rows_from(kind, state, policy)} == expected


@pytest.mark.rule("RV2-02", "RV2-03")
@applications
def test_no_card_is_made_without_the_second_review(policy):
    assert "manufacturing" in reached(APPLICATION, policy)
    assert "manufacturing" not in reached(APPLICATION, policy, without={"approve_second"})


@pytest.mark.rule("RV1-01", "RV1-06", "P-02")
@applications
def test_no_card_is_made_without_the_first_review_where_there_is_one(policy):
    for step in ("approve_first", "forward"):
        made = "manufacturing" in reached(APPLICATION, policy, without={step})
        assert made is not policy.first_review.value


@pytest.mark.rule("LTR-01", "P-02")
@applications
def test_nothing_is_reviewed_before_the_letter(policy):
    before = reached(APPLICATION, policy, without={"receive_letter"})
    assert before == {NEW, "uploaded", "withdrawn"}


@pytest.mark.rule("ACT-03", "ACT-04", "ACT-08", "P-05", "SUS-07")
@pytest.mark.parametrize("source", ["made", "packed", "posted", "mail_returned"])
def test_a_card_not_activated_in_90_days_is_suspended_by_gca_revoked_by_xca_lapses_at_moica(source):
    wanted = {
        Ca.GCA: ("suspended_unactivated", StatusChange.SUSPEND),
        Ca.XCA: ("revoked_unactivated", StatusChange.REVOKE),
        Ca.MOICA: ("lapsed", StatusChange.REVOKE),
    }
    for policy in policies.ALL:
        row = row_for(APPLICATION, source, "lapse_activation", policy)
        assert (str(row.dest), row.change) == wanted[policy.ca]
        assert row.bars is (policy.not_activated.value is Consequence.REVOKE)


@pytest.mark.rule("ACT-01", "ACT-02")
@applications
def test_certificates_come_into_force_only_by_activation(policy):
    for state in reached(APPLICATION, policy):
        for row in rows_from(APPLICATION, state, policy):
            assert (row.change is StatusChange.ACTIVATE) is (row.trigger == "activate")
    assert "activated" not in reached(APPLICATION, policy, without={"activate"})


@pytest.mark.rule("UCR-02", "UCR-03", "P-08")
def test_late_paper_is_decided_by_people_and_revives_nothing_revoked():
    gca, xca = (next(p for p in policies.ALL if p.ca is ca) for ca in (Ca.GCA, Ca.XCA))
    reset = CaseKind.USERCODE_RESET
    assert row_for(reset, "awaiting_paper", "lapse_paper", gca).change is StatusChange.SUSPEND
    assert row_for(reset, "awaiting_paper", "lapse_paper", xca).change is StatusChange.REVOKE
    assert row_for(reset, "late_paper", "accept_late", gca).change is StatusChange.RESUME
    assert row_for(reset, "late_paper_revoked", "accept_late", xca) is None


@pytest.mark.rule("UCR-02", "UCR-03", "P-15")
def test_the_new_code_is_mailed_by_gca_and_told_on_the_telephone_by_xca():
    gca, xca = (next(p for p in policies.ALL if p.ca is ca) for ca in (Ca.GCA, Ca.XCA))
    told = {
        policy.ca: {row.trigger for row in rows_from(CaseKind.USERCODE_RESET, "copy_received", policy)}
        - {"cancel"}
        for policy in (gca, xca)
    }
    assert told == {Ca.GCA: {"code_sent"}, Ca.XCA: {"tell_by_phone"}}


@every
def test_a_deadline_that_runs_is_stopped_or_can_fire(kind, policy):
    """Wherever a case may be while a deadline runs, its end has a row there."""
    table = TABLES[kind]
    for name, deadline in table.deadlines.items():
        if not deadline.trigger:
            continue
        for start in (row for row in table.rows if name in row.starts and row.fits(policy)):
            stopping = {row.trigger for row in table.rows if name in row.stops} | {deadline.trigger}
            for state in reached(kind, policy, str(start.dest), stopping) - {str(s) for s in table.finals}:
                assert row_for(kind, state, deadline.trigger, policy), (name, state)

"""The rules of MOICA, the CA of natural persons. Its own way of applying, at a counter, comes later."""

from __future__ import annotations

from datetime import date

from workflow.policy import Policy, Sourced
from workflow.vocabulary import Basis, Ca, Channel, Consequence, SubscriberKind

KINDS = frozenset({SubscriberKind.NATURAL_PERSON})

VERSIONS = (
    Policy(
        ca=Ca.MOICA,
        version="moica-2.0",
        in_force_from=date(2023, 1, 1),
        subscriber_kinds=Sourced(KINDS, ("APP-23",), "MOICA CPS §4.1"),
        first_review=Sourced(
            False, ("P-02", "RV1-07"), "MOICA CPS §1.3.2: the officer at the counter identifies"
        ),
        activation_days=Sourced(90, ("ACT-08",), "MOICA CPS §4.4"),
        activation_basis=Sourced(
            Basis.PREVIEW_SHOWN,
            ("ACT-08", "P-06"),
            "not said; the start of the preview is the only sensible day",
        ),
        activation_reminders=Sourced((30, 60, 80), ("NTC-04",), "not said; three warnings before the end"),
        not_activated=Sourced(
            Consequence.LAPSE,
            ("ACT-08", "P-05"),
            "MOICA CPS §4.4: the application lapses, nothing is published",
        ),
        reapplication_ban_months=Sourced(0, ("P-09",), "not said; no ban without a rule"),
        primary_renewal_days=Sourced(60, ("RNW-07", "P-10"), "MOICA CPS §4.6"),
        user_code_length=Sourced((6, 10), ("APP-26", "P-01"), "MOICA CPS §4.2: chosen by the applicant"),
        user_code_tries=Sourced(3, ("PIN-03",), "not said; as GCA's"),
        card_validity_years=Sourced(5, ("P-04", "RNW-08"), "MOICA CPS §6.3.2.2"),
        application_seals=Sourced({}, ("P-14",), "MOICA CPS §4.2: the applicant signs"),
        application_copies=Sourced(1, ("APP-24",), "MOICA CPS §4.2"),
        letter_chase_days=Sourced(
            (), ("APP-24",), "MOICA CPS §4.2: no letter, the applicant comes in person"
        ),
        post_kind=Sourced("掛號", ("CRD-05", "P-03"), "committee minutes, annex 2 §4.3.3"),
        holder_may_withhold=Sourced(
            True,
            ("RV2-05",),
            "MOICA CPS 2.3(4) and 4.4.2: published on issue, the holder may change it on the site",
        ),
        reset_told_by=Sourced(Channel.COUNTER, ("UCR-05", "P-15"), "MOICA CPS §3.2.3.3 (8)"),
        reset_paper_months=Sourced(1, ("P-08",), "not said; the counter keeps the form"),
        reset_reminder_days=Sourced((), ("UCR-05",), "not said"),
        reset_overdue=Sourced(Consequence.SUSPEND, ("P-08",), "not said; the milder of the two"),
        reset_seals=Sourced({}, ("P-14",), "MOICA CPS §3.2.3.3 (8): by signature"),
        online_unblock=Sourced(True, ("PIN-05",), "MOICA CPS §4.2: the user code unlocks a locked token"),
        online_suspension=Sourced(True, ("SUS-04", "SUS-06"), "MOICA CPS §4.9.15 and §4.9.17"),
        emergency_suspension=Sourced(
            True, ("SUS-04",), "MOICA CPS §3.5(1) and §4.9.15: by fax, with a call back"
        ),
        contact_change_by_card=Sourced(False, ("CTC-01",), "not said; a citizen's card has no contact"),
        agency_list_by_card=Sourced(False, ("STA-03",), "not said; a citizen is no agency"),
        request_kinds=Sourced(
            frozenset(), ("P-11",), "MOICA CPS §1.3.3: certificates of natural persons on cards only"
        ),
        request_subscribers=Sourced(frozenset(), ("P-11",), "MOICA CPS §1.3.3: none"),
        request_validity_years=Sourced(5, ("P-04",), "not said; none is issued"),
        request_acceptance=Sourced(False, ("RV2-05",), "not said; none is issued"),
        acceptance_days=Sourced(0, ("RV2-05",), "not said; none is issued"),
        acceptance_reminders=Sourced((), ("RV2-05",), "not said; none is issued"),
    ),
)

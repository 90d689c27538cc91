"""The rules of GCA, the CA of government agencies."""

from __future__ import annotations

from datetime import date

from workflow.policy import Policy, Sourced
from workflow.vocabulary import Basis, Ca, Channel, Consequence, RequestKind, SubscriberKind

KINDS = frozenset({SubscriberKind.AGENCY, SubscriberKind.UNIT, SubscriberKind.SCHOOL})

VERSIONS = (
    Policy(
        ca=Ca.GCA,
        version="gca-1",
        in_force_from=date(2011, 1, 1),
        subscriber_kinds=Sourced(
            KINDS, ("APP-11",), "GCA Q&A 3, questions 1-3: agencies, units, military and police schools"
        ),
        first_review=Sourced(
            False,
            ("P-02", "RV1-06"),
            "GCA Q&A 1, questions 1 and 5: the letter goes straight to the ministry",
        ),
        activation_days=Sourced(90, ("ACT-03",), "GCA Q&A 5, question 2"),
        activation_basis=Sourced(
            Basis.CARD_ISSUED, ("ACT-03", "P-06"), "GCA Q&A 5, question 2: after the issue date 發卡日期"
        ),
        activation_reminders=Sourced((30, 60, 80), ("NTC-01",), "not said; three warnings before the end"),
        not_activated=Sourced(Consequence.SUSPEND, ("ACT-03", "P-05", "SUS-07"), "GCA Q&A 5, question 2"),
        reapplication_ban_months=Sourced(0, ("P-09",), "not said; no ban without a rule"),
        primary_renewal_days=Sourced(60, ("APP-06", "RNW-02", "P-10"), "GCA Q&A 4, questions 3 and 8"),
        user_code_length=Sourced(
            (6, 10), ("APP-16", "P-01"), "not said; as XCA's, whose site now sets 6 to 10"
        ),
        user_code_tries=Sourced(3, ("PIN-03", "UCR-01"), "GCA Q&A 5, question 5"),
        card_validity_years=Sourced(5, ("CRD-10", "P-04"), "not said; as XCA's cards"),
        application_seals=Sourced(
            {}, ("APP-08", "P-14"), "GCA Q&A 1, question 6: no seal, the letter carries the form"
        ),
        application_copies=Sourced(1, ("APP-01",), "GCA Q&A 1, question 1"),
        letter_chase_days=Sourced(
            (14, 28), ("LTR-01",), "not said; an application without its letter waits for ever"
        ),
        post_kind=Sourced(
            "限時掛號", ("CRD-06", "P-03"), "GCA Q&A 5, question 9: to the contact's address; way not said"
        ),
        holder_may_withhold=Sourced(
            False, ("RV2-05",), "not said; an agency's signature has to be checkable by everybody"
        ),
        reset_told_by=Sourced(Channel.EMAIL, ("UCR-02", "P-15"), "GCA Q&A 5, question 7"),
        reset_paper_months=Sourced(1, ("UCR-02", "P-08"), "GCA Q&A 5, question 7"),
        reset_reminder_days=Sourced((14, 24), ("UCR-02",), "not said; two warnings before the month ends"),
        reset_overdue=Sourced(Consequence.SUSPEND, ("UCR-02", "P-08", "SUS-07"), "GCA Q&A 5, question 7"),
        reset_seals=Sourced(
            dict.fromkeys(KINDS, ("關防",)),
            ("UCR-02", "P-14"),
            "GCA Q&A 5, question 7: form with 關防 or with a letter",
        ),
        online_unblock=Sourced(True, ("PIN-02",), "GCA Q&A 5, questions 4 and 6"),
        online_suspension=Sourced(True, ("SUS-01",), "GCA Q&A 5, questions 8, 13 and 14"),
        emergency_suspension=Sourced(
            False, ("SUS-04",), "not said; GCA Q&A 5, question 14: online, by user code"
        ),
        contact_change_by_card=Sourced(True, ("CTC-01",), "GCA Q&A 5, question 10"),
        agency_list_by_card=Sourced(True, ("STA-03",), "GCA Q&A 4, question 1"),
        request_kinds=Sourced(
            frozenset(RequestKind),
            ("CSR-05", "P-11"),
            "GCA Q&A 3, question 9: agencies' and units' non-card, TLS, proprietary server AP",
        ),
        request_subscribers=Sourced(
            frozenset({SubscriberKind.AGENCY, SubscriberKind.UNIT}),
            ("CSR-05", "P-11"),
            "GCA Q&A 3, question 9: agencies and units; medical institutions are no kind of subscriber here yet",
        ),
        request_validity_years=Sourced(5, ("P-04",), "not said; as the cards"),
        request_acceptance=Sourced(False, ("RV2-05",), "not said; in force and published with the issue"),
        acceptance_days=Sourced(0, ("RV2-05",), "not said; in force and published with the issue"),
        acceptance_reminders=Sourced((), ("RV2-05",), "not said; in force and published with the issue"),
    ),
)

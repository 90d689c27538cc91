"""The rules of XCA, the CA of schools, foundations, associations and other organisations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from workflow.policy import Policy, Sourced
from workflow.vocabulary import Basis, Ca, Channel, Consequence, RequestKind, SubscriberKind

KINDS = frozenset(
    {
        SubscriberKind.SCHOOL,
        SubscriberKind.FOUNDATION,
        SubscriberKind.ASSOCIATION,
        SubscriberKind.ADMINISTRATIVE_CORPORATION,
        SubscriberKind.PROFESSIONAL_OFFICE,
        SubscriberKind.OTHER,
    }
)
SEALS = ("設立登記印鑑／圖記", "負責人印鑑")

FIRST = Policy(
    ca=Ca.XCA,
    version="xca-1",
    in_force_from=date(2010, 1, 1),
    subscriber_kinds=Sourced(KINDS, ("APP-10",), "XCA slides, section 1 (2/6)"),
    first_review=Sourced(True, ("P-02", "RV1-01"), "XCA slides, section 3 (1/3)"),
    activation_days=Sourced(90, ("ACT-04",), "XCA slides, section 3 (1/3) and (3/3)"),
    activation_basis=Sourced(
        Basis.CERTIFICATE_ISSUED,
        ("ACT-04", "P-06"),
        "XCA slides, section 3 (1/3): after issue of the certificate; (3/3) says 發卡日期, the later day",
    ),
    activation_reminders=Sourced((30, 60, 80), ("NTC-01",), "not said; three warnings before the end"),
    not_activated=Sourced(Consequence.REVOKE, ("ACT-04", "P-05"), "XCA slides, section 3 (1/3) and (3/3)"),
    reapplication_ban_months=Sourced(3, ("REV-05", "P-09"), "XCA slides, section 8 (4/5)"),
    primary_renewal_days=Sourced(
        90, ("RNW-06", "P-10"), "XCA slides, section 10 (4/7): notice from 90 days before expiry"
    ),
    user_code_length=Sourced(
        (6, 10),
        ("APP-16", "P-01"),
        "XCA slides, section 3.1 (6/12): six and more; the site now sets 6 to 10",
    ),
    user_code_tries=Sourced(
        3, ("PIN-03", "UCR-04"), "XCA slides, section 6.4 (2/2): more than three wrong entries"
    ),
    card_validity_years=Sourced(5, ("CRD-10", "P-04"), "XCA slides, section 3.1 (4/12)"),
    application_seals=Sourced(
        {kind: () if kind is SubscriberKind.SCHOOL else SEALS for kind in KINDS},
        ("APP-09", "P-14"),
        "XCA slides, sections 3.1b (8/12) and 3.1 (7/12): two seals, schools none",
    ),
    application_copies=Sourced(2, ("APP-09",), "XCA slides, section 3.1b (8/12): two copies"),
    letter_chase_days=Sourced(
        (14, 28), ("LTR-01",), "not said; an application without its letter waits for ever"
    ),
    post_kind=Sourced("限時掛號", ("CRD-05", "P-03"), "XCA slides, section 3 (1/3)"),
    holder_may_withhold=Sourced(
        True,
        ("RV2-05",),
        "not said; as MOICA's, since some organisations keep their addresses to themselves",
    ),
    reset_told_by=Sourced(
        Channel.PHONE, ("UCR-03", "P-15"), "XCA slides, section 6.4 (1/2): by telephone, else by fax"
    ),
    reset_paper_months=Sourced(1, ("UCR-03", "P-08"), "XCA slides name no period; GCA's month is used"),
    reset_reminder_days=Sourced((14, 24), ("UCR-03",), "not said; two warnings before the month ends"),
    reset_overdue=Sourced(Consequence.REVOKE, ("UCR-03", "P-08"), "XCA slides, section 6.4 (1/2)"),
    reset_seals=Sourced(
        {kind: ("學校關防",) if kind is SubscriberKind.SCHOOL else SEALS for kind in KINDS},
        ("UCR-03", "P-14"),
        "XCA slides, section 6.4 (1/2): both seals, school seal only for schools",
    ),
    online_unblock=Sourced(True, ("PIN-02",), "XCA slides, section 6.3"),
    online_suspension=Sourced(True, ("SUS-01",), "XCA slides, section 8 (4/5)"),
    emergency_suspension=Sourced(
        False, ("SUS-04",), "not said; XCA slides, section 8 (4/5): online, by user code"
    ),
    contact_change_by_card=Sourced(True, ("CTC-01",), "XCA slides, section 9"),
    agency_list_by_card=Sourced(False, ("STA-03",), "not said; only GCA's site offers it"),
    request_kinds=Sourced(
        frozenset({RequestKind.NON_CARD}), ("CSR-02", "P-11"), "XCA slides, section 3.2 (1/12)"
    ),
    request_subscribers=Sourced(
        frozenset({SubscriberKind.FOUNDATION, SubscriberKind.PROFESSIONAL_OFFICE}),
        ("CSR-02", "P-11"),
        "XCA slides, section 3.2 (1/12) and (2/12): 財團法人 and 自由職業事務所 only",
    ),
    request_validity_years=Sourced(5, ("CSR-02", "P-04"), "XCA slides, section 3.2 (2/12)"),
    request_acceptance=Sourced(False, ("ACT-06",), "not asked for until the next version"),
    acceptance_days=Sourced(0, ("ACT-07",), "not asked for until the next version"),
    acceptance_reminders=Sourced((), ("ACT-07",), "not asked for until the next version"),
)

# From this version on the subscriber of a certificate without a card checks its content and accepts it.
ACCEPTANCE = replace(
    FIRST,
    version="xca-2",
    in_force_from=date(2026, 11, 1),
    request_acceptance=Sourced(True, ("ACT-06",), "XCA slides, section 6.1, non-card (1/2)"),
    acceptance_days=Sourced(
        90, ("ACT-07", "P-07"), "XCA slides, section 6.1, non-card (1/2): 90 calendar days of issue"
    ),
    acceptance_reminders=Sourced((30, 60, 80), ("NTC-01",), "not said; three warnings, as for cards"),
)

VERSIONS = (FIRST, ACCEPTANCE)

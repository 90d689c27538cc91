# ruff: noqa: D401 - a guard's docstring states the rule that it upholds.
"""The guards: each asks one question of the facts and says why not.

A guard sees facts, policy and command, and nothing else. Its docstring cites the rule it upholds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.cases.table import guard
from workflow.commands import Command, Decide, PackCard, SubmitApplication
from workflow.days import taipei_day
from workflow.errors import NotAllowed, Refused, RegistryError, Stale, Words
from workflow.vocabulary import Rank, RequestKind, Role, Stage, Verdict

if TYPE_CHECKING:
    from workflow.facts import Facts
    from workflow.policy import Policy


@guard()
def agreement_accepted(_facts: Facts, _policy: Policy, command: Command) -> RegistryError | None:
    """The subscriber agreement is accepted before the form is filled (APP-13)."""
    if isinstance(command, SubmitApplication) and not command.agreement_accepted:
        return Refused("case.agreement_missing")
    return None


@guard()
def kind_is_served(facts: Facts, policy: Policy, _command: Command) -> RegistryError | None:
    """The CA serves this kind of subscriber (APP-10, APP-11)."""
    kind = facts.case.subscriber_kind
    if kind in policy.subscriber_kinds.value:
        return None
    return Refused("case.kind_not_served", ca=facts.case.ca.zh, kind=kind.zh if kind else "?")


@guard("organisation")
def may_apply(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """Some units may not apply, and are told why (APP-12)."""
    reason = facts.around.not_eligible
    return Refused("case.not_eligible", reason=reason) if reason else None


@guard("organisation")
def has_an_oid(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """Every organisation needs an OID before a card, for it goes into the certificate (OID-01)."""
    return None if facts.around.has_oid else Refused("case.oid_missing")


@guard()
def has_a_window(facts: Facts, policy: Policy, _command: Command) -> RegistryError | None:
    """Where a competent authority reviews first, there must be one: else the case would wait for ever (RV1-01)."""
    missing = policy.first_review.value and facts.case.window_id is None
    return Refused("case.no_window") if missing else None


@guard("ban")
def not_banned(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """After a revocation for late activation no new application for some months (REV-05)."""
    until = facts.around.banned_until
    if until and taipei_day(facts.now) < until:
        return Refused("case.banned", until=until.isoformat())
    return None


@guard("primary")
def only_primary(facts: Facts, policy: Policy, _command: Command) -> RegistryError | None:
    """At most one primary card an organisation, but for the renewal window before its expiry (APP-05, APP-06).

    A renewal is an application like any other, with its own user code and contact (RNW-04).
    """
    around = facts.around
    if facts.case.rank is not Rank.PRIMARY or around.primary_case is None:
        return None
    days = policy.primary_renewal_days.value
    if around.primary_expires and (around.primary_expires - taipei_day(facts.now)).days <= days:
        return None
    return Refused("case.primary_exists", other=around.primary_case, days=days)


@guard("letters")
def letter_is_here(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """Nothing is reviewed before the letter with the form has come (LTR-01)."""
    return None if facts.around.letters else Refused("case.letter_missing")


@guard()
def own_organisations_only(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """A window sees and decides only on the organisations it is the authority of (RV1-01, RV1-05)."""
    actor = facts.actor
    if (
        not actor.has(Role.FIRST_REVIEWER)
        or actor.window_id is None
        or actor.window_id != facts.case.window_id
    ):
        return NotAllowed("access.not_your_organisation")
    return None


@guard("decisions", "letters")
def another_person(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """One natural person never decides twice on a case nor on their own entry (ROL-03, ROL-07, design 3.8)."""
    person = facts.actor.person_id
    decided = {decision.person_id for decision in facts.around.decisions}
    if (
        person is None
        or person in decided
        or person == facts.case.entered_by
        or person in facts.around.clerks
    ):
        return Refused("case.four_eyes")
    return None


@guard()
def decides_on_what_was_seen(facts: Facts, _policy: Policy, command: Command) -> RegistryError | None:
    """A decision is bound to the hash of the snapshot that the reviewer saw (RV1-07, RV2-03)."""
    if isinstance(command, Decide) and command.seen_sha256 != facts.case.snapshot_sha256:
        return Stale("case.snapshot_changed")
    return None


@guard()
def reason_given(_facts: Facts, _policy: Policy, command: Command) -> RegistryError | None:
    """Whoever returns, refuses or allows an exception says why (APP-30, RV1-04)."""
    return None if str(getattr(command, "reason", "")).strip() else Refused("case.reason_missing")


@guard("decisions")
def first_review_stands(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """The second review needs a first one over the same snapshot where the CA has one (RV1-03, RV2-02)."""
    for decision in facts.around.decisions:
        approved = decision.stage is Stage.FIRST and decision.verdict is Verdict.APPROVE
        if approved and decision.snapshot_sha256 == facts.case.snapshot_sha256:
            return None
    return Stale("case.snapshot_changed")


@guard()
def card_fits_envelope(facts: Facts, _policy: Policy, command: Command) -> RegistryError | None:
    """The right card goes into the right envelope: both numbers name this case (CRD-06, CRD-07)."""
    if not isinstance(command, PackCard):
        return None
    if command.envelope_number != facts.case.number:
        return Refused("card.wrong_envelope", expected=command.envelope_number, found=facts.case.number)
    if facts.case.card_number is None or command.card_number.upper() != facts.case.card_number.upper():
        return Refused("card.wrong_envelope", expected=facts.case.number, found=command.card_number)
    return None


@guard("certificates")
def certificates_alive(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """A card whose certificates are suspended or revoked is not activated (SUS-08)."""
    return None if facts.around.certificates_alive else Refused("case.certificates_not_alive")


@guard("certificates")
def certificates_not_revoked(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """A revoked certificate never comes back (SUS-08, REV-01)."""
    around = facts.around
    alive = around.certificates_alive or around.certificates_suspended
    return None if alive else Refused("case.certificates_not_alive")


@guard()
def may_be_requested(facts: Facts, policy: Policy, _command: Command) -> RegistryError | None:
    """The CA issues this kind of certificate without a card, and to this kind of subscriber (P-11, CSR-02, CSR-05)."""
    asked, kind = facts.case.data.get("request_kind"), facts.case.subscriber_kind
    if asked in policy.request_kinds.value and kind in policy.request_subscribers.value:
        return None
    words = RequestKind(asked) if asked else RequestKind.NON_CARD
    return Refused(
        "request.kind_not_served",
        ca=facts.case.ca.zh,
        asked=Words(words.zh, words.en),
        kind=Words(kind.zh, kind.en) if kind else "?",
    )


@guard()
def no_hand_in_the_entry(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """Nobody approves a batch that they submitted or edited, however long ago (ROL-03, ROL-07)."""
    person = facts.actor.person_id
    return Refused("case.four_eyes") if person in facts.case.data.get("entered", ()) else None


@guard("items")
def something_to_issue(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """A batch of which every item has findings is not approved."""
    around = facts.around
    if not around.items_examined:
        return Refused("request.not_examined")
    return None if around.items_waiting else Refused("request.nothing_sound")


@guard("items")
def all_were_issued(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """A batch is issued when each of its items has its certificate."""
    around = facts.around
    done = around.items_issued and not around.items_waiting and not around.items_refused
    return None if done else Refused("request.not_done")


@guard("items")
def some_were_issued(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """One bad item holds up no other: a batch may end with some certificates and some refusals."""
    around = facts.around
    done = around.items_issued and around.items_refused and not around.items_waiting
    return None if done else Refused("request.not_done")


@guard("items")
def some_wait_for_acceptance(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """A batch is handed over for acceptance when nothing of it waits any more and something was issued (ACT-06)."""
    around = facts.around
    done = around.items_issued and not around.items_waiting
    return None if done else Refused("request.not_done")


@guard("items")
def something_to_accept(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """A batch of which every certificate was revoked meanwhile can't come into force (ACT-06, REV-01)."""
    return None if facts.around.items_alive else Refused("request.nothing_to_accept")


@guard("items")
def none_was_issued(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """A batch whose every item was refused at the gate ends without a certificate."""
    around = facts.around
    done = around.items_refused and not around.items_waiting and not around.items_issued
    return None if done else Refused("request.not_done")


@guard("resets")
def no_other_reset(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """A card has one reset under way at a time, however many forms were filled for it (UCR-02, UCR-03)."""
    other = facts.around.other_reset
    return None if other is None else Refused("usercode.other_reset", number=other)


@guard("holds")
def not_held_elsewhere(facts: Facts, _policy: Policy, _command: Command) -> RegistryError | None:
    """What one case allows does not undo what another case of the same card has suspended (SUS-08)."""
    return Refused("case.certificates_not_alive") if facts.around.held_elsewhere else None

"""A CA's rules as data: each number with the rule and the source it was read from.

A case remembers the version of the policy it was opened under, so a later amendment never rewrites a running case.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from workflow.vocabulary import Basis, Ca, Channel, Consequence, RequestKind, SubscriberKind

T = TypeVar("T")


@dataclass(frozen=True)
class Sourced(Generic[T]):
    """A value of a policy, with the ids of the rules that set it and where they were read.

    `source` says "not said" with our reason where the documents are silent.
    """

    value: T
    rules: tuple[str, ...]
    source: str


# Compared by identity: a version exists once, and what depends on it can be remembered.
@dataclass(frozen=True, eq=False)
class Policy:
    """The rules of one CA in one version, in force from a date (CPS-03)."""

    ca: Ca
    version: str
    in_force_from: date
    subscriber_kinds: Sourced[frozenset[SubscriberKind]]
    first_review: Sourced[bool]
    """Whether a competent authority's window reviews before the CA agency does (P-02)."""
    activation_days: Sourced[int]
    """Calendar days within which a card must be activated (ACT-03, ACT-04)."""
    activation_basis: Sourced[Basis]
    activation_reminders: Sourced[tuple[int, ...]]
    """Days after the basis on which the holder is reminded."""
    not_activated: Sourced[Consequence]
    reapplication_ban_months: Sourced[int]
    """Months without a new application after a revocation for late activation; 0 for none (P-09)."""
    primary_renewal_days: Sourced[int]
    """Days before the primary card's expiry from which another may be applied for (APP-06)."""
    user_code_length: Sourced[tuple[int, int]]
    user_code_tries: Sourced[int]
    card_validity_years: Sourced[int]
    application_seals: Sourced[Mapping[SubscriberKind, tuple[str, ...]]]
    """Seal boxes on the application form, by subscriber kind (P-14)."""
    application_copies: Sourced[int]
    letter_chase_days: Sourced[tuple[int, ...]]
    """Days after the upload on which a missing official letter is chased."""
    post_kind: Sourced[str]
    holder_may_withhold: Sourced[bool]
    """Whether the holder may take published certificates out of the repository (RV2-05); they are in by default."""
    reset_told_by: Sourced[Channel]
    reset_paper_months: Sourced[int]
    """Months within which the paper of a user-code reset must be back (P-08)."""
    reset_reminder_days: Sourced[tuple[int, ...]]
    reset_overdue: Sourced[Consequence]
    reset_seals: Sourced[Mapping[SubscriberKind, tuple[str, ...]]]
    online_unblock: Sourced[bool]
    """Whether a locked PIN is set anew on the site with card and user code."""
    online_suspension: Sourced[bool]
    """Whether holders suspend and resume on the site with card number and user code."""
    emergency_suspension: Sourced[bool]
    """Whether the desk suspends without card and user code, by papers sent to it and a call back (SUS-04)."""
    contact_change_by_card: Sourced[bool]
    """Whether the contact is changed on the site with card and PIN."""
    agency_list_by_card: Sourced[bool]
    """Whether card and PIN show all certificates of the organisation."""
    request_kinds: Sourced[frozenset[RequestKind]]
    """Kinds of certificates that may be asked for with a signing request, without a card (P-11)."""
    request_subscribers: Sourced[frozenset[SubscriberKind]]
    """Kinds of subscribers that may have them."""
    request_validity_years: Sourced[int]
    request_acceptance: Sourced[bool]
    """Whether a certificate on a request comes into force only when its subscriber has accepted it (ACT-06)."""
    acceptance_days: Sourced[int]
    """Calendar days from the issue within which they must be accepted; else they are revoked (ACT-07)."""
    acceptance_reminders: Sourced[tuple[int, ...]]
    """Days after the issue on which the contact is reminded."""

    def get(self, name: str) -> Any:
        """Return the value of the field called `name`; KeyError for a field that isn't there."""
        found = getattr(self, name, None)
        if not isinstance(found, Sourced):
            raise KeyError(name)
        return found.value

    def citations(self) -> dict[str, tuple[str, ...]]:
        """Return, for each field, the ids of the rules that set it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value.rules for name, value in values.items() if isinstance(value, Sourced)}

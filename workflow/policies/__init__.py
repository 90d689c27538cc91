"""The policies of each CA, one file a CA, nothing but literals; here they are found by date or by version.

A change of a number is a new version with its own date, never an edit of an old one: running cases keep theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.policies import gca, moica, xca

if TYPE_CHECKING:
    from datetime import date

    from workflow.policy import Policy
    from workflow.vocabulary import Ca

ALL: tuple[Policy, ...] = (*gca.VERSIONS, *xca.VERSIONS, *moica.VERSIONS)
_BY_VERSION = {policy.version: policy for policy in ALL}


def by_version(version: str) -> Policy:
    """Return the policy a case was opened under; KeyError for a version that never was."""
    return _BY_VERSION[version]


def in_force(ca: Ca, on: date, among: tuple[Policy, ...] = ALL) -> Policy:
    """Return the policy of `ca` in force on a day: the latest that began by then. LookupError if none did."""
    begun = [policy for policy in among if policy.ca is ca and policy.in_force_from <= on]
    if not begun:
        raise LookupError(f"no policy of {ca} was in force on {on.isoformat()}")
    return max(begun, key=lambda policy: policy.in_force_from)

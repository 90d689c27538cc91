"""Commands on the accounts of the staff: made while the house is founded, proposed and confirmed afterwards (ROL-02)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflow.commands import Command

if TYPE_CHECKING:
    from workflow.vocabulary import Role


@dataclass(frozen=True, kw_only=True)
class AccountCommand(Command):
    """An account to be made.

    `window` is the name of a first reviewer's window. `same_person_as` is the login of another account of the same
    natural person; what one did binds the other (ROL-03).
    """

    login: str
    name: str
    roles: frozenset[Role]
    password: str = field(repr=False)
    window: str | None = None
    same_person_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class AddAccount(AccountCommand):
    """Make an account at the machine. Trusted roles are refused once two people are there to give them.

    `alone_because` breaks the glass: the account is made all the same, the reason is audited, and a finding stands
    until somebody else has confirmed it.
    """

    alone_because: str = ""


@dataclass(frozen=True, kw_only=True)
class ProposeAccount(AccountCommand):
    """Propose an account; the proposer signs what it shall be. `password` is the new person's own."""

    signing_password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ConfirmProposal(Command):
    """Confirm a proposal, or an account that was made alone, exactly as it was seen; signed by the one who confirms."""

    login: str
    seen_sha256: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class WithdrawProposal(Command):
    """Take a proposal back, or turn it down; the login is free again."""

    login: str
    reason: str

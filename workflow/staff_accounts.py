"""What an account of the staff may be: its login, roles that go together, and which of them two people have to give."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Final

from workflow.errors import Refused, Words
from workflow.vocabulary import STAFF_ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.commands_of_people import AccountCommand

REVIEWERS: Final = frozenset({Role.FIRST_REVIEWER, Role.SECOND_REVIEWER})
# Reviewers sign their decisions, and the people of ROL-02 what is done to the authorities' keys.
SIGNERS: Final = REVIEWERS | {Role.ADMINISTRATOR, Role.AUDITOR, Role.CONTROLLER}
TRUSTED: Final = frozenset(
    {Role.ADMINISTRATOR, Role.SECOND_REVIEWER, Role.AUDITOR, Role.OPERATOR, Role.CONTROLLER}
)
"""The five trusted roles (ROL-01), which nobody gives alone once the registry is at work (ROL-02, ROL-07)."""
SHORTEST_PASSWORD: Final = 12
LOGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
"""A login stands in file names, commands and the audit log, so that nothing in it means anything there."""
_APART = (Role.ADMINISTRATOR, Role.SECOND_REVIEWER, Role.AUDITOR)
EXCLUSIVE: Final = (
    # Administrator, officer and auditor are three people, each of whom may operate as well (ROL-03).
    *(frozenset(pair) for pair in combinations(_APART, 2)),
    # Nobody audits himself (ROL-03).
    *(
        frozenset({Role.AUDITOR, role})
        for role in sorted(STAFF_ROLES - {Role.OPERATOR, Role.CONTROLLER, *_APART})
    ),
    # A controller of physical security has no other role (ROL-03).
    *(frozenset({Role.CONTROLLER, role}) for role in sorted(STAFF_ROLES - {Role.CONTROLLER})),
    # The two reviews are two agencies' (RV2-01).
    frozenset({Role.FIRST_REVIEWER, Role.SECOND_REVIEWER}),
)


def require_sound(new: AccountCommand) -> None:
    """Raise Refused with an `account.…` code for an account that can't be made so, whoever asks for it."""
    if not LOGIN.fullmatch(new.login):
        raise Refused("account.login_form", login=new.login[:64])
    if not new.name.strip():
        raise Refused("account.name_missing")
    if not new.name.replace("\u3000", " ").isprintable():
        # Whoever confirms reads the name beside the roles; it must not be able to write lines of its own there.
        raise Refused("account.name_form")
    if not new.roles or new.roles - STAFF_ROLES:
        raise Refused("account.roles", roles=_listed(STAFF_ROLES))
    require_compatible(new.roles)
    if (Role.FIRST_REVIEWER in new.roles) != (new.window is not None):
        raise Refused("account.window")
    if len(new.password) < SHORTEST_PASSWORD:
        raise Refused("account.password_short", least=SHORTEST_PASSWORD)


def require_compatible(roles: Iterable[Role]) -> None:
    """Raise Refused for roles that one natural person never holds together, in however many accounts (ROL-03)."""
    held = frozenset(roles)
    for pair in EXCLUSIVE:
        if pair <= held:
            raise Refused("account.roles_apart", roles=_listed(pair))


def _listed(roles: Iterable[Role]) -> Words:
    ordered = sorted(roles)
    return Words("、".join(one.zh for one in ordered), ", ".join(str(one) for one in ordered))

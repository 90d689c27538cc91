"""How many people of which trusted roles it takes to touch an authority's key; nobody can finish it alone."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from workflow.vocabulary import KeyDuty, KeyTask, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

# Rule ROL-02, MOICA CPS §5.2.2: CA key generation and backup take two administrators, an auditor and a controller.
_KEY_WORK: Final = MappingProxyType({Role.ADMINISTRATOR: 2, Role.AUDITOR: 1, Role.CONTROLLER: 1})
# Rule ROL-02: starting and stopping to issue take two officers and a controller.
_ISSUING: Final = MappingProxyType({Role.SECOND_REVIEWER: 2, Role.CONTROLLER: 1})

# Rule ROL-08, MOICA CPS §6.2: shares are held by administrators and by officers; the plan names the set for each ceremony.
COPY_HOLDERS: Final = frozenset({Role.ADMINISTRATOR, Role.SECOND_REVIEWER})

PEOPLE: Final[Mapping[KeyTask | KeyDuty, Mapping[Role, int]]] = MappingProxyType(
    {
        KeyTask.CEREMONY: _KEY_WORK,
        KeyTask.ROLLOVER: _KEY_WORK,
        KeyTask.RETIREMENT: _ISSUING,
        # Rule ROL-08: the end of a key and its return from a backup take the people who made it.
        KeyTask.DESTRUCTION: _KEY_WORK,
        KeyTask.RESTORATION: _KEY_WORK,
        # Nobody says who revokes an authority: what can't be taken back is done by those who make and end keys.
        KeyTask.REVOCATION: _KEY_WORK,
        KeyDuty.SHARING: _KEY_WORK,
        # Nobody says who makes what the secrets of all cards follow from: those who make the authorities' keys.
        KeyDuty.CARD_MASTER_KEY: _KEY_WORK,
        KeyDuty.ACTIVATION: _ISSUING,
        KeyDuty.DEACTIVATION: _ISSUING,
    }
)

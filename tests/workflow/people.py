"""The people who work on authorities' keys, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.workflow.registry import PASSWORD
from workflow.commands_of_authorities import Hand
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from tests.workflow.registry import Registry
    from workflow.facts import Actor


def key_workers(registry: Registry) -> tuple[Actor, ...]:
    """Return two administrators, an auditor and a controller (ROL-02)."""
    roles = (Role.ADMINISTRATOR, Role.ADMINISTRATOR, Role.AUDITOR, Role.CONTROLLER)
    return tuple(registry.account(role) for role in roles)


def issuing_workers(registry: Registry) -> tuple[Actor, ...]:
    """Return two officers and a controller (ROL-02)."""
    roles = (Role.SECOND_REVIEWER, Role.SECOND_REVIEWER, Role.CONTROLLER)
    return tuple(registry.account(role) for role in roles)


def hands(*people: Actor) -> tuple[Hand, ...]:
    return tuple(Hand(one.account_id or 0, PASSWORD) for one in people)

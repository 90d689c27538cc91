"""The shape of an act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workflow.facts import Actor
from workflow.office import Office
from workflow.outcome import Outcome
from workflow.store.unit_of_work import UnitOfWork
from workflow.vocabulary import STAFF_ROLES, Role

if TYPE_CHECKING:
    from workflow.commands import Command

Prepare = Callable[[Office, Any, Actor], Any]
Apply = Callable[[UnitOfWork, Any, Actor, Any], Outcome]

ANYONE = frozenset(Role)
STAFF = STAFF_ROLES
PUBLIC = frozenset({Role.APPLICANT, Role.HOLDER})


@dataclass(frozen=True)
class Act:
    """How one kind of command is carried out.

    `prepare` does what is slow or reads much before the transaction, and returns what `apply` needs of it.
    An empty `roles` means that the case's table decides who may.
    """

    command: type[Command]
    apply: Apply
    roles: frozenset[Role] = frozenset()
    prepare: Prepare | None = None

"""All checks of the reconciliation, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workflow.store import schema as t
from workflow.watching.reconciling.card_certificates import pairing_faults
from workflow.watching.reconciling.cards import card_faults
from workflow.watching.reconciling.cases import case_faults
from workflow.watching.reconciling.certificates import certificate_faults
from workflow.watching.reconciling.keys import key_faults
from workflow.watching.reconciling.letters import letter_faults
from workflow.watching.reconciling.lists import list_faults
from workflow.watching.reconciling.places import place_faults
from workflow.watching.reconciling.stock import stock_faults
from workflow.watching.reconciling.work import work_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.commands_of_watches import Found
    from workflow.office import Office

_COUNTED = (
    "registry_case",
    "certificate",
    "card",
    "mail_item",
    "crl",
    "deadline",
    "outbox",
    "line_job",
    "letter",
    "stock_entry",
)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many rows of each book were there, and every disagreement."""

    examined: Mapping[str, int]
    found: tuple[Found, ...]


def reconcile(office: Office) -> Reconciled:
    """Compare all books with one another, in one reading."""
    now = office.clock.now()
    with office.reading() as connection:
        if connection.dialect.name == "postgresql":
            # One snapshot for all checks, so that what changes meanwhile is no disagreement.
            connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901
        examined = {
            name: int(
                connection.execute(
                    sa.select(sa.func.count()).select_from(t.metadata.tables[name])
                ).scalar_one()
            )
            for name in _COUNTED
        }
        found = (
            *certificate_faults(connection),
            *case_faults(connection, now),
            *card_faults(connection, now),
            *list_faults(office, connection, now),
            *work_faults(connection),
            *letter_faults(connection),
            *stock_faults(connection),
            *place_faults(connection),
            *pairing_faults(connection),
            *key_faults(connection, now),
        )
    return Reconciled(examined, found)

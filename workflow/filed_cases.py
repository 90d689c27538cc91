"""A case together with its current form and its organisation, as performers and sheets need it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import canonical_json, sha256_hex
from workflow.errors import NotFound
from workflow.store import schema as t
from workflow.store.loading import case_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.facts import CaseFacts


@dataclass(frozen=True)
class FiledCase:
    """A case with the values of its current form."""

    case: CaseFacts
    values: Mapping[str, Any]
    """What the form says; several may share it, and nobody changes it."""
    values_sha256: str
    """The hash of just these values."""
    sha256: str
    """The hash that was filed with the form, to which approvals are bound."""
    filed_at: Any
    organisation: Mapping[str, Any]


C, F, O = t.case.c, t.form_revision.c, t.organisation.c  # noqa: E741 - the organisation's columns, beside their siblings.
_OF = "of_"
"""What the organisation's columns are called beside those of the case."""
_FILED = (
    sa.select(
        t.case,
        sa.cast(F["values"], sa.Text).label("answers"),
        F.sha256.label("form_sha256"),
        F.at.label("filed_at"),
        *(column.label(_OF + column.name) for column in O),
    )
    .join(t.form_revision, (F.case_id == C.id) & (F.revision == C.revision))
    .outerjoin(t.organisation, O.id == C.organisation_id)
    .where(C.id == sa.bindparam("b_id"))
)


def filed_case(connection: sa.Connection, case_id: int) -> FiledCase:
    """Load a case with its current form; NotFound when there is none."""
    row = connection.execute(_FILED, {"b_id": case_id}).first()
    if row is None:
        raise NotFound("case.not_found")
    names = O.keys() if row.of_id is not None else ()
    organisation = {name: getattr(row, _OF + name) for name in names}
    values, sha256 = _values(row.answers)
    return FiledCase(case_facts(row), values, sha256, row.form_sha256, row.filed_at, organisation)


# A large batch is issued in many pieces of work, and each of them reads the whole form.
@lru_cache(maxsize=4)
def _values(text: str) -> tuple[Mapping[str, Any], str]:
    """Return what a form's JSON says, and the hash of it; the text itself is what is remembered, so no change is missed."""
    values = json.loads(text)
    return MappingProxyType(values), sha256_hex(canonical_json(values))

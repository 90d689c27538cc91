"""A case together with its current form and its organisation, as performers and sheets need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workflow.errors import NotFound
from workflow.store import schema as t
from workflow.store.loading import load_cases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.facts import CaseFacts


@dataclass(frozen=True)
class FiledCase:
    """A case with the values of its current form."""

    case: CaseFacts
    values: Mapping[str, Any]
    sha256: str
    filed_at: Any
    organisation: Mapping[str, Any]


def filed_case(connection: sa.Connection, case_id: int) -> FiledCase:
    """Load a case with its current form; NotFound when there is none."""
    case = load_cases(connection, [case_id], lock=False).get(case_id)
    if case is None:
        raise NotFound("case.not_found")
    f, o = t.form_revision.c, t.organisation.c
    form = connection.execute(
        sa.select(f["values"].label("answers"), f.sha256, f.at).where(
            f.case_id == case.id, f.revision == case.revision
        )
    ).first()
    query = sa.select(t.organisation).where(o.id == case.organisation_id)
    organisation = connection.execute(query).mappings().first()
    if form is None:
        raise NotFound("case.not_found")
    return FiledCase(case, form.answers, form.sha256, form.at, dict(organisation or {}))

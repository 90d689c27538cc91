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
from workflow.store.loading import load_cases

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


def filed_case(connection: sa.Connection, case_id: int) -> FiledCase:
    """Load a case with its current form; NotFound when there is none."""
    case = load_cases(connection, [case_id], lock=False).get(case_id)
    if case is None:
        raise NotFound("case.not_found")
    f, o = t.form_revision.c, t.organisation.c
    form = connection.execute(
        sa.select(sa.cast(f["values"], sa.Text).label("answers"), f.sha256, f.at).where(
            f.case_id == case.id, f.revision == case.revision
        )
    ).first()
    query = sa.select(t.organisation).where(o.id == case.organisation_id)
    organisation = connection.execute(query).mappings().first()
    if form is None:
        raise NotFound("case.not_found")
    values, sha256 = _values(form.answers)
    return FiledCase(case, values, sha256, form.sha256, form.at, dict(organisation or {}))


# A large batch is issued in many pieces of work, and each of them reads the whole form.
@lru_cache(maxsize=4)
def _values(text: str) -> tuple[Mapping[str, Any], str]:
    """Return what a form's JSON says, and the hash of it; the text itself is what is remembered, so no change is missed."""
    values = json.loads(text)
    return MappingProxyType(values), sha256_hex(canonical_json(values))

"""The canonical snapshot of what a reviewer sees: form, attachments and policy version; decisions are bound to its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from forms.canonical import canonical_json, sha256_hex
from workflow.store import schema as t
from workflow.vocabulary import LetterDirection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workflow.facts import CaseFacts

D, L, F = t.document.c, t.letter_case.c, t.form_revision.c
# Letters of our own, such as the window's, come after a decision and are no part of what it was about.
_ATTACHED = (
    sa.select(D.sha256)
    .join(t.letter_case, L.letter_id == D.letter_id)
    .join(t.letter, t.letter.c.id == D.letter_id)
    .where(L.case_id == sa.bindparam("b_case"), t.letter.c.direction == str(LetterDirection.INCOMING))
)
_FORM = sa.select(F.sha256).where(
    F.case_id == sa.bindparam("b_case"), F.revision == sa.bindparam("b_revision")
)
_ON_FILE = sa.union_all(
    _FORM.add_columns(sa.true().label("is_form")), _ATTACHED.add_columns(sa.false().label("is_form"))
)


def snapshot_sha256(connection: sa.Connection, case: CaseFacts, revision: int, form_sha256: str) -> str:
    """Return the SHA-256 of a case's snapshot with this revision of its form."""
    attached = connection.execute(_ATTACHED, {"b_case": case.id}).scalars().all()
    return _sha256(case, revision, form_sha256, attached)


def filed_snapshot_sha256(connection: sa.Connection, case: CaseFacts) -> str:
    """Return the SHA-256 of a case's snapshot with what is on file now."""
    rows = connection.execute(_ON_FILE, {"b_case": case.id, "b_revision": case.revision}).all()
    form = next((row.sha256 for row in rows if row.is_form), "")
    return _sha256(case, case.revision, form, [row.sha256 for row in rows if not row.is_form])


def _sha256(case: CaseFacts, revision: int, form_sha256: str, attached: Sequence[str]) -> str:
    # The auditor can rebuild it.
    snapshot = {
        "number": case.number,
        "ca": str(case.ca),
        "kind": str(case.kind),
        "rank": str(case.rank) if case.rank else None,
        "organisation": case.organisation_id,
        "revision": revision,
        "form": form_sha256,
        "attachments": sorted(attached),
        "policy": case.policy_version,
    }
    return sha256_hex(canonical_json(snapshot))

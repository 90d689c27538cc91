"""The canonical snapshot of what a reviewer sees: form, attachments and policy version; decisions are bound to its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from forms.canonical import canonical_json, sha256_hex
from workflow.store import schema as t
from workflow.vocabulary import LetterDirection

if TYPE_CHECKING:
    from workflow.facts import CaseFacts


def snapshot_sha256(connection: sa.Connection, case: CaseFacts, revision: int, form_sha256: str) -> str:
    """Return the SHA-256 of a case's snapshot with this revision of its form."""
    return sha256_hex(canonical_json(snapshot(connection, case, revision, form_sha256)))


def snapshot(
    connection: sa.Connection, case: CaseFacts, revision: int, form_sha256: str
) -> dict[str, object]:
    """Return the snapshot itself, as the auditor can rebuild it."""
    d, link = t.document.c, t.letter_case.c
    # Letters of our own, such as the window's, come after a decision and are no part of what it was about.
    attachments = connection.execute(
        sa.select(d.sha256)
        .join(t.letter_case, link.letter_id == d.letter_id)
        .join(t.letter, t.letter.c.id == d.letter_id)
        .where(link.case_id == case.id, t.letter.c.direction == str(LetterDirection.INCOMING))
    ).scalars()
    return {
        "number": case.number,
        "ca": str(case.ca),
        "kind": str(case.kind),
        "rank": str(case.rank) if case.rank else None,
        "organisation": case.organisation_id,
        "revision": revision,
        "form": form_sha256,
        "attachments": sorted(attachments),
        "policy": case.policy_version,
    }


def form_sha256(connection: sa.Connection, case: CaseFacts) -> str:
    """Return the hash of the current revision of a case's form."""
    f = t.form_revision.c
    query = sa.select(f.sha256).where(f.case_id == case.id, f.revision == case.revision)
    return str(connection.execute(query).scalar() or "")

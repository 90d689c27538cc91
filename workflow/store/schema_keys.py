"""The list of keys that must never be certified: known to be compromised, here or elsewhere."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import key, metadata, moment, text

compromised_key = sa.Table(
    "compromised_key",
    metadata,
    key(),
    # SHA-256 over the SubjectPublicKeyInfo in lower-case hexadecimal, as in `certificate`.
    text("spki_sha256", unique=True),
    text("source"),
    text("listed_by"),
    moment("listed_at"),
)

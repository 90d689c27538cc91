"""Tables of certificate requests: the signing requests of a batch, each with what was found and what became of it."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import Json, key, metadata, moment, number, ref, text, word
from workflow.vocabulary import ItemState

request_item = sa.Table(
    "request_item",
    metadata,
    key(),
    ref("case_id", "registry_case"),
    # The items of an earlier revision stay as they were.
    number("revision"),
    number("position"),
    text("label"),
    sa.Column("csr", sa.LargeBinary, nullable=False),
    text("csr_sha256"),
    word("state", ItemState),
    # What the gate and the lints found: code, field, and a sentence in each language.
    sa.Column("findings", Json, nullable=False),
    moment("examined_at", null=True),
    moment("settled_at", null=True),
    sa.UniqueConstraint("case_id", "revision", "position"),
    sa.Index("ix_request_item_case_state", "case_id", "revision", "state"),
)

"""The table of the staff's cards: each is one account's, and an account has one at a time."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import key, metadata, moment, ref, text, word
from workflow.vocabulary import StaffCardState

_LIVE = "state <> 'ended'"

staff_card = sa.Table(
    "staff_card",
    metadata,
    key(),
    ref("account_id", "account", index=True),
    text("csn", unique=True),
    text("number"),
    word("state", StaffCardState),
    sa.Column("spki", sa.LargeBinary, nullable=True),
    text("spki_sha256", null=True, unique=True),
    # Stored before the card is told; the PIN is forgotten once its holder has another.
    sa.Column("pin_sealed", sa.LargeBinary, nullable=True),
    sa.Column("puk_sealed", sa.LargeBinary, nullable=True),
    sa.Column("management_key_sealed", sa.LargeBinary, nullable=True),
    ref("made_by", "account"),
    moment("ordered_at"),
    moment("made_at", null=True),
    moment("ended_at", null=True),
    text("reason"),
    sa.Index(
        "ix_staff_card_live",
        "account_id",
        unique=True,
        postgresql_where=sa.text(_LIVE),
        sqlite_where=sa.text(_LIVE),
    ),
)

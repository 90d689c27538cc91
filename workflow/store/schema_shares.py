"""Shares of the secret that opens the authorities' keys: who holds which, and each under its holder's passphrase."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import key, metadata, moment, number, ref, text, word
from workflow.vocabulary import ShareSetState

share_set = sa.Table(
    "share_set",
    metadata,
    key(),
    # The id that each share of the set says.
    text("set_id", unique=True),
    text("purpose"),
    number("threshold"),
    word("state", ShareSetState),
    moment("made_at"),
    moment("ended_at", null=True),
    # Only one set opens the keys.
    sa.Index(
        "uq_share_set_in_force",
        "purpose",
        unique=True,
        sqlite_where=sa.text("state = 'in_force'"),
        postgresql_where=sa.text("state = 'in_force'"),
    ),
)

key_share = sa.Table(
    "key_share",
    metadata,
    key(),
    ref("share_set_id", "share_set"),
    number("number"),
    ref("holder_id", "account"),
    # The sealed share; empty when it is on a medium of its holder's alone, or was destroyed.
    text("sealed", null=True),
    sa.UniqueConstraint("share_set_id", "number"),
    sa.UniqueConstraint("share_set_id", "holder_id"),
)

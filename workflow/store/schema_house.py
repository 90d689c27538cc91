"""Tables of the house: people, windows, organisations, counters, the audit log and the demonstration's clock."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import BigId, Json, key, metadata, moment, number, ref, text, word
from workflow.vocabulary import Ca, SubscriberKind

person = sa.Table("person", metadata, key(), text("name"))

review_window = sa.Table(
    "review_window",
    metadata,
    key(),
    text("name", unique=True),
    text("agency_code"),
    text("county"),
    sa.Column("kinds", Json, nullable=False),
    text("address"),
    text("phone"),
    text("email"),
)

account = sa.Table(
    "account",
    metadata,
    key(),
    text("login", unique=True),
    ref("person_id", "person"),
    sa.Column("roles", Json, nullable=False),
    ref("window_id", "review_window", null=True),
    text("password_hash"),
    number("failed_log_ins", 0),
    moment("locked_until", null=True),
    # Raised when its holder leaves: whoever still has a cookie of before is logged out with it.
    number("session_epoch", 0),
    sa.Column("signing_key", sa.LargeBinary, nullable=True),
    sa.Column("signing_spki", sa.LargeBinary, nullable=True),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
)

organisation = sa.Table(
    "organisation",
    metadata,
    key(),
    word("ca", Ca),
    text("name"),
    text("oid", null=True),
    text("ubn", null=True),
    text("agency_code", null=True),
    word("kind", SubscriberKind),
    text("county"),
    text("town"),
    text("postal_code"),
    text("address"),
    text("phone"),
    text("email"),
    ref("window_id", "review_window", null=True, index=True),
    text("not_eligible", null=True),
    sa.UniqueConstraint("ca", "oid"),
    sa.Index("ix_organisation_name", "name"),
    sa.Index("ix_organisation_ubn", "ubn"),
)

ban = sa.Table(
    "ban",
    metadata,
    key(),
    word("ca", Ca),
    ref("organisation_id", "organisation", index=True),
    sa.Column("until", sa.Date, nullable=False),
    ref("case_id", "registry_case"),
    moment("at"),
)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", BigId, nullable=False),
)

breaker = sa.Table(
    "breaker",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("open", sa.Boolean, nullable=False),
    number("count", 0),
    number("allowance", 0),
    text("reason"),
    moment("at"),
)

clock_offset = sa.Table(
    "clock_offset",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("seconds", sa.BigInteger, nullable=False),
)

audit_entry = sa.Table(
    "audit_entry",
    metadata,
    key(),
    moment("at"),
    text("kind"),
    text("actor"),
    sa.Column("case_id", BigId, nullable=True, index=True),
    number("case_version", null=True),
    text("body"),
)

audit_leaf = sa.Table(
    "audit_leaf",
    metadata,
    sa.Column("leaf_index", BigId, primary_key=True, autoincrement=False),
    sa.Column("entry_id", BigId, nullable=False, unique=True),
    sa.Column("leaf_hash", sa.LargeBinary(32), nullable=False),
)

audit_checkpoint = sa.Table(
    "audit_checkpoint",
    metadata,
    sa.Column("size", BigId, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    # The peaks of the tree let the next checkpoint be made without reading the old leaves.
    sa.Column("peaks", sa.LargeBinary, nullable=False),
    moment("at"),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)

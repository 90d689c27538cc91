"""Tables of cases: the case, its form's revisions, history, decisions, deadlines and outbox."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import BigId, Json, key, metadata, moment, number, ref, text, word
from workflow.vocabulary import (
    Ca,
    CaseKind,
    DeadlineState,
    Lane,
    OutboxState,
    Rank,
    Stage,
    SubscriberKind,
    Verdict,
)

case = sa.Table(
    "registry_case",
    metadata,
    key(),
    text("number", unique=True),
    word("ca", Ca),
    word("kind", CaseKind),
    text("state"),
    number("version", 0),
    text("policy_version"),
    ref("organisation_id", "organisation", null=True, index=True),
    ref("window_id", "review_window", null=True, index=True),
    text("subject_name"),
    word("subscriber_kind", SubscriberKind, null=True),
    word("rank", Rank, null=True),
    ref("parent_id", "registry_case", null=True, index=True),
    number("revision", 0),
    text("snapshot_sha256"),
    ref("entered_by", "person", null=True),
    text("card_number", null=True),
    text("user_code_hash", null=True),
    number("user_code_tries", 0),
    text("contact_name"),
    text("contact_email"),
    sa.Column("data", Json, nullable=False),
    moment("opened_at"),
    moment("queued_at"),
    moment("state_since"),
    ref("assigned_to", "account", null=True, index=True),
    sa.Index("ix_registry_case_state_queued", "state", "queued_at"),
    sa.Index("ix_registry_case_card_number", "card_number"),
)

form_revision = sa.Table(
    "form_revision",
    metadata,
    key(),
    ref("case_id", "registry_case"),
    number("revision"),
    sa.Column("values", Json, nullable=False),
    text("sha256"),
    text("by_name"),
    moment("at"),
    sa.UniqueConstraint("case_id", "revision"),
)

# The number that a form had when it was shown, by its digest, and the case that it opened: it opens no second one.
filing = sa.Table(
    "filing",
    metadata,
    key(),
    text("number_sha256", unique=True),
    ref("case_id", "registry_case"),
    moment("at"),
)

history = sa.Table(
    "history",
    metadata,
    key(),
    ref("case_id", "registry_case"),
    number("version"),
    moment("at"),
    text("trigger"),
    text("source"),
    text("dest"),
    text("actor"),
    ref("person_id", "person", null=True),
    text("note"),
    sa.UniqueConstraint("case_id", "version"),
)

review_decision = sa.Table(
    "review_decision",
    metadata,
    key(),
    ref("case_id", "registry_case", index=True),
    word("stage", Stage),
    word("verdict", Verdict),
    ref("person_id", "person"),
    ref("account_id", "account"),
    text("snapshot_sha256"),
    text("policy_version"),
    text("reason"),
    text("statement"),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    moment("at"),
    moment("voided_at", null=True),
    # The key as it was when it signed, and the certificate of the card that did, if it was a card.
    sa.Column("signing_spki", sa.LargeBinary, nullable=True),
    sa.Column("certificate", sa.LargeBinary, nullable=True),
)

deadline = sa.Table(
    "deadline",
    metadata,
    key(),
    ref("case_id", "registry_case", index=True),
    text("kind"),
    number("rung"),
    text("trigger"),
    text("policy_version"),
    moment("basis_at"),
    number("budget"),
    sa.Column("in_months", sa.Boolean, nullable=False),
    moment("due_at"),
    word("state", DeadlineState),
    moment("paused_at", null=True),
    number("paused_seconds", 0),
    moment("settled_at", null=True),
    sa.UniqueConstraint("case_id", "kind", "rung", "basis_at"),
    sa.Index(
        "ix_deadline_waiting",
        "due_at",
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    ),
)

deadline_pause = sa.Table(
    "deadline_pause",
    metadata,
    key(),
    ref("case_id", "registry_case", index=True),
    moment("paused_at"),
    moment("resumed_at", null=True),
    text("reason"),
    text("by_name"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    key(),
    sa.Column("case_id", BigId, sa.ForeignKey("registry_case.id"), nullable=True, index=True),
    word("lane", Lane),
    text("effect"),
    text("template"),
    sa.Column("payload", Json, nullable=False),
    text("merge_key", null=True, unique=True),
    word("state", OutboxState),
    number("attempts", 0),
    moment("due_at"),
    text("claimed_by", null=True),
    moment("claimed_until", null=True),
    text("last_error", null=True),
    moment("created_at"),
    moment("done_at", null=True),
    sa.Index(
        "ix_outbox_open",
        "lane",
        "due_at",
        postgresql_where=sa.text("state IN ('waiting', 'claimed')"),
        sqlite_where=sa.text("state IN ('waiting', 'claimed')"),
    ),
)

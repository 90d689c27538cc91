"""Add cases with their history, decisions, deadlines and work.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
Moment = sa.DateTime(timezone=True)


def _registry_case() -> None:
    op.create_table(
        "registry_case",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("organisation_id", Id, nullable=True),
        sa.Column("window_id", Id, nullable=True),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("subscriber_kind", sa.Text(), nullable=True),
        sa.Column("rank", sa.Text(), nullable=True),
        sa.Column("parent_id", Id, nullable=True),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("snapshot_sha256", sa.Text(), nullable=False),
        sa.Column("entered_by", Id, nullable=True),
        sa.Column("card_number", sa.Text(), nullable=True),
        sa.Column("user_code_hash", sa.Text(), nullable=True),
        sa.Column("user_code_tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("queued_at", Moment, nullable=False),
        sa.Column("state_since", Moment, nullable=False),
        sa.Column("assigned_to", Id, nullable=True),
        sa.CheckConstraint("ca IN ('gca', 'xca', 'moica')", name=op.f("ck_registry_case_ca")),
        sa.CheckConstraint(
            "kind IN ('card_application', 'usercode_reset')", name=op.f("ck_registry_case_kind")
        ),
        sa.CheckConstraint(
            "subscriber_kind IN ('school', 'foundation', 'association', 'administrative_corporation', 'professional_office', 'other', 'agency', 'unit', 'natural_person')",
            name=op.f("ck_registry_case_subscriber_kind"),
        ),
        sa.CheckConstraint("rank IN ('primary', 'secondary')", name=op.f("ck_registry_case_rank")),
        sa.ForeignKeyConstraint(["assigned_to"], ["account.id"], name=op.f("fk_registry_case_assigned_to")),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_registry_case_entered_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_registry_case_organisation_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["registry_case.id"], name=op.f("fk_registry_case_parent_id")),
        sa.ForeignKeyConstraint(["window_id"], ["review_window.id"], name=op.f("fk_registry_case_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_case")),
        sa.UniqueConstraint("number", name=op.f("uq_registry_case_number")),
    )


def _registry_case_indexes() -> None:
    op.create_index(op.f("ix_registry_case_assigned_to"), "registry_case", ["assigned_to"], unique=False)
    op.create_index("ix_registry_case_card_number", "registry_case", ["card_number"], unique=False)
    op.create_index(
        op.f("ix_registry_case_organisation_id"), "registry_case", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_registry_case_parent_id"), "registry_case", ["parent_id"], unique=False)
    op.create_index("ix_registry_case_state_queued", "registry_case", ["state", "queued_at"], unique=False)
    op.create_index(op.f("ix_registry_case_window_id"), "registry_case", ["window_id"], unique=False)


def _ban() -> None:
    op.create_table(
        "ban",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("organisation_id", Id, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.CheckConstraint("ca IN ('gca', 'xca', 'moica')", name=op.f("ck_ban_ca")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_ban_case_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ban_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ban")),
    )
    op.create_index(op.f("ix_ban_organisation_id"), "ban", ["organisation_id"], unique=False)


def _deadline() -> None:
    op.create_table(
        "deadline",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("basis_at", Moment, nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("in_months", sa.Boolean(), nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("paused_at", Moment, nullable=True),
        sa.Column("paused_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("settled_at", Moment, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'paused', 'fired', 'stopped')", name=op.f("ck_deadline_state")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_deadline_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
        sa.UniqueConstraint(
            "case_id", "kind", "rung", "basis_at", name=op.f("uq_deadline_case_id_kind_rung_basis_at")
        ),
    )
    op.create_index(op.f("ix_deadline_case_id"), "deadline", ["case_id"], unique=False)
    op.create_index(
        "ix_deadline_waiting",
        "deadline",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )


def _deadline_pause() -> None:
    op.create_table(
        "deadline_pause",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("paused_at", Moment, nullable=False),
        sa.Column("resumed_at", Moment, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_deadline_pause_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_pause")),
    )
    op.create_index(op.f("ix_deadline_pause_case_id"), "deadline_pause", ["case_id"], unique=False)


def _form_revision() -> None:
    op.create_table(
        "form_revision",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("values", Json, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_form_revision_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_revision")),
        sa.UniqueConstraint("case_id", "revision", name=op.f("uq_form_revision_case_id_revision")),
    )


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dest", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_history_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_history_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_history_case_id_version")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("merge_key", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", Moment, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("done_at", Moment, nullable=True),
        sa.CheckConstraint("lane IN ('certificate', 'card', 'paper', 'notice')", name=op.f("ck_outbox_lane")),
        sa.CheckConstraint("state IN ('waiting', 'claimed', 'done', 'dead')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_outbox_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("merge_key", name=op.f("uq_outbox_merge_key")),
    )
    op.create_index(op.f("ix_outbox_case_id"), "outbox", ["case_id"], unique=False)
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["lane", "due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'claimed')"),
        sqlite_where=sa.text("state IN ('waiting', 'claimed')"),
    )


def _review_decision() -> None:
    op.create_table(
        "review_decision",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("snapshot_sha256", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("voided_at", Moment, nullable=True),
        sa.CheckConstraint("stage IN ('first', 'second')", name=op.f("ck_review_decision_stage")),
        sa.CheckConstraint(
            "verdict IN ('approve', 'return', 'refuse')", name=op.f("ck_review_decision_verdict")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_review_decision_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_review_decision_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_review_decision_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decision")),
    )
    op.create_index(op.f("ix_review_decision_case_id"), "review_decision", ["case_id"], unique=False)


def upgrade() -> None:
    """Make the tables."""
    _registry_case()
    _registry_case_indexes()
    _ban()
    _deadline()
    _deadline_pause()
    _form_revision()
    _history()
    _outbox()
    _review_decision()


# In the order in which nothing refers to them any more.
TABLES = (
    "review_decision",
    "outbox",
    "history",
    "form_revision",
    "deadline_pause",
    "deadline",
    "ban",
    "registry_case",
)


def downgrade() -> None:
    """Take the tables away; indexes and triggers go with them."""
    for table in TABLES:
        op.drop_table(table)

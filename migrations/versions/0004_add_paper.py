"""Add letters, documents, registered mail and notices.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
Moment = sa.DateTime(timezone=True)


def _mailing_list() -> None:
    op.create_table(
        "mailing_list",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("post_kind", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing_list")),
        sa.UniqueConstraint("number", name=op.f("uq_mailing_list_number")),
    )


def _letter() -> None:
    op.create_table(
        "letter",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("our_number", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("sender_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("said_primary", sa.Integer(), nullable=True),
        sa.Column("said_secondary", sa.Integer(), nullable=True),
        sa.Column("difference_reason", sa.Text(), nullable=False),
        sa.Column("proposed", Json, nullable=False),
        sa.Column("logged_by", Id, nullable=True),
        sa.Column("window_id", Id, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("tied_at", Moment, nullable=True),
        sa.CheckConstraint("direction IN ('incoming', 'outgoing')", name=op.f("ck_letter_direction")),
        sa.ForeignKeyConstraint(["logged_by"], ["person.id"], name=op.f("fk_letter_logged_by")),
        sa.ForeignKeyConstraint(["window_id"], ["review_window.id"], name=op.f("fk_letter_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint(
            "direction", "sender_name", "number", name=op.f("uq_letter_direction_sender_name_number")
        ),
        sa.UniqueConstraint("our_number", name=op.f("uq_letter_our_number")),
    )


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("letter_id", Id, nullable=True),
        sa.Column("mailing_list_id", Id, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_document_case_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_document_letter_id")),
        sa.ForeignKeyConstraint(
            ["mailing_list_id"], ["mailing_list.id"], name=op.f("fk_document_mailing_list_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_case_id"), "document", ["case_id"], unique=False)
    op.create_index(op.f("ix_document_letter_id"), "document", ["letter_id"], unique=False)
    op.create_index(op.f("ix_document_mailing_list_id"), "document", ["mailing_list_id"], unique=False)


def _letter_case() -> None:
    op.create_table(
        "letter_case",
        sa.Column("letter_id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("tied_by", Id, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_letter_case_case_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_letter_case_letter_id")),
        sa.ForeignKeyConstraint(["tied_by"], ["person.id"], name=op.f("fk_letter_case_tied_by")),
        sa.PrimaryKeyConstraint("letter_id", "case_id", name=op.f("pk_letter_case")),
    )
    op.create_index(op.f("ix_letter_case_case_id"), "letter_case", ["case_id"], unique=False)


def _mail_item() -> None:
    op.create_table(
        "mail_item",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("card_number", sa.Text(), nullable=False),
        sa.Column("mail_number", sa.Text(), nullable=True),
        sa.Column("list_id", Id, nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("packed_at", Moment, nullable=False),
        sa.Column("posted_at", Moment, nullable=True),
        sa.Column("returned_at", Moment, nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('packed', 'posted', 'returned')", name=op.f("ck_mail_item_state")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_mail_item_case_id")),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_mail_item_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_item")),
        sa.UniqueConstraint("case_id", "attempt", name=op.f("uq_mail_item_case_id_attempt")),
        sa.UniqueConstraint("mail_number", name=op.f("uq_mail_item_mail_number")),
    )
    op.create_index(op.f("ix_mail_item_case_id"), "mail_item", ["case_id"], unique=False)
    op.create_index(op.f("ix_mail_item_list_id"), "mail_item", ["list_id"], unique=False)


def _sent_notice() -> None:
    op.create_table(
        "sent_notice",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("outbox_id", Id, nullable=True),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_sent_notice_case_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_sent_notice_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_notice")),
    )
    op.create_index(op.f("ix_sent_notice_case_id"), "sent_notice", ["case_id"], unique=False)


def upgrade() -> None:
    """Make the tables."""
    _mailing_list()
    _letter()
    _document()
    _letter_case()
    _mail_item()
    _sent_notice()


# In the order in which nothing refers to them any more.
TABLES = (
    "sent_notice",
    "mail_item",
    "letter_case",
    "document",
    "letter",
    "mailing_list",
)


def downgrade() -> None:
    """Take the tables away; indexes and triggers go with them."""
    for table in TABLES:
        op.drop_table(table)

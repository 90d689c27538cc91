"""Add certificate requests: batches of signing requests, and certificates that are issued for them.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
Moment = sa.DateTime(timezone=True)
KINDS = "kind IN ('card_application', 'usercode_reset')"
MORE_KINDS = "kind IN ('card_application', 'usercode_reset', 'certificate_request')"


def upgrade() -> None:
    """Make the table and the columns, and let cases be of the new kind."""
    op.create_table(
        "request_item",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("csr", sa.LargeBinary(), nullable=False),
        sa.Column("csr_sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("examined_at", Moment, nullable=True),
        sa.Column("settled_at", Moment, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'issued', 'refused')", name=op.f("ck_request_item_state")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_request_item_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_item")),
        sa.UniqueConstraint(
            "case_id", "revision", "position", name=op.f("uq_request_item_case_id_revision_position")
        ),
    )
    op.create_index("ix_request_item_case_state", "request_item", ["case_id", "revision", "state"], unique=False)
    with op.batch_alter_table("certificate") as batch:
        batch.add_column(sa.Column("item_id", Id, nullable=True))
        batch.add_column(sa.Column("profile", sa.Text(), nullable=True))
        batch.add_column(sa.Column("tbs_seal", sa.LargeBinary(), nullable=True))
        batch.create_foreign_key(op.f("fk_certificate_item_id"), "request_item", ["item_id"], ["id"])
        batch.create_unique_constraint(op.f("uq_certificate_item_id"), ["item_id"])
    _admit(MORE_KINDS)


def _admit(kinds: str) -> None:
    with op.batch_alter_table("registry_case") as batch:
        batch.drop_constraint(op.f("ck_registry_case_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_registry_case_kind"), kinds)


# What hangs on a case; batches can't stay where no case may be of their kind.
HANGING = ("card_session", "holder_suspension", "sent_notice", "mail_item", "letter_case", "review_decision", "outbox", "history", "form_revision", "deadline_pause", "deadline", "ban", "request_item")


def downgrade() -> None:
    """Take the batches with all that hangs on them away, then the table and the columns.

    A certificate that was issued for one stays, without its case: it lives on and has to be answered for.
    """
    batches = "(SELECT id FROM registry_case WHERE kind = 'certificate_request')"
    op.execute("UPDATE certificate SET item_id = NULL WHERE item_id IS NOT NULL")
    for table in ("certificate", "card", "document"):
        op.execute(f"UPDATE {table} SET case_id = NULL WHERE case_id IN {batches}")
    op.execute(f"UPDATE registry_case SET parent_id = NULL WHERE parent_id IN {batches}")
    for table in HANGING:
        op.execute(f"DELETE FROM {table} WHERE case_id IN {batches}")
    op.execute("DELETE FROM registry_case WHERE kind = 'certificate_request'")
    _admit(KINDS)
    with op.batch_alter_table("certificate") as batch:
        batch.drop_constraint(op.f("uq_certificate_item_id"), type_="unique")
        batch.drop_constraint(op.f("fk_certificate_item_id"), type_="foreignkey")
        batch.drop_column("tbs_seal")
        batch.drop_column("profile")
        batch.drop_column("item_id")
    op.drop_table("request_item")

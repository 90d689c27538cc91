"""Add conversations with the holder's card, and suspensions by the holder.

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
ERRANDS = "'look', 'activate', 'unblock', 'change_pin', 'test', 'prove'"
TALKS = "'open', 'done', 'refused', 'ended'"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "card_session",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("owner_sha256", sa.Text(), nullable=False),
        sa.Column("errand", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("csn", sa.Text(), nullable=True),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("transcript", sa.Text(), nullable=False),
        sa.Column("steps", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.CheckConstraint(f"errand IN ({ERRANDS})", name=op.f("ck_card_session_errand")),
        sa.CheckConstraint(f"state IN ({TALKS})", name=op.f("ck_card_session_state")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_card_session_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_session")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_card_session_token_sha256")),
    )
    op.create_index(op.f("ix_card_session_case_id"), "card_session", ["case_id"], unique=False)
    op.create_table(
        "holder_suspension",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("lifted_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_holder_suspension_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder_suspension")),
    )
    op.create_index(op.f("ix_holder_suspension_case_id"), "holder_suspension", ["case_id"], unique=False)


def downgrade() -> None:
    """Take the tables away; their indexes go with them."""
    op.drop_table("holder_suspension")
    op.drop_table("card_session")

"""Take requests for emergency suspensions.

Revision 0029, after 0028.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Make the table; one request of a card waits at a time."""
    op.create_table(
        "emergency",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", Moment, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'suspended', 'refused')", name=op.f("ck_emergency_state")
        ),
        sa.CheckConstraint("paper IN ('identity', 'police')", name=op.f("ck_emergency_paper")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_emergency_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency")),
    )
    op.create_index(op.f("ix_emergency_case_id"), "emergency", ["case_id"], unique=False)
    op.create_index(
        "uq_emergency_waiting",
        "emergency",
        ["case_id"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("emergency")

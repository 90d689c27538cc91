"""Add the tasks that several people carry out with authorities' keys.

Revision 0016, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
Moment = sa.DateTime(timezone=True)
TASKS = "task IN ('ceremony', 'rollover', 'retirement', 'destruction', 'restoration')"
STATES = "state IN ('open', 'done', 'aborted')"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "key_task",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("authorities", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("plan_signatures", Json, nullable=False),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("record_signatures", Json, nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.CheckConstraint(TASKS, name=op.f("ck_key_task_task")),
        sa.CheckConstraint(STATES, name=op.f("ck_key_task_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_task")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("key_task")

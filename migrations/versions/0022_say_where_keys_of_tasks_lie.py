"""Let a task with keys say where these are made and destroyed.

Revision 0022, after 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of tasks before it nothing is known."""
    op.add_column("key_task", sa.Column("place", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("key_task") as table:
        table.drop_column("place")

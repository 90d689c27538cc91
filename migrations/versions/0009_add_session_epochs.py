"""Add the epoch of an account's sessions, which a log-out raises.

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin every account at epoch 0."""
    op.add_column("account", sa.Column("session_epoch", sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    """Forget the epochs."""
    with op.batch_alter_table("account") as batch:
        batch.drop_column("session_epoch")

"""Add the list of encrypted copies of authorities' keys.

Revision 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "key_backup",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("share_set", sa.Text(), nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("destroyed_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_backup")),
    )
    op.create_index("ix_key_backup_authority", "key_backup", ["authority"], unique=False)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("key_backup")

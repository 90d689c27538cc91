"""Write keys of the house down before they are made.

Revision 0026, after 0025.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "key_intent",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("cleared_at", Moment, nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_intent")),
        sa.UniqueConstraint("label", name=op.f("uq_key_intent_label")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("key_intent")

"""Add the list of compromised keys.

Revision 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "compromised_key",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("spki_sha256", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("listed_by", sa.Text(), nullable=False),
        sa.Column("listed_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compromised_key")),
        sa.UniqueConstraint("spki_sha256", name=op.f("uq_compromised_key_spki_sha256")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("compromised_key")

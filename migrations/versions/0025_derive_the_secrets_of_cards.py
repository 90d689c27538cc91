"""Derive the secrets of cards: from a master key that the row names; cards of before keep theirs sealed in the row.

Revision 0025, after 0024.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let rows name a master key and count the changes of their PUK."""
    for table, sealed in (("card", "final_key_sealed"), ("staff_card", "next_puk_sealed")):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("master_key", sa.Text(), nullable=True))
            batch.add_column(
                sa.Column("puk_generation", sa.Integer(), server_default=sa.text("0"), nullable=False)
            )
            batch.add_column(sa.Column("next_puk_generation", sa.Integer(), nullable=True))
            batch.add_column(sa.Column(sealed, sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take it back. The secrets of cards with a master key are then known to nobody: they can't be unblocked."""
    for table, sealed in (("staff_card", "next_puk_sealed"), ("card", "final_key_sealed")):
        with op.batch_alter_table(table) as batch:
            for name in (sealed, "next_puk_generation", "puk_generation", "master_key"):
                batch.drop_column(name)

"""Find missing cards again: a further word for the entries of the card stock.

Revision 0030, after 0029.
"""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

KINDS = "'received', 'counted_in', 'taken_up', 'demonstration', 'handed_out', 'taken_in', 'made', 'spoiled', 'quarantined', 'released', 'posted', 'returned', 'handed_over', 'staff', 'missing', 'destroyed'"


def _admit(kinds: str) -> None:
    with op.batch_alter_table("stock_entry") as batch:
        batch.drop_constraint(op.f("ck_stock_entry_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_stock_entry_kind"), f"kind IN ({kinds})")


def upgrade() -> None:
    """Admit entries of cards that were found."""
    _admit(f"{KINDS}, 'found'")


def downgrade() -> None:
    """Take cards that were found for put into quarantine, which they were."""
    op.execute("UPDATE stock_entry SET kind = 'quarantined' WHERE kind = 'found'")
    _admit(KINDS)

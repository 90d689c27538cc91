"""Lose cards in the post: further words for the ends of mail items.

Revision 0033, after 0032.
"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

STATES = "'packed', 'posted', 'returned'"


def _admit(states: str) -> None:
    with op.batch_alter_table("mail_item") as batch:
        batch.drop_constraint(op.f("ck_mail_item_state"), type_="check")
        batch.create_check_constraint(op.f("ck_mail_item_state"), f"state IN ({states})")


def upgrade() -> None:
    """Admit mail items that were lost, and envelopes that were opened again."""
    _admit(f"{STATES}, 'lost', 'opened'")


def downgrade() -> None:
    """Take what was lost or opened for returned: it is not under way any more."""
    op.execute("UPDATE mail_item SET state = 'returned' WHERE state IN ('lost', 'opened')")
    _admit(STATES)

"""Let a set of shares wait until its token has the PIN that it makes.

Revision 0027, after 0026.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

STATES = "state IN ('in_force', 'replaced', 'destroyed')"
MORE_STATES = "state IN ('pending', 'in_force', 'replaced', 'destroyed')"
IN_FORCE = sa.text("state = 'in_force'")


def _admit(words: str) -> None:
    """Let a set be in other states than before."""
    # A partial index does not survive the copying of a table on SQLite.
    op.drop_index("uq_share_set_in_force", "share_set")
    with op.batch_alter_table("share_set") as batch:
        batch.drop_constraint(op.f("ck_share_set_state"), type_="check")
        batch.create_check_constraint(op.f("ck_share_set_state"), words)
    op.create_index(
        "uq_share_set_in_force",
        "share_set",
        ["purpose"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )


def upgrade() -> None:
    """Admit sets that wait."""
    _admit(MORE_STATES)


def downgrade() -> None:
    """Take sets that wait for replaced ones: what they make opens nothing, unless a change of the PIN was interrupted."""
    op.execute("UPDATE share_set SET state = 'replaced' WHERE state = 'pending'")
    _admit(STATES)

"""Let the root revoke the certificates of authorities.

Revision 0021, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
REASONS = "reason IN ('ca_compromise', 'superseded', 'cessation_of_operation')"
TASKS = "task IN ('ceremony', 'rollover', 'retirement', 'destruction', 'restoration'"
STATES = "state IN ('active', 'retired', 'destroyed')"
MORE_STATES = "state IN ('active', 'retired', 'revoked', 'destroyed')"


def _admit(table: str, column: str, words: str) -> None:
    """Let a column admit other words than before."""
    name = op.f(f"ck_{table}_{column}")
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, words)


def upgrade() -> None:
    """Make the table, and let tasks and authorities say what was done."""
    op.create_table(
        "authority_revocation",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("not_after", Moment, nullable=False),
        sa.CheckConstraint(REASONS, name=op.f("ck_authority_revocation_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_revocation")),
        sa.UniqueConstraint("authority", name=op.f("uq_authority_revocation_authority")),
        sa.UniqueConstraint("serial", name=op.f("uq_authority_revocation_serial")),
    )
    _admit("key_task", "task", f"{TASKS}, 'revocation')")
    _admit("authority", "state", MORE_STATES)


def downgrade() -> None:
    """Take the table away; refuses where an authority is revoked, for the older program would call it good."""
    revoked = op.get_bind().execute(sa.text("SELECT COUNT(*) FROM authority_revocation")).scalar()
    if revoked:
        raise RuntimeError("an authority's certificate is revoked; the older schema has no place for it")
    _admit("authority", "state", STATES)
    _admit("key_task", "task", f"{TASKS})")
    op.drop_table("authority_revocation")

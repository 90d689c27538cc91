"""Add the shares of the secret that opens the authorities' keys.

Revision 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
STATES = "state IN ('in_force', 'replaced', 'destroyed')"
IN_FORCE = sa.text("state = 'in_force'")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "share_set",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("set_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.CheckConstraint(STATES, name=op.f("ck_share_set_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_set")),
        sa.UniqueConstraint("set_id", name=op.f("uq_share_set_set_id")),
    )
    op.create_index(
        "uq_share_set_in_force",
        "share_set",
        ["purpose"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )
    op.create_table(
        "key_share",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("share_set_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("holder_id", Id, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["share_set_id"], ["share_set.id"], name=op.f("fk_key_share_share_set_id")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["account.id"], name=op.f("fk_key_share_holder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_share")),
        sa.UniqueConstraint("share_set_id", "holder_id", name=op.f("uq_key_share_share_set_id_holder_id")),
        sa.UniqueConstraint("share_set_id", "number", name=op.f("uq_key_share_share_set_id_number")),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("key_share")
    op.drop_table("share_set")

"""Let two people give a trusted role: accounts that one proposed and another confirms.

Revision 0024, after 0023.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
Moment = sa.DateTime(timezone=True)
WAITING = sa.text("state IN ('open', 'alone')")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "account_proposal",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("window_id", Id, nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("signing_key", sa.LargeBinary(), nullable=True),
        sa.Column("signing_spki", sa.LargeBinary(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signatures", Json, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", Id, nullable=True),
        sa.Column("proposed_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'alone', 'confirmed', 'withdrawn')", name=op.f("ck_account_proposal_state")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_proposal_person_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["account.id"], name=op.f("fk_account_proposal_proposed_by")),
        sa.ForeignKeyConstraint(["window_id"], ["review_window.id"], name=op.f("fk_account_proposal_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_proposal")),
    )
    op.create_index(
        "uq_account_proposal_waiting",
        "account_proposal",
        ["login"],
        unique=True,
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )


def downgrade() -> None:
    """Drop the table; accounts that were made stay."""
    op.drop_table("account_proposal")

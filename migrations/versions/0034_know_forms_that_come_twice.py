"""Know forms that come twice: the number of each form that was filed, and the case that it opened.

Revision 0034, after 0033.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; cases that are on file already have no number."""
    op.create_table(
        "filing",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("number_sha256", sa.Text(), nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_filing_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing")),
        sa.UniqueConstraint("number_sha256", name=op.f("uq_filing_number_sha256")),
    )


def downgrade() -> None:
    """Forget the numbers: a form that is sent again opens a case of its own."""
    op.drop_table("filing")

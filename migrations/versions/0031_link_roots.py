"""Keep the certificates that link two generations of the root.

Revision 0031, after 0030.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "root_link",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_root_link")),
        sa.UniqueConstraint("subject", "signer", name=op.f("uq_root_link_subject_signer")),
    )


def downgrade() -> None:
    """Take the table away; refuses where roots are linked, for the older program knows one root alone."""
    linked = op.get_bind().execute(sa.text("SELECT COUNT(*) FROM root_link")).scalar()
    if linked:
        raise RuntimeError("there are roots that are linked; the older program knows one root alone")
    op.drop_table("root_link")

"""Find serials whoever signed them: relying parties type a serial without saying which key signed it.

Revision 0013, after 0012.
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_certificate_serial", "certificate", ["serial"], unique=False)


def downgrade() -> None:
    """Take the index away."""
    op.drop_index("ix_certificate_serial", table_name="certificate")

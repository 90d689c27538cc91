"""Add the watches: their runs, what they found, and the sampled certificates.

Revision 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)
WATCHES = "'monitor', 'half_life', 'reconcile', 'weak_keys', 'relint'"
OPEN = sa.text("cleared_at IS NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "watch_run",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("examined", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("report_sha256", sa.Text(), nullable=False),
        sa.CheckConstraint(f"watch IN ({WATCHES})", name=op.f("ck_watch_run_watch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_run")),
    )
    op.create_index("ix_watch_run_watch_at", "watch_run", ["watch", "at"], unique=False)
    op.create_table(
        "watch_finding",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("watch", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("rows", Json, nullable=False),
        sa.Column("first_at", Moment, nullable=False),
        sa.Column("last_at", Moment, nullable=False),
        sa.Column("told_at", Moment, nullable=False),
        sa.Column("cleared_at", Moment, nullable=True),
        sa.CheckConstraint(f"watch IN ({WATCHES})", name=op.f("ck_watch_finding_watch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_finding")),
    )
    op.create_index(
        "uq_watch_finding_open", "watch_finding", ["watch", "code", "subject"], unique=True,
        postgresql_where=OPEN, sqlite_where=OPEN,
    )  # fmt: skip
    op.create_table(
        "certificate_sample",
        sa.Column("certificate_id", Id, nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_sample_certificate_id")
        ),
        sa.PrimaryKeyConstraint("certificate_id", "quarter", name=op.f("pk_certificate_sample")),
    )
    op.create_index("ix_certificate_sample_quarter", "certificate_sample", ["quarter"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("certificate_sample")
    op.drop_table("watch_finding")
    op.drop_table("watch_run")

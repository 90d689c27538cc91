"""Add the manufacturing line: batches, the cards to be made in them, and the readers that make them.

Revision 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
OPEN = sa.text("state IN ('waiting', 'working', 'interrupted')")


def upgrade() -> None:
    """Make the tables."""
    _batches()
    _jobs()
    _readers()


def _batches() -> None:
    op.create_table(
        "line_batch",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("stopped_at", Moment, nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_batch")),
    )


def _jobs() -> None:
    op.create_table(
        "line_job",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("batch_id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("claimed_until", Moment, nullable=True),
        sa.Column("spoiled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'working', 'interrupted', 'made', 'left')", name=op.f("ck_line_job_state")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["line_batch.id"], name=op.f("fk_line_job_batch_id")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_line_job_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_job")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_line_job_batch_id_position")),
    )
    op.create_index(
        "uq_line_job_open",
        "line_job",
        ["case_id"],
        unique=True,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    )
    op.create_index("ix_line_job_next", "line_job", ["state", "batch_id", "position"])


def _readers() -> None:
    op.create_table(
        "line_reader",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("made", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.CheckConstraint(
            "state IN ('working', 'empty', 'idle', 'set_aside', 'stopped')",
            name=op.f("ck_line_reader_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_reader")),
        sa.UniqueConstraint("name", name=op.f("uq_line_reader_name")),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("line_reader")
    op.drop_table("line_job")
    op.drop_table("line_batch")

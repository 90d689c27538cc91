"""Add the feed of status changes, which triggers write.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)

# Only updates: a certificate's row begins as an intention, of which no answer says anything but unknown.
WATCHED = "AFTER UPDATE OF status, status_version, status_at, reason ON certificate"
ROW = "NEW.ca, NEW.serial, NEW.status_version, NEW.status, NEW.status_at"


def _on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION tell_status_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN"
        " INSERT INTO status_change (authority, serial, version, status, at, xid)"
        f" VALUES ({ROW}, pg_current_xact_id()::text::bigint);"
        " PERFORM pg_notify('guanfang_status', '');"
        " RETURN NULL;"
        " END $$"
    )
    op.execute(
        f"CREATE TRIGGER certificate_status {WATCHED} FOR EACH ROW EXECUTE FUNCTION tell_status_change()"
    )


def _on_sqlite() -> None:
    op.execute(
        f"CREATE TRIGGER certificate_status {WATCHED} BEGIN"
        f" INSERT INTO status_change (authority, serial, version, status, at) VALUES ({ROW}); END"
    )


def upgrade() -> None:
    """Make the table and the triggers."""
    op.create_table(
        "status_change",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_change")),
    )
    op.create_index(op.f("ix_status_change_xid"), "status_change", ["xid"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql()
    else:
        _on_sqlite()


def downgrade() -> None:
    """Take the triggers and the table away."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER certificate_status ON certificate")
        op.execute("DROP FUNCTION tell_status_change()")
    else:
        op.execute("DROP TRIGGER certificate_status")
    op.drop_table("status_change")

"""Give the staff cards: personalised for one account, to log in and to sign with.

Revision 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
ERRANDS = "errand IN ('look', 'activate', 'unblock', 'change_pin', 'test', 'prove')"
MORE_ERRANDS = "errand IN ('look', 'activate', 'unblock', 'change_pin', 'test', 'prove', 'log_in', 'sign')"


def upgrade() -> None:
    """Make the table, and let conversations be a member of the staff's, to log in or to sign."""
    op.create_table(
        "staff_card",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("csn", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=True),
        sa.Column("spki_sha256", sa.Text(), nullable=True),
        sa.Column("pin_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("puk_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("management_key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_by", Id, nullable=False),
        sa.Column("ordered_at", Moment, nullable=False),
        sa.Column("made_at", Moment, nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('making', 'active', 'ended')", name=op.f("ck_staff_card_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_staff_card_account_id")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_staff_card_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_card")),
        sa.UniqueConstraint("csn", name=op.f("uq_staff_card_csn")),
        sa.UniqueConstraint("spki_sha256", name=op.f("uq_staff_card_spki_sha256")),
    )
    op.create_index(op.f("ix_staff_card_account_id"), "staff_card", ["account_id"], unique=False)
    op.create_index(
        "ix_staff_card_live",
        "staff_card",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'ended'"),
        sqlite_where=sa.text("state <> 'ended'"),
    )
    with op.batch_alter_table("card_session") as batch:
        batch.drop_constraint(op.f("ck_card_session_errand"), type_="check")
        batch.create_check_constraint(op.f("ck_card_session_errand"), MORE_ERRANDS)
        batch.add_column(sa.Column("account_id", Id, nullable=True))
        batch.add_column(sa.Column("subject", sa.Text(), nullable=True))
        batch.create_foreign_key(op.f("fk_card_session_account_id"), "account", ["account_id"], ["id"])


def downgrade() -> None:
    """Take it away, and the staff's conversations with it; their certificates have to be answered for and stay."""
    op.execute("DELETE FROM card_session WHERE errand IN ('log_in', 'sign')")
    with op.batch_alter_table("card_session") as batch:
        batch.drop_constraint(op.f("fk_card_session_account_id"), type_="foreignkey")
        batch.drop_column("subject")
        batch.drop_column("account_id")
        batch.drop_constraint(op.f("ck_card_session_errand"), type_="check")
        batch.create_check_constraint(op.f("ck_card_session_errand"), ERRANDS)
    op.drop_table("staff_card")

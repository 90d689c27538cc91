"""Keep the card stock: places, boxes, moves and accounts, and an entry for each step of each card.

Revision 0023, after 0022.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
OPEN = sa.text("state <> 'closed'")
WORDS = {
    "stock_place.kind": "kind IN ('arrival', 'vault', 'line', 'desk', 'transit', 'shelf', 'quarantine', 'returned', 'bin', 'missing')",
    "stock_box.state": "state IN ('waiting', 'differs', 'counted')",
    "stock_move.state": "state IN ('waiting', 'differs', 'received')",
    "stock_account.state": "state IN ('differs', 'counted', 'closed')",
    "stock_entry.kind": "kind IN ('received', 'counted_in', 'taken_up', 'demonstration', 'handed_out', 'taken_in', 'made', 'spoiled', 'quarantined', 'released', 'posted', 'returned', 'handed_over', 'staff', 'missing', 'destroyed')",
}


def upgrade() -> None:
    """Make the tables, and let a card have a place; cards of before get theirs with `guanfang stock take-up`."""
    _stock_place()
    _stock_box()
    _stock_move()
    _stock_account()
    _stock_entry()
    _stock_difference()
    _stock_destruction()
    with op.batch_alter_table("card") as batch:
        batch.add_column(sa.Column("place_id", Id, nullable=True))
        batch.create_foreign_key(op.f("fk_card_place_id"), "stock_place", ["place_id"], ["id"])
        batch.create_index(op.f("ix_card_place_id"), ["place_id"], unique=False)


def _stock_place() -> None:
    op.create_table(
        "stock_place",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("english", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("daily", sa.Boolean(), nullable=False),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("closed_at", Moment, nullable=True),
        sa.CheckConstraint(WORDS["stock_place.kind"], name=op.f("ck_stock_place_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_place")),
        sa.UniqueConstraint("name", name=op.f("uq_stock_place_name")),
    )


def _stock_box() -> None:
    op.create_table(
        "stock_box",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("place_id", Id, nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("receiver_id", Id, nullable=False),
        sa.Column("received_at", Moment, nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("counted_by", sa.Text(), nullable=True),
        sa.Column("counter_id", Id, nullable=True),
        sa.Column("counted_at", Moment, nullable=True),
        sa.CheckConstraint(WORDS["stock_box.state"], name=op.f("ck_stock_box_state")),
        sa.ForeignKeyConstraint(["place_id"], ["stock_place.id"], name=op.f("fk_stock_box_place_id")),
        sa.ForeignKeyConstraint(["receiver_id"], ["person.id"], name=op.f("fk_stock_box_receiver_id")),
        sa.ForeignKeyConstraint(["counter_id"], ["person.id"], name=op.f("fk_stock_box_counter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_box")),
        sa.UniqueConstraint("label", name=op.f("uq_stock_box_label")),
    )


def _stock_move() -> None:
    op.create_table(
        "stock_move",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("from_id", Id, nullable=False),
        sa.Column("to_id", Id, nullable=False),
        sa.Column("cards", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("handed_by", sa.Text(), nullable=False),
        sa.Column("hander_id", Id, nullable=False),
        sa.Column("handed_at", Moment, nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("counted_by", sa.Text(), nullable=True),
        sa.Column("counter_id", Id, nullable=True),
        sa.Column("counted_at", Moment, nullable=True),
        sa.CheckConstraint(WORDS["stock_move.state"], name=op.f("ck_stock_move_state")),
        sa.ForeignKeyConstraint(["from_id"], ["stock_place.id"], name=op.f("fk_stock_move_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["stock_place.id"], name=op.f("fk_stock_move_to_id")),
        sa.ForeignKeyConstraint(["hander_id"], ["person.id"], name=op.f("fk_stock_move_hander_id")),
        sa.ForeignKeyConstraint(["counter_id"], ["person.id"], name=op.f("fk_stock_move_counter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_move")),
    )


def _stock_account() -> None:
    op.create_table(
        "stock_account",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("place_id", Id, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opening", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("closing", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counted_by", sa.Text(), nullable=False),
        sa.Column("counter_id", Id, nullable=False),
        sa.Column("counted_at", Moment, nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmer_id", Id, nullable=True),
        sa.Column("confirmed_at", Moment, nullable=True),
        sa.CheckConstraint(WORDS["stock_account.state"], name=op.f("ck_stock_account_state")),
        sa.ForeignKeyConstraint(["place_id"], ["stock_place.id"], name=op.f("fk_stock_account_place_id")),
        sa.ForeignKeyConstraint(["counter_id"], ["person.id"], name=op.f("fk_stock_account_counter_id")),
        sa.ForeignKeyConstraint(["confirmer_id"], ["person.id"], name=op.f("fk_stock_account_confirmer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_account")),
    )
    op.create_index(
        "uq_stock_account_open", "stock_account", ["place_id"], unique=True, postgresql_where=OPEN, sqlite_where=OPEN
    )


def _stock_entry() -> None:
    op.create_table(
        "stock_entry",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("csn", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_id", Id, nullable=True),
        sa.Column("to_id", Id, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=True),
        sa.Column("from_account", Id, nullable=True),
        sa.Column("to_account", Id, nullable=True),
        sa.CheckConstraint(WORDS["stock_entry.kind"], name=op.f("ck_stock_entry_kind")),
        sa.ForeignKeyConstraint(["from_id"], ["stock_place.id"], name=op.f("fk_stock_entry_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["stock_place.id"], name=op.f("fk_stock_entry_to_id")),
        sa.ForeignKeyConstraint(["from_account"], ["stock_account.id"], name=op.f("fk_stock_entry_from_account")),
        sa.ForeignKeyConstraint(["to_account"], ["stock_account.id"], name=op.f("fk_stock_entry_to_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_entry")),
    )
    op.create_index(op.f("ix_stock_entry_csn"), "stock_entry", ["csn"], unique=False)
    op.create_index("ix_stock_entry_from", "stock_entry", ["from_id", "from_account", "at"], unique=False)
    op.create_index(op.f("ix_stock_entry_matter"), "stock_entry", ["matter"], unique=False)
    op.create_index("ix_stock_entry_to", "stock_entry", ["to_id", "to_account", "at"], unique=False)


def _stock_difference() -> None:
    op.create_table(
        "stock_difference",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("place_id", Id, nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("people", Json, nullable=False),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("recounted", sa.Integer(), nullable=True),
        sa.Column("missing", Json, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settler_id", Id, nullable=True),
        sa.Column("settled_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["place_id"], ["stock_place.id"], name=op.f("fk_stock_difference_place_id")),
        sa.ForeignKeyConstraint(["settler_id"], ["person.id"], name=op.f("fk_stock_difference_settler_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_difference")),
        sa.UniqueConstraint("matter", name=op.f("uq_stock_difference_matter")),
    )


def _stock_destruction() -> None:
    op.create_table(
        "stock_destruction",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("csns", Json, nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposer_id", Id, nullable=False),
        sa.Column("proposed_at", Moment, nullable=False),
        sa.Column("witnessed_by", sa.Text(), nullable=True),
        sa.Column("witness_id", Id, nullable=True),
        sa.Column("witnessed_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["proposer_id"], ["person.id"], name=op.f("fk_stock_destruction_proposer_id")),
        sa.ForeignKeyConstraint(["witness_id"], ["person.id"], name=op.f("fk_stock_destruction_witness_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_destruction")),
    )


def downgrade() -> None:
    """Take the books of the stock away; the cards stay."""
    with op.batch_alter_table("card") as batch:
        batch.drop_index(op.f("ix_card_place_id"))
        batch.drop_constraint(op.f("fk_card_place_id"), type_="foreignkey")
        batch.drop_column("place_id")
    op.drop_table("stock_destruction")
    op.drop_table("stock_difference")
    op.drop_table("stock_entry")
    op.drop_table("stock_account")
    op.drop_table("stock_move")
    op.drop_table("stock_box")
    op.drop_table("stock_place")

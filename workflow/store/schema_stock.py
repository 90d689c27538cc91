"""Tables of the card stock: places, boxes, moves, counts, and one entry for each step of each card.

The entries are the books: where a card is follows from them alone, and `card.place_id` only says so quickly.
"""

from __future__ import annotations

import sqlalchemy as sa

from workflow.stock_words import AccountState, BoxState, EntryKind, MoveState, PlaceKind
from workflow.store.columns import BigId, Json, key, metadata, moment, number, ref, text, word

stock_place = sa.Table(
    "stock_place",
    metadata,
    key(),
    text("name", unique=True),
    text("english"),
    word("kind", PlaceKind),
    # Whether it has to be counted after each day on which a card came or went.
    sa.Column("daily", sa.Boolean, nullable=False),
    moment("opened_at"),
    moment("closed_at", null=True),
)

stock_box = sa.Table(
    "stock_box",
    metadata,
    key(),
    # What cards carry as their box: order and number, for makers begin each order at box 1.
    text("label", unique=True),
    text("order_number"),
    text("number"),
    # The store into which it is counted.
    ref("place_id", "stock_place"),
    number("listed"),
    word("state", BoxState),
    text("received_by"),
    ref("receiver_id", "person"),
    moment("received_at"),
    number("counted", null=True),
    text("counted_by", null=True),
    ref("counter_id", "person", null=True),
    moment("counted_at", null=True),
)

stock_move = sa.Table(
    "stock_move",
    metadata,
    key(),
    ref("from_id", "stock_place"),
    ref("to_id", "stock_place"),
    number("cards"),
    word("state", MoveState),
    text("handed_by"),
    ref("hander_id", "person"),
    moment("handed_at"),
    number("counted", null=True),
    text("counted_by", null=True),
    ref("counter_id", "person", null=True),
    moment("counted_at", null=True),
)

_OPEN = sa.text("state <> 'closed'")

stock_account = sa.Table(
    "stock_account",
    metadata,
    key(),
    ref("place_id", "stock_place"),
    # The day in Taipei that it ends.
    sa.Column("day", sa.Date, nullable=False),
    number("opening"),
    # What the books said when it was counted, and what the counter, who did not see that, found.
    number("expected"),
    number("counted"),
    # Written when count and books agree, at once or by settling the difference.
    number("closing", null=True),
    word("state", AccountState),
    text("counted_by"),
    ref("counter_id", "person"),
    moment("counted_at"),
    text("confirmed_by", null=True),
    ref("confirmer_id", "person", null=True),
    moment("confirmed_at", null=True),
    # A place has one account that is not closed, so that two clerks do not count it side by side.
    sa.Index("uq_stock_account_open", "place_id", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
)

stock_entry = sa.Table(
    "stock_entry",
    metadata,
    key(),
    text("csn", index=True),
    word("kind", EntryKind),
    # None is outside the house.
    ref("from_id", "stock_place", null=True),
    ref("to_id", "stock_place", null=True),
    moment("at"),
    text("by_name"),
    # What it belongs to: "box:3", "move:7", "destruction:1", "account:9".
    text("matter", null=True, index=True),
    # The account of each of the two places that counts it; none until that place is counted.
    ref("from_account", "stock_account", null=True),
    ref("to_account", "stock_account", null=True),
    sa.Index("ix_stock_entry_from", "from_id", "from_account", "at"),
    sa.Index("ix_stock_entry_to", "to_id", "to_account", "at"),
)

stock_difference = sa.Table(
    "stock_difference",
    metadata,
    key(),
    text("matter", unique=True),
    ref("place_id", "stock_place"),
    number("expected"),
    number("counted"),
    # The natural persons who handled the cards: none of them may settle it.
    sa.Column("people", Json, nullable=False),
    moment("opened_at"),
    number("recounted", null=True),
    sa.Column("missing", Json, nullable=True),
    text("reason", null=True),
    text("settled_by", null=True),
    sa.Column("settler_id", BigId, sa.ForeignKey("person.id"), nullable=True),
    moment("settled_at", null=True),
)

stock_destruction = sa.Table(
    "stock_destruction",
    metadata,
    key(),
    text("method"),
    sa.Column("csns", Json, nullable=False),
    text("proposed_by"),
    ref("proposer_id", "person"),
    moment("proposed_at"),
    text("witnessed_by", null=True),
    ref("witness_id", "person", null=True),
    moment("witnessed_at", null=True),
)

"""Tables of the staff's cards, each one account's and one at a time, and of the accounts that are proposed."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import Json, key, metadata, moment, number, ref, text, word
from workflow.vocabulary import ProposalState, StaffCardState

_LIVE = "state <> 'ended'"
_WAITING = "state IN ('open', 'alone')"

staff_card = sa.Table(
    "staff_card",
    metadata,
    key(),
    ref("account_id", "account", index=True),
    text("csn", unique=True),
    text("number"),
    word("state", StaffCardState),
    sa.Column("spki", sa.LargeBinary, nullable=True),
    text("spki_sha256", null=True, unique=True),
    # As in the table of cards.
    text("master_key", null=True),
    number("puk_generation", 0),
    number("next_puk_generation", null=True),
    # Stored before the card is told; the PIN is forgotten once its holder has another.
    sa.Column("pin_sealed", sa.LargeBinary, nullable=True),
    sa.Column("puk_sealed", sa.LargeBinary, nullable=True),
    sa.Column("next_puk_sealed", sa.LargeBinary, nullable=True),
    sa.Column("management_key_sealed", sa.LargeBinary, nullable=True),
    ref("made_by", "account"),
    moment("ordered_at"),
    moment("made_at", null=True),
    moment("ended_at", null=True),
    text("reason"),
    sa.Index(
        "ix_staff_card_live",
        "account_id",
        unique=True,
        postgresql_where=sa.text(_LIVE),
        sqlite_where=sa.text(_LIVE),
    ),
)

account_proposal = sa.Table(
    "account_proposal",
    metadata,
    key(),
    text("login"),
    text("name"),
    sa.Column("roles", Json, nullable=False),
    # The person, where there is an account of theirs; a new one is made with the account.
    ref("person_id", "person", null=True),
    ref("window_id", "review_window", null=True),
    # Empty once the account is made, or the proposal taken back.
    text("password_hash", null=True),
    sa.Column("signing_key", sa.LargeBinary, nullable=True),
    sa.Column("signing_spki", sa.LargeBinary, nullable=True),
    # What everybody signs who proposes or confirms it, and their signatures.
    text("statement"),
    sa.Column("signatures", Json, nullable=False),
    word("state", ProposalState),
    # Why it was made alone.
    text("reason"),
    ref("proposed_by", "account", null=True),
    moment("proposed_at"),
    moment("ended_at", null=True),
    sa.Index(
        "uq_account_proposal_waiting",
        "login",
        unique=True,
        postgresql_where=sa.text(_WAITING),
        sqlite_where=sa.text(_WAITING),
    ),
)

"""Tables of what holders do with the card in their own reader: conversations, and suspensions of their own."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import key, metadata, moment, number, ref, text, word
from workflow.vocabulary import CardErrand, CardTalk, EmergencyPaper, EmergencyState

card_session = sa.Table(
    "card_session",
    metadata,
    key(),
    # Only digests of what the browser holds: a copy of the table lets nobody into a conversation.
    text("token_sha256", unique=True),
    text("owner_sha256"),
    word("errand", CardErrand),
    word("state", CardTalk),
    ref("case_id", "registry_case", null=True, index=True),
    text("csn", null=True),
    # Random values follow from it, so that any process replays the same conversation; gone when it has ended.
    sa.Column("secret_sealed", sa.LargeBinary, nullable=True),
    sa.Column("answer_sealed", sa.LargeBinary, nullable=True),
    text("transcript"),
    number("steps", 0),
    text("refusal", null=True),
    moment("opened_at"),
    moment("expires_at"),
    # The member of the staff who logs in or signs, and what is signed: statement and command.
    ref("account_id", "account", null=True),
    text("subject", null=True),
)

holder_suspension = sa.Table(
    "holder_suspension",
    metadata,
    key(),
    ref("case_id", "registry_case", index=True),
    text("reason"),
    moment("at"),
    moment("lifted_at", null=True),
)

emergency = sa.Table(
    "emergency",
    metadata,
    key(),
    ref("case_id", "registry_case", index=True),
    word("state", EmergencyState),
    word("paper", EmergencyPaper),
    text("asked_by"),
    text("phone"),
    text("reason"),
    text("taken_by"),
    moment("at"),
    # Whom the desk reached and how it knew the person, or why it refused.
    text("said"),
    text("decided_by", null=True),
    moment("decided_at", null=True),
)
sa.Index(
    "uq_emergency_waiting",
    emergency.c.case_id,
    unique=True,
    sqlite_where=emergency.c.state == str(EmergencyState.WAITING),
    postgresql_where=emergency.c.state == str(EmergencyState.WAITING),
)

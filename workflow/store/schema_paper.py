"""Tables of paper: letters, documents, registered mail and the notices that were sent."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import BigId, Json, key, metadata, moment, number, ref, text, word
from workflow.vocabulary import LetterDirection, MailState

letter = sa.Table(
    "letter",
    metadata,
    key(),
    word("direction", LetterDirection),
    text("our_number", unique=True),
    text("sender_name"),
    text("sender_code"),
    text("number"),
    sa.Column("dated", sa.Date, nullable=False),
    text("subject"),
    text("explanation"),
    number("said_primary", null=True),
    number("said_secondary", null=True),
    text("difference_reason"),
    sa.Column("proposed", Json, nullable=False),
    ref("logged_by", "person", null=True),
    ref("window_id", "review_window", null=True),
    moment("at"),
    moment("tied_at", null=True),
    # The same sender and number is one letter (LTR-01); what we send carries our own numbers.
    sa.UniqueConstraint("direction", "sender_name", "number"),
)

letter_case = sa.Table(
    "letter_case",
    metadata,
    sa.Column("letter_id", BigId, sa.ForeignKey("letter.id"), primary_key=True),
    sa.Column("case_id", BigId, sa.ForeignKey("registry_case.id"), primary_key=True, index=True),
    ref("tied_by", "person", null=True),
    moment("at"),
)

document = sa.Table(
    "document",
    metadata,
    key(),
    sa.Column("case_id", BigId, sa.ForeignKey("registry_case.id"), nullable=True, index=True),
    sa.Column("letter_id", BigId, sa.ForeignKey("letter.id"), nullable=True, index=True),
    sa.Column("mailing_list_id", BigId, sa.ForeignKey("mailing_list.id"), nullable=True, index=True),
    text("kind"),
    text("name"),
    text("media_type"),
    text("sha256"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    moment("at"),
)

mailing_list = sa.Table(
    "mailing_list",
    metadata,
    key(),
    text("number", unique=True),
    text("post_kind"),
    text("by_name"),
    moment("at"),
)

mail_item = sa.Table(
    "mail_item",
    metadata,
    key(),
    ref("case_id", "registry_case", index=True),
    number("attempt"),
    text("card_number"),
    text("mail_number", null=True, unique=True),
    ref("list_id", "mailing_list", null=True, index=True),
    number("position", null=True),
    word("state", MailState),
    moment("packed_at"),
    moment("posted_at", null=True),
    moment("returned_at", null=True),
    text("return_reason", null=True),
    sa.UniqueConstraint("case_id", "attempt"),
)

sent_notice = sa.Table(
    "sent_notice",
    metadata,
    key(),
    ref("case_id", "registry_case", null=True, index=True),
    ref("outbox_id", "outbox", null=True),
    text("template"),
    text("recipient"),
    text("subject"),
    moment("at"),
)

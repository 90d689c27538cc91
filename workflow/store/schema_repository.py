"""Tables of the repository: what a published certificate is found by, documents for relying parties, API tokens."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import BigId, Json, key, metadata, moment, number, ref, text, word
from workflow.vocabulary import PublishedKind

# A part of a certificate's name, or an e-mail address, a DNS name or an OID that it names (STA-02). This table and the
# next refer to their certificates without a constraint: a certificate is never deleted, and to look it up again for each
# row took longer than to write the row.
certificate_part = sa.Table(
    "certificate_part",
    metadata,
    sa.Column("certificate_id", BigId, primary_key=True, autoincrement=False),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    text("kind"),
    text("value"),
    sa.Index("ix_certificate_part_kind_value", "kind", "value"),
)

# Each pair of neighbouring characters in a name. Chinese names are found by two characters, for which the trigrams of
# pg_trgm are no use, and this table serves both databases alike. The key's order gives the newest first without sorting.
certificate_gram = sa.Table(
    "certificate_gram",
    metadata,
    sa.Column("gram", sa.Text, primary_key=True),
    sa.Column("certificate_id", BigId, primary_key=True, autoincrement=False),
)

# CP, CPS, audit reports and other papers that everybody may read (CRL-03).
published_document = sa.Table(
    "published_document",
    metadata,
    key(),
    word("kind", PublishedKind),
    # A CA's name, or nothing for a document that holds for all of them.
    text("ca"),
    text("title"),
    text("version"),
    sa.Column("in_force_from", sa.Date, nullable=False),
    text("file_name"),
    text("media_type"),
    text("sha256"),
    number("size"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    text("by_name"),
    moment("at"),
    moment("withdrawn_at", null=True),
    sa.UniqueConstraint("kind", "ca", "version"),
    sa.Index("ix_published_document_sha256", "sha256"),
)

api_token = sa.Table(
    "api_token",
    metadata,
    key(),
    text("name", unique=True),
    # The token has 256 random bits, so its plain digest can't be guessed and is found by an index.
    text("secret_sha256", unique=True),
    sa.Column("scopes", Json, nullable=False),
    text("made_by"),
    ref("made_by_person", "person", null=True),
    moment("made_at"),
    moment("expires_at"),
    text("confirmed_by"),
    moment("confirmed_at", null=True),
    moment("revoked_at", null=True),
    moment("last_used_at", null=True),
)

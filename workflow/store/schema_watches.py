"""Tables of the watches: each run, what it found until it was mended, and the certificates that were sampled."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import BigId, Json, key, metadata, moment, number, text, word
from workflow.vocabulary import Watch

watch_run = sa.Table(
    "watch_run",
    metadata,
    key(),
    word("watch", Watch),
    moment("at"),
    number("examined"),
    number("found"),
    # The digest of the signed report, where there is one.
    text("report_sha256"),
    sa.Index("ix_watch_run_watch_at", "watch", "at"),
)

watch_finding = sa.Table(
    "watch_finding",
    metadata,
    key(),
    word("watch", Watch),
    text("code"),
    # What it is about: a serial, a case number, a chip, an address.
    text("subject"),
    text("zh"),
    text("en"),
    sa.Column("rows", Json, nullable=False),
    moment("first_at"),
    moment("last_at"),
    moment("told_at"),
    moment("cleared_at", null=True),
    # A finding is open once; two runs at the same moment do not tell it twice.
    sa.Index(
        "uq_watch_finding_open",
        "watch",
        "code",
        "subject",
        unique=True,
        postgresql_where=sa.text("cleared_at IS NULL"),
        sqlite_where=sa.text("cleared_at IS NULL"),
    ),
)

# A certificate that was linted again for the sample of a quarter (AUD-07).
certificate_sample = sa.Table(
    "certificate_sample",
    metadata,
    sa.Column("certificate_id", BigId, sa.ForeignKey("certificate.id"), primary_key=True),
    sa.Column("quarter", sa.Text, primary_key=True),
    moment("at"),
    sa.Column("findings", Json, nullable=False),
    sa.Index("ix_certificate_sample_quarter", "quarter"),
)

"""Tables of the manufacturing line: batches, the cards to be made in them, and the readers that make them."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import key, metadata, moment, number, ref, text, word
from workflow.vocabulary import OPEN_JOBS, JobState, ReaderState

line_batch = sa.Table(
    "line_batch",
    metadata,
    key(),
    text("by_name"),
    moment("at"),
    moment("stopped_at", null=True),
    text("stop_reason", null=True),
)

_OPEN = sa.text(f"state IN ({', '.join(repr(str(state)) for state in OPEN_JOBS)})")

line_job = sa.Table(
    "line_job",
    metadata,
    key(),
    ref("batch_id", "line_batch"),
    ref("case_id", "registry_case"),
    number("position"),
    word("state", JobState),
    # Who makes it and until when that is believed: a worker that died is followed by another.
    text("reader", null=True),
    text("worker", null=True),
    moment("claimed_until", null=True),
    # Cards that were given up on the way.
    number("spoiled", 0),
    text("said"),
    moment("updated_at"),
    sa.UniqueConstraint("batch_id", "position"),
    # A case waits on one batch at a time.
    sa.Index("uq_line_job_open", "case_id", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
    # The next job is found without a look at those that are done.
    sa.Index("ix_line_job_next", "state", "batch_id", "position"),
)

line_reader = sa.Table(
    "line_reader",
    metadata,
    key(),
    text("name", unique=True),
    word("state", ReaderState),
    text("worker"),
    number("failures", 0),
    number("made", 0),
    text("said"),
    moment("updated_at"),
)

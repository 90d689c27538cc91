"""Tables of the revocation lists: what stands on them, what changed since the last, and lists that were refused."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import BigId, key, metadata, moment, number, text

# A certificate that stands on its authority's lists, encoded once and kept: a new list is mostly copied from here.
# Rows are written and removed in the transaction of the change of status.
crl_entry = sa.Table(
    "crl_entry",
    metadata,
    sa.Column(
        "certificate_id", BigId, sa.ForeignKey("certificate.id"), primary_key=True, autoincrement=False
    ),
    text("authority"),
    number("partition"),
    # The database joins the entries of one block, so that a million rows arrive as a few hundred pieces.
    sa.Column("block", BigId, nullable=False),
    text("serial"),
    sa.Column("der", sa.LargeBinary, nullable=False),
    moment("since"),
    moment("not_after"),
    sa.UniqueConstraint("authority", "serial"),
    # Those that have expired are found at each full renewal (CRL-02).
    sa.Index("ix_crl_entry_authority_not_after", "authority", "not_after"),
)

# A change that no list knows yet. Rows are only added by those who change a status, so that they never wait for one
# another, and only removed by the publication that knows them: what remains asks for another list.
crl_change = sa.Table(
    "crl_change",
    metadata,
    key(),
    text("authority"),
    number("partition"),
    moment("at"),
    sa.Index("ix_crl_change_authority", "authority"),
)

# A list that was made and must not be published; the one before stays in force.
crl_failure = sa.Table(
    "crl_failure",
    metadata,
    key(),
    text("authority"),
    # The number that the list would have had; those above the newest list's number were refused since.
    number("number"),
    text("code"),
    text("said"),
    moment("at"),
    sa.Index("ix_crl_failure_authority_number", "authority", "number"),
)

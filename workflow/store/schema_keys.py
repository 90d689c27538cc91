"""Keys that must never be certified, revoked authorities, and the tasks of several people with keys (ROL-08)."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import Json, key, metadata, moment, text, word
from workflow.vocabulary import AuthorityRevocationReason, KeyTask, KeyTaskState

compromised_key = sa.Table(
    "compromised_key",
    metadata,
    key(),
    # SHA-256 over the SubjectPublicKeyInfo in lower-case hexadecimal, as in `certificate`.
    text("spki_sha256", unique=True),
    text("source"),
    text("listed_by"),
    moment("listed_at"),
)

key_task = sa.Table(
    "key_task",
    metadata,
    key(),
    word("task", KeyTask),
    word("state", KeyTaskState),
    # The names of the authorities it is about, with commas between.
    text("authorities"),
    # Keys that the task makes in a token bear this in their labels, so that those of a broken-off task are found.
    text("mark"),
    # What was agreed on, and what was done, as canonical JSON; the people present signed each.
    text("plan"),
    sa.Column("plan_signatures", Json, nullable=False),
    text("record", null=True),
    sa.Column("record_signatures", Json, nullable=True),
    # Where its keys are made and destroyed, as the keystore names it; no other place may be said to have destroyed them.
    text("place", null=True),
    # Why keys of it were left where they lay, and were not destroyed; empty unless people said so.
    text("left_reason", null=True),
    # A key in a token whose end is decided and that may still be there.
    text("reference", null=True),
    moment("at"),
    # Empty until nothing is left to be done, or undone.
    moment("ended_at", null=True),
)

# Keys of the house that are about to be made in the keystore, written down before: what was killed in between is found by
# its label. A row ends when the key is on record, or destroyed.
key_intent = sa.Table(
    "key_intent",
    metadata,
    key(),
    text("label", unique=True),
    text("place"),
    moment("at"),
    # Given up: nobody may put the key on record any more, and it is destroyed next.
    moment("cleared_at", null=True),
    moment("ended_at", null=True),
)

# Encrypted copies of keys on media; what is marked destroyed must never be put back.
key_backup = sa.Table(
    "key_backup",
    metadata,
    key(),
    text("authority", index=True),
    text("place"),
    text("sha256"),
    text("share_set"),
    moment("made_at"),
    moment("destroyed_at", null=True),
)

# What ties two generations of the root together: the certificate of one, by name and key, that another signed (RFC 4210 §4.4).
root_link = sa.Table(
    "root_link",
    metadata,
    key(),
    # Names of authorities' rows: whose key it certifies, and who signed it.
    text("subject"),
    text("signer"),
    sa.Column("certificate", sa.LargeBinary, nullable=False),
    moment("at"),
    sa.UniqueConstraint("subject", "signer"),
)

# An authority, or a link by its name, whose certificate a root has revoked. Rows are only added: a revocation is never taken back.
authority_revocation = sa.Table(
    "authority_revocation",
    metadata,
    key(),
    text("authority", unique=True),
    text("serial", unique=True),
    word("reason", AuthorityRevocationReason),
    moment("at"),
    moment("not_after"),
)

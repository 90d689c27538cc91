"""Tables of the registration authority: its keys, and the requests that it signs to the CA (RV2-04)."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import key, metadata, moment, ref, text, word
from workflow.vocabulary import Ca

registration_key = sa.Table(
    "registration_key",
    metadata,
    key(),
    # The newest row of a CA signs; its certificate is the one of this key.
    word("ca", Ca),
    text("spki_sha256", unique=True),
    sa.Column("spki", sa.LargeBinary, nullable=False),
    # A software key is here, a key in a token is referred to.
    sa.Column("sealed_key", sa.LargeBinary, nullable=True),
    text("key_reference", null=True),
    moment("at"),
)

issuing_request = sa.Table(
    "issuing_request",
    metadata,
    key(),
    ref("case_id", "registry_case", index=True),
    # Canonical JSON: the case, its snapshot, the digests of its approvals, the keys with their profiles.
    text("statement"),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("certificate", sa.LargeBinary, nullable=False),
    moment("at"),
)

"""Tables of cards, certificates, CRLs and the authorities' keys."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store.columns import BigId, key, metadata, moment, number, ref, text, word
from workflow.vocabulary import AuthorityState, Ca, CardState, CertificateStatus

card = sa.Table(
    "card",
    metadata,
    key(),
    text("csn", unique=True),
    text("number", null=True, unique=True),
    word("state", CardState),
    text("box"),
    # Where it is in the house; none when it is outside, or was never taken up into the books of the stock.
    ref("place_id", "stock_place", null=True, index=True),
    ref("case_id", "registry_case", null=True, index=True),
    text("step"),
    sa.Column("signature_spki", sa.LargeBinary, nullable=True),
    sa.Column("encipherment_spki", sa.LargeBinary, nullable=True),
    # The master key that management key and PUKs are derived from, and how often the PUK was changed; a next change is
    # noted before the card is told. Cards of before there were master keys have their secrets sealed here instead.
    text("master_key", null=True),
    number("puk_generation", 0),
    number("next_puk_generation", null=True),
    sa.Column("pin_sealed", sa.LargeBinary, nullable=True),
    sa.Column("management_key_sealed", sa.LargeBinary, nullable=True),
    sa.Column("puk_sealed", sa.LargeBinary, nullable=True),
    sa.Column("next_puk_sealed", sa.LargeBinary, nullable=True),
    # The random management key that a retirement leaves on the card, kept until that is recorded.
    sa.Column("final_key_sealed", sa.LargeBinary, nullable=True),
    text("reason"),
    moment("counted_in_at"),
    moment("made_at", null=True),
    moment("updated_at"),
)

_LISTED = "status IN ('suspended', 'revoked')"

certificate = sa.Table(
    "certificate",
    metadata,
    key(),
    word("ca", Ca),
    # The name of the authority's row whose key signs it: a CA has one for each generation of its key.
    text("authority"),
    text("serial"),
    ref("case_id", "registry_case", null=True, index=True),
    text("csn", null=True, index=True),
    # The signing request it was issued for, when the key is on no card; each gets one certificate.
    ref("item_id", "request_item", null=True),
    text("profile", null=True),
    text("purpose"),
    word("status", CertificateStatus),
    number("status_version", 0),
    word("status_before", CertificateStatus, null=True),
    sa.Column("tbs", sa.LargeBinary, nullable=False),
    # The digest of the linted bytes: nothing else can be signed.
    text("tbs_sha256"),
    # The digest once more, sealed under the house's key: whoever can only write to the database can't have bytes signed.
    sa.Column("tbs_seal", sa.LargeBinary, nullable=True),
    sa.Column("der", sa.LargeBinary, nullable=True),
    # One key, one certificate, in all CAs (CSR-04, design 3.4).
    text("spki_sha256", unique=True),
    text("subject"),
    text("card_number", null=True),
    moment("not_before"),
    moment("not_after"),
    moment("status_at"),
    text("reason", null=True),
    moment("published_at", null=True),
    moment("created_at"),
    # When the holder took the certificate out of the repository (RV2-05); CRL and OCSP go on speaking of it.
    moment("withdrawn_at", null=True),
    # The RA's signed request that asked for it; none for the house's own certificates.
    sa.Column("request_id", BigId, nullable=True),
    sa.UniqueConstraint("item_id"),
    sa.Index("ix_certificate_status", "authority", "status"),
    # Relying parties type a serial without saying which key signed it (STA-02).
    sa.Index("ix_certificate_serial", "serial"),
    # What should be listed is counted before each list, from this index alone.
    sa.Index(
        "ix_certificate_listed",
        "authority",
        "not_after",
        "id",
        postgresql_where=sa.text(_LISTED),
        sqlite_where=sa.text(_LISTED),
    ),
    sa.UniqueConstraint("authority", "serial"),
)

status_change = sa.Table(
    "status_change",
    metadata,
    key(),
    # A trigger writes these rows beside each change of a certificate's status; the OCSP responders read them.
    text("authority"),
    text("serial"),
    number("version"),
    text("status"),
    moment("at"),
    # The transaction that wrote the row, on PostgreSQL: the only order in which readers miss nothing.
    sa.Column("xid", sa.BigInteger, nullable=True, index=True),
)

crl = sa.Table(
    "crl",
    metadata,
    key(),
    # An authority's name; partition 0 is the complete list.
    text("authority"),
    number("partition"),
    number("number"),
    sa.Column("der", sa.LargeBinary, nullable=False),
    number("entries"),
    moment("this_update"),
    moment("next_update"),
    sa.UniqueConstraint("authority", "partition", "number"),
)
# PostgreSQL would spend longer compressing a list of a million entries than we need to make it; certificates, which are
# mostly keys and digests, never become smaller.
for _table, _column in ((crl, "der"), (certificate, "tbs"), (certificate, "der")):
    sa.event.listen(
        _table,
        "after_create",
        sa.DDL(  # type: ignore[no-untyped-call]  # the library has no types here.
            f"ALTER TABLE {_table.name} ALTER COLUMN {_column} SET STORAGE EXTERNAL"
        ).execute_if(dialect="postgresql"),
    )

authority = sa.Table(
    "authority",
    metadata,
    key(),
    # "root", "gca" for the first generation of a CA, "gca-g2" for the second, "ocsp:gca" for a responder.
    text("name", unique=True),
    # Only what issues for a CA has one; null for the root and the responders.
    word("ca", Ca, null=True),
    number("generation", 1),
    word("state", AuthorityState),
    sa.Column("certificate", sa.LargeBinary, nullable=False),
    # A software key is here, a key in a token is referred to; a destroyed one is neither.
    sa.Column("sealed_key", sa.LargeBinary, nullable=True),
    text("key_reference", null=True),
    moment("at"),
    sa.UniqueConstraint("ca", "generation"),
)

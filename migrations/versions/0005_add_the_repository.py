"""Add the repository: what certificates are found by, published documents and API tokens.

Revision 0005, after 0004.
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op
from asn1crypto import core, x509
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
CHUNK = 500
LABELS = {
    "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.3": "CN", "2.5.4.5": "serialNumber",
    "1.2.840.113549.1.9.1": "email",
}
SAN_LABELS = {"rfc822_name": "email", "dns_name": "DNS"}
NOT_NAMES = {"email", "oid", "C"}
ORGANISATION_OID = "2.16.886.1.100.2.102"


class _Attribute(core.Sequence):
    _fields = [("type", core.ObjectIdentifier), ("values", core.SetOf, {"spec": core.Any})]


class _Attributes(core.SequenceOf):
    _child_spec = _Attribute


def upgrade() -> None:
    """Make the tables and fill the directory from the certificates that are there."""
    op.create_table(
        "certificate_part",
        sa.Column("certificate_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_part_certificate_id")
        ),
        sa.PrimaryKeyConstraint("certificate_id", "position", name=op.f("pk_certificate_part")),
    )
    op.create_table(
        "certificate_gram",
        sa.Column("gram", sa.Text(), nullable=False),
        sa.Column("certificate_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_gram_certificate_id")
        ),
        sa.PrimaryKeyConstraint("gram", "certificate_id", name=op.f("pk_certificate_gram")),
    )
    _published_document()
    _api_token()
    op.add_column("certificate", sa.Column("withdrawn_at", Moment, nullable=True))
    _fill(op.get_bind())
    # After the rows, which is quicker.
    op.create_index("ix_certificate_part_kind_value", "certificate_part", ["kind", "value"], unique=False)
    op.create_index("ix_certificate_gram_certificate_id", "certificate_gram", ["certificate_id"], unique=False)


def _published_document() -> None:
    op.create_table(
        "published_document",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("withdrawn_at", Moment, nullable=True),
        sa.CheckConstraint(
            "kind IN ('cp', 'cps', 'audit_report', 'other')", name=op.f("ck_published_document_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_document")),
        sa.UniqueConstraint("kind", "ca", "version", name=op.f("uq_published_document_kind_ca_version")),
    )
    op.create_index("ix_published_document_sha256", "published_document", ["sha256"], unique=False)


def _api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_by_person", Id, nullable=True),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", Moment, nullable=True),
        sa.Column("revoked_at", Moment, nullable=True),
        sa.Column("last_used_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["made_by_person"], ["person.id"], name=op.f("fk_api_token_made_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("name", name=op.f("uq_api_token_name")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_api_token_secret_sha256")),
    )


def _fill(connection: sa.Connection) -> None:
    """Write the terms of the certificates in store; what can't be read has none."""
    if connection.dialect.name == "postgresql":
        # Millions of certificates take longer than an ordinary statement may; no row that users wait for is locked.
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
    certificate = sa.table("certificate", sa.column("id", Id), sa.column("der", sa.LargeBinary))
    part = sa.table(
        "certificate_part",
        sa.column("certificate_id", Id), sa.column("position", sa.Integer),
        sa.column("kind", sa.Text), sa.column("value", sa.Text),
    )
    gram = sa.table("certificate_gram", sa.column("gram", sa.Text), sa.column("certificate_id", Id))
    last = None
    while True:
        query = sa.select(certificate).where(certificate.c.der.is_not(None)).order_by(certificate.c.id).limit(CHUNK)
        rows = connection.execute(query if last is None else query.where(certificate.c.id > last)).all()
        if not rows:
            return
        last = rows[-1].id
        parts, grams = [], []
        for row in rows:
            terms = _terms(bytes(row.der))
            parts += [
                {"certificate_id": row.id, "position": position, "kind": kind, "value": value}
                for position, (kind, value) in enumerate(terms)
            ]
            pairs = {
                value[at : at + 2] for kind, value in terms if kind not in NOT_NAMES for at in range(len(value) - 1)
            }
            grams += [{"certificate_id": row.id, "gram": pair} for pair in sorted(pairs)]
        if parts:
            connection.execute(part.insert(), parts)
        if grams:
            connection.execute(gram.insert(), grams)


def _terms(der: bytes) -> list[tuple[str, str]]:
    try:
        tbs = x509.Certificate.load(der, strict=True)["tbs_certificate"]
        found = [
            (LABELS.get(pair["type"].dotted, pair["type"].dotted), str(pair["value"].native))
            for relative in tbs["subject"].chosen
            for pair in relative
        ]
        for extension in tbs["extensions"]:
            if extension["extn_id"].native == "subject_alt_name":
                names = extension["extn_value"].parsed
                found += [(SAN_LABELS[one.name], str(one.native)) for one in names if one.name in SAN_LABELS]
            elif extension["extn_id"].dotted == "2.5.29.9":
                found += [
                    ("oid", core.ObjectIdentifier.load(attribute["values"][0].dump()).dotted)
                    for attribute in _Attributes.load(bytes(extension["extn_value"]))
                    if attribute["type"].dotted == ORGANISATION_OID
                ]
    except (ValueError, TypeError, KeyError, IndexError):
        return []
    kept = ((kind, unicodedata.normalize("NFC", value.replace("\x00", "")).strip()) for kind, value in found)
    return list(dict.fromkeys(kept))


def downgrade() -> None:
    """Take the tables and the column away."""
    op.drop_table("certificate_gram")
    op.drop_table("certificate_part")
    op.drop_table("published_document")
    op.drop_table("api_token")
    with op.batch_alter_table("certificate") as batch:
        batch.drop_column("withdrawn_at")

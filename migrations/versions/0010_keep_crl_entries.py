"""Keep the entries of revocation lists encoded, and note changes that no list knows yet.

Revision 0010, after 0009. The entries of certificates that are suspended or revoked are written here; the first list
after the migration says what the last one before it said.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
CHUNK = 5000
BLOCK = 8192
PARTITIONS = 4
LISTED = ("suspended", "revoked")
# CRLReason of RFC 5280 §5.3.1 by the reason that is stored; one that is not here is left unspecified.
REASONS = {
    "key_compromise": 1, "affiliation_changed": 3, "superseded": 4, "cessation_of_operation": 5, "certificate_hold": 6,
    "not_activated": 5,
}  # fmt: skip
HEXADECIMAL = frozenset("0123456789abcdef")


def upgrade() -> None:
    """Make the tables and write the entries of what is listed today."""
    _tables()
    connection = op.get_bind()
    _fill(connection)
    # After the rows, which is quicker.
    _indexes()
    if connection.dialect.name == "postgresql":
        op.execute("ALTER TABLE crl ALTER COLUMN der SET STORAGE EXTERNAL")


def _tables() -> None:
    op.create_table(
        "crl_entry",
        sa.Column("certificate_id", Id, autoincrement=False, nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("block", Id, nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("not_after", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_crl_entry_certificate_id")
        ),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_crl_entry")),
        sa.UniqueConstraint("authority", "serial", name=op.f("uq_crl_entry_authority_serial")),
    )
    op.create_table(
        "crl_change",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crl_change")),
    )
    op.create_table(
        "crl_failure",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crl_failure")),
    )


def _indexes() -> None:
    op.create_index("ix_crl_entry_authority_not_after", "crl_entry", ["authority", "not_after"])
    op.create_index("ix_crl_change_authority", "crl_change", ["authority"])
    op.create_index("ix_crl_failure_authority_number", "crl_failure", ["authority", "number"])
    where = sa.text("status IN ('suspended', 'revoked')")
    op.create_index(
        "ix_certificate_listed",
        "certificate",
        ["ca", "not_after", "id"],
        postgresql_where=where,
        sqlite_where=where,
    )


def _fill(connection: sa.Connection) -> None:
    certificates = sa.table(
        "certificate",
        *(sa.column(name) for name in ("id", "ca", "serial", "status", "reason")),
        sa.column("status_at", Moment),
        sa.column("not_after", Moment),
    )
    entries = sa.table(
        "crl_entry",
        *(sa.column(name) for name in ("certificate_id", "authority", "partition", "block", "serial")),
        sa.column("der", sa.LargeBinary),
        sa.column("since", Moment),
        sa.column("not_after", Moment),
    )
    c, last = certificates.c, 0
    while True:
        listed = sa.select(certificates).where(c.status.in_(LISTED), c.id > last).order_by(c.id).limit(CHUNK)
        rows = connection.execute(listed).all()
        if not rows:
            return
        last = rows[-1].id
        found = [_entry(row) for row in rows if _is_serial(row.serial)]
        if found:
            connection.execute(sa.insert(entries), found)


def _is_serial(text: str) -> bool:
    # Serials are stored as lower-case hexadecimal; RFC 5280 allows them 20 octets.
    return 0 < len(text) <= 40 and HEXADECIMAL.issuperset(text)


def _entry(row: Any) -> dict[str, Any]:
    serial = int(row.serial, 16)
    return {
        "certificate_id": row.id,
        "authority": row.ca,
        "partition": serial % PARTITIONS + 1,
        "block": row.id // BLOCK,
        "serial": row.serial,
        "der": _encode(serial, row.status_at, REASONS.get(row.reason or "", 0)),
        "since": row.status_at,
        "not_after": row.not_after,
    }


def _encode(serial: int, since: dt.datetime, reason: int) -> bytes:
    """Return the entry in DER (RFC 5280 §5.1); no part of it is longer than 127 octets."""
    utc = since.astimezone(dt.UTC) if since.tzinfo else since
    short = 1950 <= utc.year < 2050
    when = (f"{utc:%y%m%d%H%M%SZ}" if short else f"{utc.year:04d}{utc:%m%d%H%M%SZ}").encode("ascii")
    number = _element(0x02, serial.to_bytes(serial.bit_length() // 8 + 1, "big"))
    parts = number + _element(0x17 if short else 0x18, when)
    if reason:
        value = _element(0x04, _element(0x0A, bytes((reason,))))
        parts += _element(0x30, _element(0x30, b"\x06\x03\x55\x1d\x15" + value))
    return _element(0x30, parts)


def _element(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content


def downgrade() -> None:
    """Take the tables away; lists are then made of the statuses again."""
    op.drop_index("ix_certificate_listed", table_name="certificate")
    for table in ("crl_failure", "crl_change", "crl_entry"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE crl ALTER COLUMN der SET STORAGE EXTENDED")

"""Let the search terms of certificates stand without references to them, and do not try to compress these.

A certificate is never deleted, and its terms are written by the transaction that records its signature, by the number of
the very row that this transaction updates; so no term can lose its certificate. Yet PostgreSQL looked the certificate up
and locked it once more for each of some ten to thirty rows, which took longer than to write them and was a twentieth of
the whole issue. With the reference goes the index that served it alone; names are sought by the primary key.

PostgreSQL also tried at each signature to compress two columns that are mostly keys, digests and a signature, and never
became smaller.

Revision 0032, after 0031.
"""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TABLES = ("certificate_gram", "certificate_part")
INDEX = "ix_certificate_gram_certificate_id"


def _store(how: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for column in ("tbs", "der"):
            op.execute(f"ALTER TABLE certificate ALTER COLUMN {column} SET STORAGE {how}")


def upgrade() -> None:
    """Drop the references and their index."""
    op.drop_index(INDEX, "certificate_gram")
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_certificate_id"), type_="foreignkey")
    _store("EXTERNAL")


def downgrade() -> None:
    """Give the references back."""
    _store("EXTENDED")
    if op.get_bind().dialect.name == "postgresql":
        # Every term of every certificate is looked up, which may take more than a minute.
        op.execute("SET LOCAL statement_timeout = 0")
    for table in TABLES:
        name = op.f(f"fk_{table}_certificate_id")
        with op.batch_alter_table(table) as batch:
            batch.create_foreign_key(name, "certificate", ["certificate_id"], ["id"])
    op.create_index(INDEX, "certificate_gram", ["certificate_id"])

"""Give authorities generations: what a CA's older key issued stays served by that key.

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CAS = "ca IN ('gca', 'xca', 'moica')"
WATCHED = "AFTER UPDATE OF status, status_version, status_at, reason ON certificate"
ROW = "NEW.{0}, NEW.serial, NEW.status_version, NEW.status, NEW.status_at"


def _index(column: str) -> None:
    """Make the indexes by what names the certificate's authority."""
    op.create_index("ix_certificate_status", "certificate", [column, "status"], unique=False)
    where = sa.text("status IN ('suspended', 'revoked')")
    op.create_index(
        "ix_certificate_listed",
        "certificate",
        [column, "not_after", "id"],
        postgresql_where=where,
        sqlite_where=where,
    )


def _stop_telling() -> None:
    """Take the trigger away: SQLite would lose it when the table is made anew."""
    on = " ON certificate" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER certificate_status{on}")


def _tell(column: str) -> None:
    """Tell each change of status with what names the certificate's authority."""
    row = ROW.format(column)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER certificate_status {WATCHED} BEGIN"
            f" INSERT INTO status_change (authority, serial, version, status, at) VALUES ({row}); END"
        )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION tell_status_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN"
        " INSERT INTO status_change (authority, serial, version, status, at, xid)"
        f" VALUES ({row}, pg_current_xact_id()::text::bigint);"
        " PERFORM pg_notify('guanfang_status', '');"
        " RETURN NULL;"
        " END $$"
    )
    op.execute(
        f"CREATE TRIGGER certificate_status {WATCHED} FOR EACH ROW EXECUTE FUNCTION tell_status_change()"
    )


def _authority() -> None:
    with op.batch_alter_table("authority") as table:
        table.add_column(sa.Column("ca", sa.Text(), nullable=True))
        table.add_column(sa.Column("generation", sa.Integer(), server_default=sa.text("1"), nullable=False))
        table.add_column(sa.Column("state", sa.Text(), nullable=True))
        table.add_column(sa.Column("key_reference", sa.Text(), nullable=True))
        table.alter_column("sealed_key", existing_type=sa.LargeBinary(), nullable=True)
    op.execute(f"UPDATE authority SET ca = name WHERE {CAS.replace('ca', 'name', 1)}")
    op.execute("UPDATE authority SET state = 'active'")
    with op.batch_alter_table("authority") as table:
        table.alter_column("state", existing_type=sa.Text(), nullable=False)
        table.create_check_constraint(op.f("ck_authority_ca"), CAS)
        table.create_check_constraint(
            op.f("ck_authority_state"), "state IN ('active', 'retired', 'destroyed')"
        )
        table.create_unique_constraint(op.f("uq_authority_ca_generation"), ["ca", "generation"])


def upgrade() -> None:
    """Name the authority of each certificate, and say of each authority for which CA it issues."""
    _authority()
    _stop_telling()
    with op.batch_alter_table("certificate") as table:
        table.add_column(sa.Column("authority", sa.Text(), nullable=True))
    op.execute("UPDATE certificate SET authority = ca")
    op.drop_index("ix_certificate_listed", "certificate")
    op.drop_index("ix_certificate_status", "certificate")
    with op.batch_alter_table("certificate") as table:
        table.alter_column("authority", existing_type=sa.Text(), nullable=False)
        table.drop_constraint(op.f("uq_certificate_ca_serial"), type_="unique")
        table.create_unique_constraint(op.f("uq_certificate_authority_serial"), ["authority", "serial"])
    _index("authority")
    _tell("authority")


def downgrade() -> None:
    """Forget the generations; refuses where a key is in a token or destroyed, for the old tables can't say so."""
    keyless = op.get_bind().execute(sa.text("SELECT COUNT(*) FROM authority WHERE sealed_key IS NULL"))
    if keyless.scalar():
        raise RuntimeError("an authority's key is in a token or destroyed; the older schema has no place for it")
    _stop_telling()
    op.drop_index("ix_certificate_listed", "certificate")
    op.drop_index("ix_certificate_status", "certificate")
    with op.batch_alter_table("certificate") as table:
        table.drop_constraint(op.f("uq_certificate_authority_serial"), type_="unique")
        table.create_unique_constraint(op.f("uq_certificate_ca_serial"), ["ca", "serial"])
        table.drop_column("authority")
    _index("ca")
    _tell("ca")
    with op.batch_alter_table("authority") as table:
        table.drop_constraint(op.f("uq_authority_ca_generation"), type_="unique")
        table.drop_constraint(op.f("ck_authority_state"), type_="check")
        table.drop_constraint(op.f("ck_authority_ca"), type_="check")
        table.alter_column("sealed_key", existing_type=sa.LargeBinary(), nullable=False)
        table.drop_column("key_reference")
        table.drop_column("state")
        table.drop_column("generation")
        table.drop_column("ca")

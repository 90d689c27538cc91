"""Begin the registry: people, windows, organisations, and an audit log that only grows.

Revision 0001, after nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
Moment = sa.DateTime(timezone=True)

# The log's entries, their places in the tree and the signed checkpoints are written once (AUD-03).
INSERT_ONLY = ("audit_entry", "audit_leaf", "audit_checkpoint")


def _audit_checkpoint() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", Id, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
    )


def _audit_entry() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("case_version", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_case_id"), "audit_entry", ["case_id"], unique=False)


def _audit_leaf() -> None:
    op.create_table(
        "audit_leaf",
        sa.Column("leaf_index", Id, autoincrement=False, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_audit_leaf")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_leaf_entry_id")),
    )


def _breaker() -> None:
    op.create_table(
        "breaker",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("allowance", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_breaker")),
    )


def _clock_offset() -> None:
    op.create_table(
        "clock_offset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_offset")),
    )


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", Id, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )


def _review_window() -> None:
    op.create_table(
        "review_window",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency_code", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_window")),
        sa.UniqueConstraint("name", name=op.f("uq_review_window_name")),
    )


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("window_id", Id, nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("failed_log_ins", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", Moment, nullable=True),
        sa.Column("signing_key", sa.LargeBinary(), nullable=True),
        sa.Column("signing_spki", sa.LargeBinary(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.ForeignKeyConstraint(["window_id"], ["review_window.id"], name=op.f("fk_account_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )


def _organisation() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("oid", sa.Text(), nullable=True),
        sa.Column("ubn", sa.Text(), nullable=True),
        sa.Column("agency_code", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("window_id", Id, nullable=True),
        sa.Column("not_eligible", sa.Text(), nullable=True),
        sa.CheckConstraint("ca IN ('gca', 'xca', 'moica')", name=op.f("ck_organisation_ca")),
        sa.CheckConstraint(
            "kind IN ('school', 'foundation', 'association', 'administrative_corporation', 'professional_office', 'other', 'agency', 'unit', 'natural_person')",
            name=op.f("ck_organisation_kind"),
        ),
        sa.ForeignKeyConstraint(["window_id"], ["review_window.id"], name=op.f("fk_organisation_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("ca", "oid", name=op.f("uq_organisation_ca_oid")),
    )
    op.create_index("ix_organisation_name", "organisation", ["name"], unique=False)
    op.create_index("ix_organisation_ubn", "organisation", ["ubn"], unique=False)
    op.create_index(op.f("ix_organisation_window_id"), "organisation", ["window_id"], unique=False)


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_is_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'the table % is insert-only', TG_TABLE_NAME; END $$"
    )
    for table in INSERT_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION audit_is_insert_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_insert_only()"
        )


def _guard_on_sqlite() -> None:
    for table in INSERT_ONLY:
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_{action.lower()} BEFORE {action} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, 'the table {table} is insert-only'); END"
            )


def upgrade() -> None:
    """Make the tables, then close the log to changes."""
    _audit_checkpoint()
    _audit_entry()
    _audit_leaf()
    _breaker()
    _clock_offset()
    _counter()
    _person()
    _review_window()
    _account()
    _organisation()
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()


# In the order in which nothing refers to them any more.
TABLES = (
    "organisation",
    "account",
    "review_window",
    "person",
    "counter",
    "clock_offset",
    "breaker",
    "audit_leaf",
    "audit_entry",
    "audit_checkpoint",
)


def downgrade() -> None:
    """Take the tables away; indexes and triggers go with them."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_insert_only()")

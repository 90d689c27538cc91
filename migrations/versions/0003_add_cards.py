"""Add cards, certificates, their lists and the authorities.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def _authority() -> None:
    op.create_table(
        "authority",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority")),
        sa.UniqueConstraint("name", name=op.f("uq_authority_name")),
    )


def _crl() -> None:
    op.create_table(
        "crl",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("this_update", Moment, nullable=False),
        sa.Column("next_update", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crl")),
        sa.UniqueConstraint(
            "authority", "partition", "number", name=op.f("uq_crl_authority_partition_number")
        ),
    )


def _card() -> None:
    op.create_table(
        "card",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("csn", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("signature_spki", sa.LargeBinary(), nullable=True),
        sa.Column("encipherment_spki", sa.LargeBinary(), nullable=True),
        sa.Column("pin_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("management_key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("puk_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("next_puk_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counted_in_at", Moment, nullable=False),
        sa.Column("made_at", Moment, nullable=True),
        sa.Column("updated_at", Moment, nullable=False),
        sa.CheckConstraint(
            "state IN ('blank', 'personalising', 'made', 'posted', 'active', 'quarantined', 'spoiled')",
            name=op.f("ck_card_state"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_card_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("csn", name=op.f("uq_card_csn")),
        sa.UniqueConstraint("number", name=op.f("uq_card_number")),
    )
    op.create_index(op.f("ix_card_case_id"), "card", ["case_id"], unique=False)


def _certificate() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("csn", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=True),
        sa.Column("tbs", sa.LargeBinary(), nullable=False),
        sa.Column("tbs_sha256", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=True),
        sa.Column("spki_sha256", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("card_number", sa.Text(), nullable=True),
        sa.Column("not_before", Moment, nullable=False),
        sa.Column("not_after", Moment, nullable=False),
        sa.Column("status_at", Moment, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("published_at", Moment, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.CheckConstraint("ca IN ('gca', 'xca', 'moica')", name=op.f("ck_certificate_ca")),
        sa.CheckConstraint(
            "status IN ('intended', 'issued', 'valid', 'suspended', 'revoked')",
            name=op.f("ck_certificate_status"),
        ),
        sa.CheckConstraint(
            "status_before IN ('intended', 'issued', 'valid', 'suspended', 'revoked')",
            name=op.f("ck_certificate_status_before"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_certificate_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("ca", "serial", name=op.f("uq_certificate_ca_serial")),
        sa.UniqueConstraint("spki_sha256", name=op.f("uq_certificate_spki_sha256")),
    )
    op.create_index(op.f("ix_certificate_case_id"), "certificate", ["case_id"], unique=False)
    op.create_index(op.f("ix_certificate_csn"), "certificate", ["csn"], unique=False)
    op.create_index("ix_certificate_status", "certificate", ["ca", "status"], unique=False)


def upgrade() -> None:
    """Make the tables."""
    _authority()
    _crl()
    _card()
    _certificate()


# In the order in which nothing refers to them any more.
TABLES = (
    "certificate",
    "card",
    "crl",
    "authority",
)


def downgrade() -> None:
    """Take the tables away; indexes and triggers go with them."""
    for table in TABLES:
        op.drop_table(table)

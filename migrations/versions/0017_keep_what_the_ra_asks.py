"""Keep what the RA asks of the CA, the RA's own keys, and the key and certificate behind each decision.

Revision 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
OF_ACCOUNT = "(SELECT account.signing_spki FROM account WHERE account.id = review_decision.account_id)"


def upgrade() -> None:
    """Make the tables and columns; a decision of before was signed with the key that its account still has."""
    op.create_table(
        "registration_key",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("spki_sha256", sa.Text(), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("key_reference", sa.Text(), nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.CheckConstraint("ca IN ('gca', 'xca', 'moica')", name=op.f("ck_registration_key_ca")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_key")),
        sa.UniqueConstraint("spki_sha256", name=op.f("uq_registration_key_spki_sha256")),
    )
    op.create_table(
        "issuing_request",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_issuing_request_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuing_request")),
    )
    op.create_index(op.f("ix_issuing_request_case_id"), "issuing_request", ["case_id"], unique=False)
    # Added as it is: to make the table anew would lose SQLite the trigger that tells changes of status.
    op.add_column("certificate", sa.Column("request_id", Id, nullable=True))
    op.add_column("review_decision", sa.Column("signing_spki", sa.LargeBinary(), nullable=True))
    op.add_column("review_decision", sa.Column("certificate", sa.LargeBinary(), nullable=True))
    op.execute(f"UPDATE review_decision SET signing_spki = {OF_ACCOUNT}")


def downgrade() -> None:
    """Take it all away; the certificates of the RAs' keys stay, for they have to be answered for."""
    with op.batch_alter_table("review_decision") as batch:
        batch.drop_column("certificate")
        batch.drop_column("signing_spki")
    op.drop_column("certificate", "request_id")
    op.drop_index(op.f("ix_issuing_request_case_id"), table_name="issuing_request")
    op.drop_table("issuing_request")
    op.drop_table("registration_key")

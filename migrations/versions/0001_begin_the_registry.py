"""Begin the registry: all tables of the first version, and an audit log that only grows.

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


def _mailing_list() -> None:
    op.create_table(
        "mailing_list",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("post_kind", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing_list")),
        sa.UniqueConstraint("number", name=op.f("uq_mailing_list_number")),
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


def _letter() -> None:
    op.create_table(
        "letter",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("our_number", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("sender_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("said_primary", sa.Integer(), nullable=True),
        sa.Column("said_secondary", sa.Integer(), nullable=True),
        sa.Column("difference_reason", sa.Text(), nullable=False),
        sa.Column("proposed", Json, nullable=False),
        sa.Column("logged_by", Id, nullable=True),
        sa.Column("window_id", Id, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("tied_at", Moment, nullable=True),
        sa.CheckConstraint("direction IN ('incoming', 'outgoing')", name=op.f("ck_letter_direction")),
        sa.ForeignKeyConstraint(["logged_by"], ["person.id"], name=op.f("fk_letter_logged_by")),
        sa.ForeignKeyConstraint(["window_id"], ["review_window.id"], name=op.f("fk_letter_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint(
            "direction", "sender_name", "number", name=op.f("uq_letter_direction_sender_name_number")
        ),
        sa.UniqueConstraint("our_number", name=op.f("uq_letter_our_number")),
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


def _registry_case() -> None:
    op.create_table(
        "registry_case",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("organisation_id", Id, nullable=True),
        sa.Column("window_id", Id, nullable=True),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("subscriber_kind", sa.Text(), nullable=True),
        sa.Column("rank", sa.Text(), nullable=True),
        sa.Column("parent_id", Id, nullable=True),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("snapshot_sha256", sa.Text(), nullable=False),
        sa.Column("entered_by", Id, nullable=True),
        sa.Column("card_number", sa.Text(), nullable=True),
        sa.Column("user_code_hash", sa.Text(), nullable=True),
        sa.Column("user_code_tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("queued_at", Moment, nullable=False),
        sa.Column("state_since", Moment, nullable=False),
        sa.Column("assigned_to", Id, nullable=True),
        sa.CheckConstraint("ca IN ('gca', 'xca', 'moica')", name=op.f("ck_registry_case_ca")),
        sa.CheckConstraint(
            "kind IN ('card_application', 'usercode_reset')", name=op.f("ck_registry_case_kind")
        ),
        sa.CheckConstraint(
            "subscriber_kind IN ('school', 'foundation', 'association', 'administrative_corporation', 'professional_office', 'other', 'agency', 'unit', 'natural_person')",
            name=op.f("ck_registry_case_subscriber_kind"),
        ),
        sa.CheckConstraint("rank IN ('primary', 'secondary')", name=op.f("ck_registry_case_rank")),
        sa.ForeignKeyConstraint(["assigned_to"], ["account.id"], name=op.f("fk_registry_case_assigned_to")),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_registry_case_entered_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_registry_case_organisation_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["registry_case.id"], name=op.f("fk_registry_case_parent_id")),
        sa.ForeignKeyConstraint(["window_id"], ["review_window.id"], name=op.f("fk_registry_case_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_case")),
        sa.UniqueConstraint("number", name=op.f("uq_registry_case_number")),
    )
    op.create_index(op.f("ix_registry_case_assigned_to"), "registry_case", ["assigned_to"], unique=False)
    op.create_index("ix_registry_case_card_number", "registry_case", ["card_number"], unique=False)
    op.create_index(
        op.f("ix_registry_case_organisation_id"), "registry_case", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_registry_case_parent_id"), "registry_case", ["parent_id"], unique=False)
    op.create_index("ix_registry_case_state_queued", "registry_case", ["state", "queued_at"], unique=False)
    op.create_index(op.f("ix_registry_case_window_id"), "registry_case", ["window_id"], unique=False)


def _ban() -> None:
    op.create_table(
        "ban",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("organisation_id", Id, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.CheckConstraint("ca IN ('gca', 'xca', 'moica')", name=op.f("ck_ban_ca")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_ban_case_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ban_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ban")),
    )
    op.create_index(op.f("ix_ban_organisation_id"), "ban", ["organisation_id"], unique=False)


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


def _deadline() -> None:
    op.create_table(
        "deadline",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("basis_at", Moment, nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("in_months", sa.Boolean(), nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("paused_at", Moment, nullable=True),
        sa.Column("paused_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("settled_at", Moment, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'paused', 'fired', 'stopped')", name=op.f("ck_deadline_state")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_deadline_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
        sa.UniqueConstraint(
            "case_id", "kind", "rung", "basis_at", name=op.f("uq_deadline_case_id_kind_rung_basis_at")
        ),
    )
    op.create_index(op.f("ix_deadline_case_id"), "deadline", ["case_id"], unique=False)
    op.create_index(
        "ix_deadline_waiting",
        "deadline",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )


def _deadline_pause() -> None:
    op.create_table(
        "deadline_pause",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("paused_at", Moment, nullable=False),
        sa.Column("resumed_at", Moment, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_deadline_pause_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_pause")),
    )
    op.create_index(op.f("ix_deadline_pause_case_id"), "deadline_pause", ["case_id"], unique=False)


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("letter_id", Id, nullable=True),
        sa.Column("mailing_list_id", Id, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_document_case_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_document_letter_id")),
        sa.ForeignKeyConstraint(
            ["mailing_list_id"], ["mailing_list.id"], name=op.f("fk_document_mailing_list_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_case_id"), "document", ["case_id"], unique=False)
    op.create_index(op.f("ix_document_letter_id"), "document", ["letter_id"], unique=False)
    op.create_index(op.f("ix_document_mailing_list_id"), "document", ["mailing_list_id"], unique=False)


def _form_revision() -> None:
    op.create_table(
        "form_revision",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("values", Json, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_form_revision_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_revision")),
        sa.UniqueConstraint("case_id", "revision", name=op.f("uq_form_revision_case_id_revision")),
    )


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dest", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_history_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_history_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_history_case_id_version")),
    )


def _letter_case() -> None:
    op.create_table(
        "letter_case",
        sa.Column("letter_id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("tied_by", Id, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_letter_case_case_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_letter_case_letter_id")),
        sa.ForeignKeyConstraint(["tied_by"], ["person.id"], name=op.f("fk_letter_case_tied_by")),
        sa.PrimaryKeyConstraint("letter_id", "case_id", name=op.f("pk_letter_case")),
    )
    op.create_index(op.f("ix_letter_case_case_id"), "letter_case", ["case_id"], unique=False)


def _mail_item() -> None:
    op.create_table(
        "mail_item",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("card_number", sa.Text(), nullable=False),
        sa.Column("mail_number", sa.Text(), nullable=True),
        sa.Column("list_id", Id, nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("packed_at", Moment, nullable=False),
        sa.Column("posted_at", Moment, nullable=True),
        sa.Column("returned_at", Moment, nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('packed', 'posted', 'returned')", name=op.f("ck_mail_item_state")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_mail_item_case_id")),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_mail_item_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_item")),
        sa.UniqueConstraint("case_id", "attempt", name=op.f("uq_mail_item_case_id_attempt")),
        sa.UniqueConstraint("mail_number", name=op.f("uq_mail_item_mail_number")),
    )
    op.create_index(op.f("ix_mail_item_case_id"), "mail_item", ["case_id"], unique=False)
    op.create_index(op.f("ix_mail_item_list_id"), "mail_item", ["list_id"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("merge_key", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", Moment, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("done_at", Moment, nullable=True),
        sa.CheckConstraint("lane IN ('certificate', 'card', 'paper', 'notice')", name=op.f("ck_outbox_lane")),
        sa.CheckConstraint("state IN ('waiting', 'claimed', 'done', 'dead')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_outbox_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("merge_key", name=op.f("uq_outbox_merge_key")),
    )
    op.create_index(op.f("ix_outbox_case_id"), "outbox", ["case_id"], unique=False)
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["lane", "due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'claimed')"),
        sqlite_where=sa.text("state IN ('waiting', 'claimed')"),
    )


def _review_decision() -> None:
    op.create_table(
        "review_decision",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("snapshot_sha256", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("voided_at", Moment, nullable=True),
        sa.CheckConstraint("stage IN ('first', 'second')", name=op.f("ck_review_decision_stage")),
        sa.CheckConstraint(
            "verdict IN ('approve', 'return', 'refuse')", name=op.f("ck_review_decision_verdict")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_review_decision_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_review_decision_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_review_decision_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decision")),
    )
    op.create_index(op.f("ix_review_decision_case_id"), "review_decision", ["case_id"], unique=False)


def _sent_notice() -> None:
    op.create_table(
        "sent_notice",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("outbox_id", Id, nullable=True),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["registry_case.id"], name=op.f("fk_sent_notice_case_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_sent_notice_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_notice")),
    )
    op.create_index(op.f("ix_sent_notice_case_id"), "sent_notice", ["case_id"], unique=False)


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
    """Make all tables, then close the log to changes."""
    _audit_checkpoint()
    _audit_entry()
    _audit_leaf()
    _authority()
    _breaker()
    _clock_offset()
    _counter()
    _crl()
    _mailing_list()
    _person()
    _review_window()
    _account()
    _letter()
    _organisation()
    _registry_case()
    _ban()
    _card()
    _certificate()
    _deadline()
    _deadline_pause()
    _document()
    _form_revision()
    _history()
    _letter_case()
    _mail_item()
    _outbox()
    _review_decision()
    _sent_notice()
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()


# In the order in which nothing refers to them any more.
TABLES = (
    "sent_notice",
    "review_decision",
    "outbox",
    "mail_item",
    "letter_case",
    "history",
    "form_revision",
    "document",
    "deadline_pause",
    "deadline",
    "certificate",
    "card",
    "ban",
    "registry_case",
    "organisation",
    "letter",
    "account",
    "review_window",
    "person",
    "mailing_list",
    "crl",
    "counter",
    "clock_offset",
    "breaker",
    "authority",
    "audit_leaf",
    "audit_entry",
    "audit_checkpoint",
)


def downgrade() -> None:
    """Take everything away; indexes and triggers go with their tables."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_insert_only()")

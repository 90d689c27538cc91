"""All tables under one name, for those who write queries."""

from workflow.store.columns import metadata
from workflow.store.schema_cards import authority, card, certificate, crl, status_change
from workflow.store.schema_cases import (
    case,
    deadline,
    deadline_pause,
    filing,
    form_revision,
    history,
    outbox,
    review_decision,
)
from workflow.store.schema_crls import crl_change, crl_entry, crl_failure
from workflow.store.schema_holders import card_session, emergency, holder_suspension
from workflow.store.schema_house import (
    account,
    audit_checkpoint,
    audit_entry,
    audit_leaf,
    ban,
    breaker,
    clock_offset,
    counter,
    organisation,
    person,
    review_window,
)
from workflow.store.schema_keys import (
    authority_revocation,
    compromised_key,
    key_backup,
    key_intent,
    key_task,
    root_link,
)
from workflow.store.schema_line import line_batch, line_job, line_reader
from workflow.store.schema_paper import document, letter, letter_case, mail_item, mailing_list, sent_notice
from workflow.store.schema_registration import issuing_request, registration_key
from workflow.store.schema_repository import api_token, certificate_gram, certificate_part, published_document
from workflow.store.schema_requests import request_item
from workflow.store.schema_shares import key_share, share_set
from workflow.store.schema_staff import account_proposal, staff_card
from workflow.store.schema_stock import (
    stock_account,
    stock_box,
    stock_destruction,
    stock_difference,
    stock_entry,
    stock_move,
    stock_place,
)
from workflow.store.schema_watches import certificate_sample, watch_finding, watch_run

__all__ = [
    "account",
    "account_proposal",
    "api_token",
    "audit_checkpoint",
    "audit_entry",
    "audit_leaf",
    "authority",
    "authority_revocation",
    "ban",
    "breaker",
    "card",
    "card_session",
    "case",
    "certificate",
    "certificate_gram",
    "certificate_part",
    "certificate_sample",
    "clock_offset",
    "compromised_key",
    "counter",
    "crl",
    "crl_change",
    "crl_entry",
    "crl_failure",
    "deadline",
    "deadline_pause",
    "document",
    "emergency",
    "filing",
    "form_revision",
    "history",
    "holder_suspension",
    "issuing_request",
    "key_backup",
    "key_intent",
    "key_share",
    "key_task",
    "letter",
    "letter_case",
    "line_batch",
    "line_job",
    "line_reader",
    "mail_item",
    "mailing_list",
    "metadata",
    "organisation",
    "outbox",
    "person",
    "published_document",
    "registration_key",
    "request_item",
    "review_decision",
    "review_window",
    "root_link",
    "sent_notice",
    "share_set",
    "staff_card",
    "status_change",
    "stock_account",
    "stock_box",
    "stock_destruction",
    "stock_difference",
    "stock_entry",
    "stock_move",
    "stock_place",
    "watch_finding",
    "watch_run",
]

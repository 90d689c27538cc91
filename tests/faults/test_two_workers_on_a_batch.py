"""Two workers on one batch: each item gets one certificate, whether they share its pieces or do the same one twice."""

from __future__ import annotations

from collections import Counter

import pytest
from cryptography import x509

from tests.faults.test_two_at_once import at_once
from tests.workflow.batches import Batches, items
from tests.workflow.registry import Registry
from workflow import handlers
from workflow.outages import passing
from workflow.performers import perform_next
from workflow.performers.requests import issue_items
from workflow.store import outbox
from workflow.store import schema as t
from workflow.store.sealing import seal
from workflow.vocabulary import Lane

NUMBERS = range(1, 24, 2)
"""Elliptic keys, which are quickly made."""
OF_ITEMS = t.certificate.c.item_id.is_not(None)


@pytest.fixture
def registry(migrated_postgresql_url):
    registry = Registry(migrated_postgresql_url)
    yield registry
    registry.close()


@pytest.fixture
def batches(registry, monkeypatch):
    monkeypatch.setattr("workflow.acts.requests.CHUNK", 3)
    return Batches(registry)


def lane(office, name):
    while perform_next(office, Lane.CERTIFICATE, name):
        pass


def check_issued(registry, case_id):
    assert registry.state(case_id) == "issued"
    certificates = registry.rows(t.certificate, OF_ITEMS)
    assert [row.status for row in certificates] == ["valid"] * len(NUMBERS)
    assert len({row.item_id for row in certificates}) == len(NUMBERS)
    for row in certificates:
        assert x509.load_der_x509_certificate(row.der).tbs_certificate_bytes == row.tbs
    told = Counter(row.kind for row in registry.rows(t.audit_entry, t.audit_entry.c.case_id == case_id))
    kinds = ("certificate_intended", "certificate_issued", "all_issued")
    assert [told[kind] for kind in kinds] == [len(NUMBERS), len(NUMBERS), 1]


def test_two_workers_share_the_pieces_of_a_batch(registry, batches):
    case_id = batches.approved(*items(*NUMBERS))
    seal(registry.office)
    at_once(*(lambda name=name: lane(registry.office, name) for name in ("one", "other")))
    # What met the other at the wrong moment waits for its next try.
    registry.clock.move(minutes=5)
    batches.work()
    check_issued(registry, case_id)


def test_workers_that_share_a_batch_never_make_each_other_begin_again(registry, batches, monkeypatch):
    # The first certificate brings the registration authority its own, for which two may well try at once.
    batches.issued(*items(49))
    case_id = batches.approved(*items(*NUMBERS))
    seal(registry.office)
    met = []
    monkeypatch.setattr(handlers, "passing", lambda error: met.append(error) or passing(error))
    at_once(*(lambda name=name: lane(registry.office, name) for name in ("one", "other")))
    assert met == []
    assert {row.attempts for row in registry.rows(t.outbox, t.outbox.c.effect == "issue_items")} == {1}
    assert registry.state(case_id) == "issued"
    certificates = registry.rows(t.certificate, OF_ITEMS & (t.certificate.c.case_id == case_id))
    assert [row.status for row in certificates] == ["valid"] * len(NUMBERS)


def test_a_piece_that_two_workers_do_at_once_is_done_once(registry, batches, monkeypatch):
    monkeypatch.setattr("workflow.acts.requests.CHUNK", len(NUMBERS))
    case_id = batches.approved(*items(*NUMBERS))
    seal(registry.office)
    piece = outbox.claim(registry.office, Lane.CERTIFICATE, "one")
    answers = at_once(*(lambda: issue_items(registry.office, piece) for _ in range(2)))
    issue_items(registry.office, piece)
    assert answers == [None, None]
    check_issued(registry, case_id)

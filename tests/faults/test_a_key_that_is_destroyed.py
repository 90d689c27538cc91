"""A worker that holds a key in its memory while people destroy it: what it began is whole, and it begins nothing more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.workflow import batches
from tests.workflow.generations import Generations
from tests.workflow.people import hands
from tests.workflow.registry import Registry
from workflow import issuing
from workflow.acts import endings, signing
from workflow.commands_of_authorities import DestroyAuthority
from workflow.commands_of_registration import SignCertificates
from workflow.errors import Unavailable
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import CertificateStatus

SHORT, PATIENCE = 0.5, 60


@pytest.fixture
def world(migrated_postgresql_url):
    registry = Registry(migrated_postgresql_url)
    yield Generations(registry)
    registry.close()


@pytest.fixture
def waiting(world, monkeypatch):
    """Return the order to sign two intents that a worker stored before it was stopped."""
    case_id = world.house.approved(*batches.items(0, 1))
    with monkeypatch.context() as stopped:
        stopped.setattr(issuing, "_sign", lambda _office, _rows: None)
        world.house.work()
    rows = world.registry.rows(t.certificate, t.certificate.c.case_id == case_id)
    assert {row.status for row in rows} == {str(CertificateStatus.INTENDED)}
    return SignCertificates(serials=tuple(row.serial for row in rows))


def destruction():
    return {"name": "xca", "reason": "外洩", "forced": True}


def destroy(world):
    command = DestroyAuthority(hands=hands(*world.people), **destruction())
    return world.registry.do(command, world.people[0])


def statuses(world, order):
    rows = world.registry.rows(t.certificate, t.certificate.c.serial.in_(order.serials))
    return {(row.status, row.der is None) for row in rows}


@pytest.mark.rule("ROL-08")
def test_a_key_in_memory_signs_nothing_after_its_destruction(world, waiting):
    office = world.registry.office
    held = signing._prepare(office, waiting, SYSTEM)
    destroy(world)
    with pytest.raises(Unavailable, match=r"authority\.not_issued"), transaction(office) as work:
        signing._sign(work, waiting, SYSTEM, held)
    assert statuses(world, waiting) == {(str(CertificateStatus.REVOKED), True)}
    last = world.newest_list("xca")
    assert all(last.get_revoked_certificate_by_serial_number(int(one, 16)) for one in waiting.serials)


@pytest.mark.rule("ROL-08")
def test_destroying_waits_for_signatures_that_were_begun(world, waiting):
    office = world.registry.office
    held = signing._prepare(office, waiting, SYSTEM)
    with ThreadPoolExecutor(1) as people:
        with transaction(office) as work:
            signing._sign(work, waiting, SYSTEM, held)
            destroyed = people.submit(destroy, world)
            with pytest.raises(TimeoutError):
                destroyed.result(SHORT)
        destroyed.result(PATIENCE)
    assert statuses(world, waiting) == {(str(CertificateStatus.VALID), False)}


@pytest.mark.rule("ROL-08")
def test_signatures_wait_for_a_destruction_that_was_begun_and_are_refused(world, waiting):
    office, begun = world.registry.office, Event()
    held = signing._prepare(office, waiting, SYSTEM)
    command = DestroyAuthority(hands=hands(*world.people), **destruction())
    end = endings._decide_destruction(office, command, world.people[0])

    def sign():
        begun.set()
        with transaction(office) as work:
            signing._sign(work, waiting, SYSTEM, held)

    with ThreadPoolExecutor(1) as worker:
        with transaction(office) as work:
            endings._destroy(work, command, world.people[0], end)
            signed = worker.submit(sign)
            assert begun.wait(PATIENCE)
            with pytest.raises(TimeoutError):
                signed.result(SHORT)
        with pytest.raises(Unavailable, match=r"authority\.not_issued"):
            signed.result(PATIENCE)
    assert statuses(world, waiting) == {(str(CertificateStatus.REVOKED), True)}

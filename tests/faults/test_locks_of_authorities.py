"""Commands on authorities that meet at the same rows wait in one order, and whoever waited acts on what is then true."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest
import sqlalchemy as sa

from pki.certificates import read_certificate
from tests.workflow import batches
from tests.workflow.generations import Generations
from tests.workflow.people import hands, issuing_workers
from tests.workflow.registry import Registry
from workflow import issuing, issuing_house, registration
from workflow.acts import authority_revocations, endings
from workflow.authorities import certificate_of
from workflow.commands_of_authorities import DestroyAuthority, RetireAuthority, RevokeAuthority
from workflow.crl_making import next_number
from workflow.errors import Refused, Unavailable
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.store.roots import FIRST_ROOT
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import AuthorityRevocationReason, AuthorityState, Ca, CertificateStatus

PATIENCE = 60
A, C = t.authority.c, t.certificate.c
WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def world(migrated_postgresql_url):
    registry = Registry(migrated_postgresql_url)
    yield Generations(registry)
    registry.close()


def revocation(world):
    why = AuthorityRevocationReason.CA_COMPROMISE
    return RevokeAuthority(name="xca", reason=why, explanation="外洩", hands=hands(*world.people))


def destruction(world, name):
    return DestroyAuthority(name=name, reason="終止", forced=True, hands=hands(*world.people))


def until_it_waits(world, begun):
    """Return when another transaction waits for a lock of the caller's."""
    ends = monotonic() + PATIENCE
    with world.registry.engine.connect() as connection:
        while not connection.execute(WAITING).scalar_one():
            assert not begun.done(), begun.exception()
            assert monotonic() < ends
            connection.rollback()
            sleep(0.02)


def behind(world, first, then):
    """Begin one act, let another wait for it, and commit; returns what the second came to."""
    with ThreadPoolExecutor(1) as people:
        with transaction(world.registry.office) as work:
            first(work)
            begun = people.submit(then)
            until_it_waits(world, begun)
        return begun.result(PATIENCE)


def revoking(world):
    command, actor = revocation(world), world.people[0]
    decided = authority_revocations._decide(world.registry.office, command, actor)
    return lambda work: authority_revocations._revoke(work, command, actor, decided)


def destroying(world, name):
    command, actor = destruction(world, name), world.people[0]
    end = endings._decide_destruction(world.registry.office, command, actor)
    return lambda work: endings._destroy(work, command, actor, end)


def state(world, name):
    (row,) = world.registry.rows(t.authority, A.name == name)
    return AuthorityState(row.state)


@pytest.mark.parametrize(("number", "first", "second"), [(0, FIRST_ROOT, "xca"), (999, "xca", FIRST_ROOT)])
def test_authorities_are_locked_by_their_number(world, number, first, second):
    """As when shares are replaced, which seals the keys of all authorities anew; a ceremony's root comes first."""
    world.registry.update(t.authority, A.name == FIRST_ROOT, id=number)
    with ThreadPoolExecutor(1) as people:
        with transaction(world.registry.office) as work:
            work.connection.execute(sa.select(A.id).where(A.name == first).with_for_update())
            begun = people.submit(world.registry.do, revocation(world), world.people[0])
            until_it_waits(world, begun)
            work.connection.execute(sa.select(A.id).where(A.name == second).with_for_update(nowait=True))
        begun.result(PATIENCE)
    assert state(world, "xca") is AuthorityState.REVOKED


def test_whoever_waits_for_the_number_of_lists_holds_no_certificate(world, monkeypatch):
    """As when lists are made, whose entries may have to be put right under their number."""
    case_id = world.house.approved(*batches.items(0, 1))
    with monkeypatch.context() as stopped:
        stopped.setattr(issuing, "_sign", lambda _office, _rows: None)
        world.house.work()
    intended = (C.case_id == case_id) & (C.status == str(CertificateStatus.INTENDED))
    with ThreadPoolExecutor(1) as people:
        with transaction(world.registry.office) as work:
            next_number(work.connection, "xca")
            begun = people.submit(world.registry.do, destruction(world, "xca"), world.people[0])
            until_it_waits(world, begun)
            free = sa.select(C.id).where(intended).with_for_update(nowait=True)
            assert len(work.connection.execute(free).all()) == 2
        begun.result(PATIENCE)
    assert not world.registry.rows(t.certificate, intended)


@pytest.mark.rule("CRL-05")
def test_no_revocation_is_lost_to_a_root_that_is_destroyed(world):
    with pytest.raises(Refused) as refusal:
        behind(
            world,
            destroying(world, FIRST_ROOT),
            lambda: world.registry.do(revocation(world), world.people[0]),
        )
    assert refusal.value.code == "authority.state"
    assert state(world, "xca") is AuthorityState.ACTIVE


@pytest.mark.rule("CRL-05")
def test_the_last_list_of_a_root_tells_of_the_revocation_before_it(world):
    serial = read_certificate(certificate_of(world.registry.office, "xca")).serial
    behind(
        world,
        revoking(world),
        lambda: world.registry.do(destruction(world, FIRST_ROOT), world.people[0]),
    )
    assert world.newest_list(FIRST_ROOT).get_revoked_certificate_by_serial_number(serial)


@pytest.mark.rule("ROL-08")
def test_an_authority_that_is_revoked_is_not_retired_afterwards(world):
    officers = issuing_workers(world.registry)
    command = RetireAuthority(name="xca", reason="終止", hands=hands(*officers))
    with pytest.raises(Refused) as refusal:
        behind(world, revoking(world), lambda: world.registry.do(command, officers[0]))
    assert refusal.value.code == "authority.state"
    assert state(world, "xca") is AuthorityState.REVOKED


def test_no_certificate_of_the_house_is_intended_under_a_revoked_authority(world):
    office = world.registry.office
    key = registration.new_key(office, Ca.XCA)

    def order(serial, name):
        return registration._order(office, Ca.XCA, bytes(key.spki), (serial, name))

    intent = issuing_house._intent(office, Ca.XCA, order, None)
    with pytest.raises(Unavailable, match="rollover"):
        behind(world, revoking(world), lambda: world.registry.do(intent, SYSTEM))
    assert not world.registry.rows(t.certificate, C.spki_sha256 == key.spki_sha256)

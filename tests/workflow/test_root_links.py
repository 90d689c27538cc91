"""Two roots side by side: each signs lists and answers for what it certified, links too, and the older one ends at last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pki.certificates import read_certificate
from pki.keys import KeyKind
from pki.ocsp import NotRevoked, Revoked
from tests.workflow.generations import Generations, OpenSsl
from tests.workflow.people import hands
from tests.workflow.test_authority_revocation import revoke, serial_of
from tests.workflow.test_root_rollover import asked, roll_root
from workflow.commands_of_authorities import DestroyAuthority
from workflow.errors import NotFound, Refused
from workflow.key_tasks import finish
from workflow.ocsp.feed import StatusFeed
from workflow.ocsp.once import status
from workflow.store import schema as t
from workflow.store.roots import link_named
from workflow.vocabulary import AuthorityRevocationReason, AuthorityState, Ca
from workflow.watching.reconciling.lists import list_faults

NEW_WITH_OLD, OLD_WITH_NEW = "root-g2-by-root", "root-by-root-g2"
SIGNERS = {NEW_WITH_OLD: "root", OLD_WITH_NEW: "root-g2"}


@pytest.fixture
def small(small_registry):
    world = Generations(small_registry)
    roll_root(world)
    return world


def serial_of_link(world, name):
    return read_certificate(asked(world, link_named, name).certificate).serial


def listed(world, root):
    world.publish(root)
    return {entry.serial_number for entry in world.newest_list(root)}


def faults(world):
    office = world.registry.office
    with office.reading() as connection:
        return [*list_faults(office, connection, world.registry.clock.now())]


@pytest.mark.rule("CRL-05")
@pytest.mark.parametrize("name", SIGNERS)
def test_the_root_that_signed_a_link_revokes_it_and_the_other_says_nothing(small, name):
    serial, signer = serial_of_link(small, name), SIGNERS[name]
    other = "root" if signer == "root-g2" else "root-g2"
    office = small.registry.office
    assert status(office, signer, serial) is NotRevoked.GOOD
    assert status(office, other, serial) is NotRevoked.UNKNOWN
    assert (listed(small, signer), faults(small)) == (set(), [])
    revoke(small, name, AuthorityRevocationReason.SUPERSEDED)
    assert isinstance(status(office, signer, serial), Revoked)
    assert (listed(small, signer), listed(small, other)) == ({serial}, set())
    assert not faults(small)
    with pytest.raises(Refused, match="revoked"):
        revoke(small, name)
    states = {row.name: row.state for row in small.registry.rows(t.authority)}
    assert (states["root"], states["root-g2"]) == (str(AuthorityState.RETIRED), str(AuthorityState.ACTIVE))


def test_a_link_that_is_not_there_or_whose_root_signs_no_more_is_not_revoked(small):
    with pytest.raises(NotFound):
        revoke(small, "root-g3-by-root-g2")
    small.registry.update(t.authority, t.authority.c.name == "root", state=str(AuthorityState.DESTROYED))
    with pytest.raises(Refused, match="root is Destroyed"):
        revoke(small, NEW_WITH_OLD)
    assert not small.registry.rows(t.authority_revocation)


@pytest.mark.rule("CRL-05")
def test_openssl_believes_each_roots_answer_about_its_own_link(small, tmp_path):
    openssl = OpenSsl(small.registry, tmp_path)
    link = SimpleNamespace(der=asked(small, link_named, NEW_WITH_OLD).certificate)
    assert "good" in openssl.ask(link, "root")
    revoke(small, NEW_WITH_OLD)
    told = openssl.ask(link, "root")
    assert "revoked" in told
    assert "Response verify OK" in told


@pytest.mark.rule("CRL-05")
def test_an_authority_of_the_old_root_is_revoked_by_it_after_the_roll_over(small):
    revoke(small, "xca")
    serial, office = serial_of(small, "xca"), small.registry.office
    assert (listed(small, "root"), listed(small, "root-g2")) == ({serial}, set())
    assert isinstance(status(office, "root", serial), Revoked)
    assert status(office, "root-g2", serial) is NotRevoked.UNKNOWN


def test_the_reconciliation_tells_a_revoked_link_that_no_list_names(small):
    small.publish("root")
    before = small.newest_list("root")
    revoke(small, NEW_WITH_OLD)
    small.publish("root")
    newest = max(small.registry.rows(t.crl, t.crl.c.authority == "root"), key=lambda row: row.number)
    der = before.public_bytes(Encoding.DER)
    small.registry.update(t.crl, t.crl.c.id == newest.id, der=der)
    (found,) = faults(small)
    (row,) = small.registry.rows(t.root_link, t.root_link.c.subject == "root-g2")
    assert (found.code, found.rows) == ("crl.differs", (f"root_link:{row.id}",))
    assert NEW_WITH_OLD in found.en


def test_a_kept_answer_about_a_link_is_dropped_by_the_feed(registry):
    world = Generations(registry)
    roll_root(world)
    with StatusFeed.open(registry.engine) as feed:
        revoke(world, NEW_WITH_OLD)
        assert feed.changes() == {("root", serial_of_link(world, NEW_WITH_OLD))}


def test_of_two_who_revoke_a_link_at_once_one_is_refused(locking_registry):
    world = Generations(locking_registry)
    roll_root(world)

    def once(_):
        try:
            revoke(world, NEW_WITH_OLD)
        except Refused as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(once, range(2))) == ["authority.revoked_already", "done"]
    assert len(world.registry.rows(t.authority_revocation)) == 1


def destroy_root(world):
    office, people = world.registry.office, world.people
    command = DestroyAuthority(name="root", reason="期滿", hands=hands(*people))
    finish(office, world.registry.do(command, people[0]).created_id)


@pytest.mark.rule("ROL-08")
def test_the_old_roots_key_is_destroyed_after_its_last_authority_has_ended(small):
    with pytest.raises(Refused, match="3 certificates"):
        destroy_root(small)
    revoke(small, NEW_WITH_OLD)
    for ca in Ca:
        small.roll_over(ca)
    small.registry.clock.move(days=20 * 365)
    with pytest.raises(Refused, match="3 certificates"):
        destroy_root(small)
    small.registry.clock.move(days=30)
    destroy_root(small)
    last = small.newest_list("root")
    assert {one.serial_number for one in last} == {serial_of_link(small, NEW_WITH_OLD)}
    (row,) = small.registry.rows(t.authority, t.authority.c.name == "root")
    assert (row.state, row.sealed_key) == (str(AuthorityState.DESTROYED), None)
    ends = read_certificate(bytes(row.certificate)).not_after
    assert last.next_update_utc == ends
    assert not faults(small)
    # A third root is linked with the second; what the first signed stays as it is.
    roll_root(small, kind=KeyKind.P384)
    assert asked(small, link_named, "root-g3-by-root-g2") is not None

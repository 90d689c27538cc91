"""A key that issues no more, and one that is gone: what they still do, and what nobody can do with them again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pki.certificates import read_certificate
from pki.errors import KeyRefusedError
from pki.keystores import SoftwareKeystore, TokenKeystore
from pki.ocsp import NotRevoked, Revoked
from tests.workflow import batches
from tests.workflow.generations import Generations, OpenSsl
from tests.workflow.people import hands, issuing_workers
from tests.workflow.registry import PASSWORD
from workflow.acts import crls
from workflow.authorities import certificate_of, current, serving, working
from workflow.commands_of_authorities import DestroyAuthority, RetireAuthority
from workflow.commands_of_performers import PublishCrl
from workflow.commands_of_requests import RevokeSerial
from workflow.errors import NotFound, Refused, RegistryError, Unavailable
from workflow.facts import SYSTEM
from workflow.key_tasks import finish
from workflow.ocsp.once import status
from workflow.ocsp.responders import PREFIX, keep_desk, renew
from workflow.store import schema as t
from workflow.sweeper import list_makers
from workflow.vocabulary import AuthorityState, Ca, RevocationReason, Role

A, K = t.authority.c, t.key_task.c
AFTER_THE_LAST = 8 * 366


@pytest.fixture
def world(registry):
    return Generations(registry)


@pytest.fixture
def small(small_registry):
    return Generations(small_registry)


def retire(world, name, people=None):
    people = people or issuing_workers(world.registry)
    world.registry.do(RetireAuthority(name=name, reason="換代", hands=hands(*people)), people[0])


def retire_the_root(world):
    for row in world.registry.rows(t.authority, A.ca.is_not(None)):
        retire(world, row.name)
    retire(world, "root")


def destroy(world, name, *, forced=False, people=None):
    people = people or world.people
    command = DestroyAuthority(name=name, reason="換代完成", forced=forced, hands=hands(*people))
    return world.registry.do(command, people[0]).created_id


@pytest.mark.rule("ROL-02")
def test_a_retired_authority_issues_no_more_and_serves_on(world):
    (row, *_) = world.issued(0, 1)
    case_id = world.house.approved(*batches.items(2, 3))
    retire(world, "xca")
    with pytest.raises(Unavailable, match="rollover"):
        current(world.registry.office, Ca.XCA)
    world.house.work()
    assert not world.house.certificates(case_id)
    world.revoke(row)
    world.publish("xca")
    assert world.newest_list("xca").get_revoked_certificate_by_serial_number(int(row.serial, 16))
    assert "xca" in keep_desk(world.registry.office).responders


@pytest.mark.rule("ROL-02")
def test_retiring_takes_two_officers_and_a_controller(small):
    with pytest.raises(Refused, match="takes"):
        retire(small, "xca", small.people)
    with pytest.raises(Refused, match="takes"):
        retire(small, "xca", issuing_workers(small.registry)[1:])
    retire(small, "xca")
    with pytest.raises(Refused, match="so you can't retire"):
        retire(small, "xca")
    with pytest.raises(NotFound):
        retire(small, "ocsp:xca")


@pytest.mark.rule("ROL-08")
def test_the_only_root_stays_while_authorities_issue_under_it(small):
    with pytest.raises(Refused) as caught:
        retire(small, "root")
    assert caught.value.code == "authority.only_root"
    retire_the_root(small)


@pytest.mark.rule("ROL-08")
def test_a_key_is_kept_until_its_last_certificate_has_ended(world):
    world.issued(0, 1)
    with pytest.raises(Refused, match="Retire it first"):
        destroy(world, "xca")
    world.roll_over()
    with pytest.raises(Refused, match=r"\d certificates of xca have not ended"):
        destroy(world, "xca")
    world.registry.clock.move(days=AFTER_THE_LAST)
    number = destroy(world, "xca")
    finish(world.registry.office, number)
    (task,) = world.registry.rows(t.key_task, K.id == number)
    assert task.ended_at is not None
    assert serving(world.registry.office, Ca.XCA) == ("xca-g2",)


@pytest.mark.rule("ROL-08")
def test_what_was_signed_last_holds_until_the_authority_ends(world, tmp_path):
    good, revoked = world.issued(0, 1)
    world.roll_over()
    world.revoke(revoked)
    destroy(world, "xca", forced=True)
    last = world.newest_list("xca")
    ends = read_certificate(certificate_of(world.registry.office, "xca")).not_after
    assert last.next_update_utc == ends
    world.registry.clock.move(days=400)
    openssl = OpenSsl(world.registry, tmp_path)
    assert openssl.verify(good, "xca", last).rstrip().endswith("OK")
    assert "certificate revoked" in openssl.verify(revoked, "xca", last)


@pytest.mark.rule("ROL-08")
def test_nothing_is_signed_with_a_destroyed_key_again(world):
    world.roll_over()
    office = world.registry.office
    assert "xca" in keep_desk(office).responders
    held = working(office, "xca")
    destroy(world, "xca", forced=True)
    (row,) = world.registry.rows(t.authority, A.name == "xca")
    assert (row.state, row.sealed_key, row.key_reference) == (str(AuthorityState.DESTROYED), None, None)
    assert not world.registry.rows(t.authority, A.name == PREFIX + "xca")
    desk = keep_desk(office)
    assert "xca" not in desk.responders
    # Nobody will ever answer for it again, so nobody is to be woken for that.
    assert "xca" not in desk.missing
    assert "xca" not in list_makers(office)
    with pytest.raises(LookupError):
        working(office, "xca")
    with pytest.raises((RegistryError, LookupError)):
        world.registry.do(PublishCrl(authority="xca"), SYSTEM)
    with pytest.raises(LookupError):
        renew(office, "xca", world.registry.clock.now())
    with pytest.raises((NotFound, Refused)):
        destroy(world, "xca", forced=True)
    assert held.name not in serving(office, Ca.XCA)


def test_a_list_that_was_about_to_be_signed_is_not(small, monkeypatch):
    """Another process has the key in its memory when it is destroyed; the transaction still refuses."""
    small.roll_over()
    held = working(small.registry.office, "xca")
    destroy(small, "xca", forced=True)
    before = len(small.registry.rows(t.crl))
    monkeypatch.setattr(crls, "working", lambda _office, _name: held)
    with pytest.raises((Refused, LookupError)):
        small.registry.do(PublishCrl(authority="xca"), SYSTEM)
    assert len(small.registry.rows(t.crl)) == before


@pytest.mark.rule("ROL-08")
def test_a_key_in_a_token_is_destroyed_there_even_after_a_crash(small, token):
    store = TokenKeystore(token, SoftwareKeystore(small.registry.office.key_passphrase))
    small.registry.office = replace(small.registry.office, token=store)
    made = small.roll_over()
    assert keep_desk(small.registry.office).responders.keys() >= {"xca-g2"}
    number = destroy(small, made.name, forced=True)
    # Here a process may be killed: the key is still in the token, and the task says so.
    assert token.key(made.key_reference)
    with pytest.raises(Refused, match=f"abort {number}"):
        small.roll_over()
    finish(small.registry.office, number)
    with pytest.raises(KeyRefusedError):
        token.key(made.key_reference)
    assert not token.references(PREFIX + made.name)
    assert small.registry.rows(t.key_task, K.id == number)[0].reference is None


@pytest.mark.rule("ROL-08")
def test_no_key_is_said_to_be_destroyed_by_a_keystore_that_has_it_not(small, token):
    software = small.registry.office
    store = TokenKeystore(token, SoftwareKeystore(software.key_passphrase))
    small.registry.office = replace(software, token=store)
    made = small.roll_over()
    number = destroy(small, made.name, forced=True)
    with pytest.raises(Refused, match=token.place()):
        finish(software, number)
    assert token.key(made.key_reference)
    (task,) = small.registry.rows(t.key_task, K.id == number)
    assert (task.ended_at, task.place) == (None, token.place())
    assert "keys_destroyed" not in small.registry.audit_kinds()
    # An earlier try destroyed it and was killed before it could say so.
    token.destroy(made.key_reference)
    finish(small.registry.office, number)
    finish(small.registry.office, number)
    assert small.registry.audit_kinds().count("keys_destroyed") == 1


@pytest.mark.rule("ROL-08")
def test_an_authority_whose_responder_lies_in_another_place_is_not_destroyed(small):
    small.roll_over()
    office = small.registry.office
    keep_desk(office)
    elsewhere = {"sealed_key": None, "key_reference": "pkcs11:token=away;id=%01"}
    small.registry.update(t.authority, A.name == PREFIX + "xca", **elsewhere)
    with pytest.raises(Unavailable, match="lies elsewhere"):
        destroy(small, "xca", forced=True)
    assert working(office, "xca")


@pytest.mark.rule("ROL-02", "ROL-07")
def test_destroying_takes_the_people_of_key_work_and_a_reason(small):
    people = issuing_workers(small.registry)
    with pytest.raises(Refused, match="takes"):
        destroy(small, "xca", forced=True, people=people)
    twin = small.registry.account(Role.ADMINISTRATOR, person=small.people[0].person_id)
    with pytest.raises(Refused, match="same natural person"):
        destroy(small, "xca", forced=True, people=(small.people[0], twin, *small.people[2:]))
    command = DestroyAuthority(name="xca", reason=" ", forced=True, hands=hands(*small.people))
    with pytest.raises(Refused, match="reason"):
        small.registry.do(command, small.people[0])


def test_the_root_is_kept_while_authorities_live_under_it(small):
    retire_the_root(small)
    with pytest.raises(Refused, match="3 certificates"):
        destroy(small, "root")


def test_a_serial_on_no_record_is_revoked_under_the_generation_that_signed_it(small):
    small.roll_over()
    first, second = small.registry.officer, small.registry.account(Role.SECOND_REVIEWER)
    command = RevokeSerial(
        serial="ab12", authority="xca", reason=RevocationReason.KEY_COMPROMISE, note="未登錄",
        second_account=second.account_id, passwords=(PASSWORD, PASSWORD),
    )  # fmt: skip
    small.registry.do(command, first)
    assert isinstance(status(small.registry.office, "xca", 0xAB12), Revoked)
    assert status(small.registry.office, "xca-g2", 0xAB12) is NotRevoked.UNKNOWN
    with pytest.raises(NotFound):
        small.registry.do(replace(command, serial="ab13", authority="xca-g9"), first)


def test_a_new_key_takes_the_place_of_a_retired_one(small):
    retire(small, "gca")
    made = small.roll_over(Ca.GCA)
    assert current(small.registry.office, Ca.GCA) == made.name

"""A CA's next key: certificates come from it, the older one goes on saying what became of its own (RV2-09, CRL-03)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from pki.certificates import read_certificate
from pki.keys import KeyKind
from pki.keystores import SoftwareKeystore, TokenKeystore
from pki.names import describe_name
from tests.workflow.generations import Generations, OpenSsl
from tests.workflow.people import hands, issuing_workers
from tests.workflow.registry import STATEMENTS
from workflow.authorities import current, serving, working
from workflow.commands_of_authorities import BeginKeyTask, Hand
from workflow.errors import NotAllowed, Refused
from workflow.key_tasks import abort, label_of
from workflow.rollover import planned, roll_over
from workflow.store import schema as t
from workflow.views.authorities import key_tasks
from workflow.views.repository import issued_to
from workflow.vocabulary import AuthorityState, Ca, KeyTask, KeyTaskState

A, K = t.authority.c, t.key_task.c


@pytest.fixture
def world(registry):
    return Generations(registry)


@pytest.fixture
def small(small_registry):
    return Generations(small_registry)


@pytest.mark.rule("RV2-09", "CRL-03")
def test_openssl_believes_both_generations_and_their_lists(world, tmp_path):
    old_good, old_revoked = world.issued(0, 1)
    world.roll_over()
    new_good, new_revoked = world.issued(2, 3)
    assert {old_good.authority, new_good.authority} == {"xca", "xca-g2"}
    for row in (old_revoked, new_revoked):
        world.revoke(row)
    world.publish("xca", "xca-g2")
    openssl = OpenSsl(world.registry, tmp_path)
    for good, revoked in ((old_good, old_revoked), (new_good, new_revoked)):
        name = good.authority
        crl = world.newest_list(name)
        assert openssl.verify(good, name, crl).rstrip().endswith("OK")
        assert "certificate revoked" in openssl.verify(revoked, name, crl)
        assert "\ngood\n" in openssl.ask(good, name)
        assert "\nrevoked\n" in openssl.ask(revoked, name)
        assert "Response verify OK" in openssl.ask(good, name)


@pytest.mark.rule("RV2-09")
def test_each_generation_has_a_name_of_its_own(small):
    names = []
    for _ in range(2):
        made = small.roll_over()
        names.append((made.name, describe_name(read_certificate(made.certificate).subject_name)))
    assert names == [
        ("xca-g2", "C=TW,O=行政院,CN=(示範) 組織及團體憑證管理中心 - G2"),
        ("xca-g3", "C=TW,O=行政院,CN=(示範) 組織及團體憑證管理中心 - G3"),
    ]
    assert current(small.registry.office, Ca.XCA) == "xca-g3"
    assert serving(small.registry.office, Ca.XCA) == ("xca", "xca-g2", "xca-g3")
    states = {row.name: row.state for row in small.registry.rows(t.authority, A.ca == "xca")}
    assert states == {"xca": "retired", "xca-g2": "retired", "xca-g3": str(AuthorityState.ACTIVE)}


@pytest.mark.rule("CRL-03")
def test_the_bundle_of_each_generation_holds_all_of_them(small):
    small.roll_over()
    office = small.registry.office
    for name in ("xca", "xca-g2"):
        found = pkcs7.load_der_pkcs7_certificates(issued_to(office, name))
        subjects = [one.subject.rfc4514_string() for one in found]
        assert len(subjects) == 3
        assert working(office, name).certificate in [one.public_bytes(Encoding.DER) for one in found]
    assert len(pkcs7.load_der_pkcs7_certificates(issued_to(office, "gca"))) == 2


def test_all_present_sign_what_was_made(small):
    made = small.roll_over()
    (row,) = small.registry.rows(t.key_task)
    record = json.loads(row.record)
    assert record["record"]["authority"] == made.name
    assert len(row.record_signatures) == 4
    for one in row.record_signatures:
        signature = bytes.fromhex(one["signature"])
        STATEMENTS.verify(bytes.fromhex(one["spki"]), row.record.encode(), signature)
    kinds = small.registry.audit_kinds()
    assert kinds.count("key_task_begun") == kinds.count("key_task_done") == 1


@pytest.mark.rule("ROL-02")
def test_the_wrong_people_make_no_key(small):
    plan = planned(small.registry.office, Ca.XCA, KeyKind.P256)
    people = issuing_workers(small.registry)
    with pytest.raises(Refused, match="takes"):
        roll_over(small.registry.office, plan, hands(*people), people[0])
    assert not small.registry.rows(t.key_task)
    assert "refused" in small.registry.audit_kinds()


def test_what_breaks_off_leaves_no_key_and_no_row(small, token):
    store = TokenKeystore(token, SoftwareKeystore(small.registry.office.key_passphrase))
    small.registry.office = replace(small.registry.office, token=store)
    # The root's life does not cover a certificate of thirty years, which shows only after the key was made.
    plan = planned(small.registry.office, Ca.XCA, KeyKind.P256, years=30)
    small.registry.clock.move(days=400)
    with pytest.raises(Refused, match="outlive"):
        roll_over(small.registry.office, plan, hands(*small.people), small.people[0])
    (row,) = small.registry.rows(t.key_task)
    assert (row.state, row.ended_at is None) == (str(KeyTaskState.ABORTED), False)
    assert not token.references(label_of(row.mark, "xca-g2"))
    assert not small.registry.rows(t.authority, A.name == "xca-g2")


def test_what_a_killed_task_left_holds_up_others_until_it_is_cleared(small, token):
    """A process that was killed leaves an open task and a key in the token, and nothing else."""
    office = replace(small.registry.office, token=TokenKeystore(token, SoftwareKeystore(b"-")))
    begin = BeginKeyTask(
        task=KeyTask.ROLLOVER, authorities=("xca-g2",), plan="{}", hands=hands(*small.people)
    )  # fmt: skip
    software, small.registry.office = small.registry.office, office
    left = small.registry.do(begin, small.people[0])
    small.registry.office = software
    office.keystore.make(label_of(left.number, "xca-g2"), KeyKind.P256)
    with pytest.raises(Refused, match=f"abort {left.created_id}"):
        small.roll_over()
    with pytest.raises(Refused, match="keystore at work is software"):
        abort(software, left.created_id, "killed", small.people[0])
    assert token.references(label_of(left.number, "xca-g2"))
    abort(office, left.created_id, "killed", small.people[0])
    assert not token.references(label_of(left.number, "xca-g2"))
    with office.reading() as connection:
        (line,) = key_tasks(connection)
    assert (line.state, line.ended_at is None) == (KeyTaskState.ABORTED, False)
    with pytest.raises(Refused, match="has ended"):
        abort(office, left.created_id, "again", small.people[0])
    small.roll_over()


def test_a_task_that_was_broken_off_is_never_recorded(small, monkeypatch):
    """Whoever aborts a task that is still at work elsewhere has the last word."""
    office = small.registry.office
    plan = planned(office, Ca.XCA, KeyKind.P256)
    make = SoftwareKeystore.make

    def make_slowly(store, label, kind, **more):
        (row,) = small.registry.rows(t.key_task)
        abort(office, row.id, "from elsewhere", small.people[1])
        return make(store, label, kind, **more)

    monkeypatch.setattr(SoftwareKeystore, "make", make_slowly)
    with pytest.raises(Refused, match="has ended"):
        roll_over(office, plan, hands(*small.people), small.people[0])
    assert not small.registry.rows(t.authority, A.name == "xca-g2")


def test_a_forgotten_password_at_the_second_signature_undoes_all(small):
    plan = planned(small.registry.office, Ca.XCA, KeyKind.P256)
    wrong = (*hands(*small.people[:3]), Hand(small.people[3].account_id, "wrong"))
    with pytest.raises(NotAllowed):
        roll_over(small.registry.office, plan, wrong, small.people[0])
    assert not small.registry.rows(t.key_task, K.state == str(KeyTaskState.OPEN))

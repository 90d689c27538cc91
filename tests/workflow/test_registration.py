"""The RA signs its request to the CA, and the issuing lane verifies it with the approvals before it prepares and signs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pki.certificates import read_certificate
from pki.keys import KeyKind, load_public_key, verify_signature
from pki.keystores import SoftwareKeystore, TokenKeystore
from pki.statement import sign_statement, unlock
from pki.token import Token
from tests.workflow.batches import Batches, items
from tests.workflow.registry import PASSWORD
from workflow import registration
from workflow.acts import registration as acts_of_registration
from workflow.acts import signing
from workflow.commands_of_keys import ClearKeyIntent
from workflow.commands_of_registration import IntendRegistrationKey, RecordRegistrationKey
from workflow.errors import NotAllowed, Refused, Unavailable
from workflow.facts import SYSTEM
from workflow.key_intents import clear
from workflow.store import schema as t
from workflow.vocabulary import Ca, Role
from workflow.watching.reconciling.keys import key_faults

C, R, D, G = t.certificate.c, t.issuing_request.c, t.review_decision.c, t.registration_key.c
N = t.key_intent.c
REVOKED = {"status": "revoked", "status_version": 2}


@pytest.fixture
def small(small_registry):
    return Batches(small_registry)


def certificates(small):
    return small.registry.rows(t.certificate, C.item_id.is_not(None))


def ra_certificate(small):
    return small.registry.rows(t.certificate, C.profile == "registration_authority")[-1]


def last_error(small):
    return small.registry.rows(t.outbox)[-1].last_error


def intended_only(small, monkeypatch):
    """Bring a batch to where its intents are stored and the process ended before the signature."""
    case_id = small.approved(*items(0, 1))

    def fall(*_given):
        raise ConnectionError("killed")

    monkeypatch.setattr(signing, "store_signed", fall)
    small.work()
    monkeypatch.undo()
    assert {row.der for row in certificates(small)} == {None}
    return case_id


def go_on(small):
    small.registry.clock.move(hours=1)
    small.work()


@pytest.mark.rule("RV2-03", "RV2-04")
def test_the_ra_signs_what_was_approved_and_each_key_that_it_asks_for(small):
    case_id = small.approved(*items(0, 1))
    small.work()
    (request,) = small.registry.rows(t.issuing_request)
    said = json.loads(request.statement)
    case = small.registry.case(case_id)
    assert (said["number"], said["snapshot"]) == (case.number, case.snapshot_sha256)
    assert len(said["approvals"]) == 2
    issued = certificates(small)
    assert {key["spki"] for key in said["keys"]} == {row.spki_sha256 for row in issued}
    assert {row.request_id for row in issued} == {request.id}
    fields = read_certificate(bytes(request.certificate))
    verify_signature(load_public_key(fields.spki_der), request.statement.encode(), request.signature)


@pytest.mark.rule("RV2-04")
def test_each_ca_has_an_ra_whose_key_is_no_authoritys(small):
    office = small.registry.office
    found = [registration.registration(office, ca) for ca in Ca]
    again = registration.registration(office, Ca.GCA)
    assert again.certificate == found[0].certificate
    keys = {one.signer.spki_der for one in found}
    others = {read_certificate(row.certificate).spki_der for row in small.registry.rows(t.authority)}
    assert len(keys) == 3
    assert not keys & others
    assert [row.status for row in small.registry.rows(t.certificate)] == ["valid"] * 3


def test_a_key_that_the_house_has_not_on_record_gets_no_house_certificate(small):
    from pki.keys import KeyKind, SoftwareSigner
    from workflow.errors import Refused
    from workflow.issuing_house import issue_house_certificate

    office, stranger = small.registry.office, SoftwareSigner.generate(KeyKind.P256).spki_der
    order = lambda serial, name: registration._order(office, Ca.XCA, stranger, (serial, name))  # noqa: E731 - the order of an RA, for a key that is not its.
    with pytest.raises(Refused) as caught:
        issue_house_certificate(office, Ca.XCA, stranger, order)
    assert caught.value.code == "certificate.not_issuable"
    assert small.registry.rows(t.certificate) == []


@pytest.mark.rule("RV2-03")
def test_a_decision_that_was_tampered_with_after_the_intent_stops_the_signature(small, monkeypatch):
    case_id = intended_only(small, monkeypatch)
    first = small.registry.rows(t.review_decision, D.case_id == case_id)[0]
    small.registry.update(t.review_decision, D.id == first.id, signature=first.signature[:-1] + b"\0")
    go_on(small)
    assert {row.der for row in certificates(small)} == {None}
    assert last_error(small).startswith("核准紀錄不完整")


@pytest.mark.rule("RV2-03", "RV2-04")
@pytest.mark.parametrize("change", ["statement", "signature", "another key", "another case"])
def test_a_request_that_was_tampered_with_is_never_signed_for(small, monkeypatch, change):
    intended_only(small, monkeypatch)
    row = small.registry.rows(t.issuing_request)[-1]
    said = json.loads(row.statement)
    if change == "statement":
        values = {"statement": row.statement.replace(said["policy"], "x" + said["policy"])}
    elif change == "signature":
        values = {"signature": row.signature[:-1] + bytes([row.signature[-1] ^ 1])}
    elif change == "another case":
        values = {"case_id": small.registry.submit()}
    else:
        values = forged(small, row, said)
    small.registry.update(t.issuing_request, R.id == row.id, **values)
    serials = tuple(one.serial for one in certificates(small))
    with pytest.raises(Unavailable) as caught:
        small.registry.do(signing.SignCertificates(serials=serials), SYSTEM)
    assert caught.value.code == "certificate.not_requested"
    assert {one.der for one in certificates(small)} == {None}


def forged(small, row, said):
    """Have an officer's key, which is not the RA's, sign a request that asks for less."""
    said["keys"] = said["keys"][:1]
    statement = json.dumps(said)
    account = small.registry.rows(t.account, t.account.c.id == small.first.account_id)[0]
    key = unlock(account.signing_key, PASSWORD.encode())
    del row
    return {"statement": statement, "signature": sign_statement(key, statement.encode())}


@pytest.mark.rule("RV2-04")
def test_nothing_is_signed_once_the_ras_certificate_is_revoked(small, monkeypatch):
    intended_only(small, monkeypatch)
    ra = ra_certificate(small)
    small.registry.update(t.certificate, C.id == ra.id, status_at=small.registry.clock.now(), **REVOKED)
    serials = tuple(one.serial for one in certificates(small))
    with pytest.raises(Unavailable) as caught:
        small.registry.do(signing.SignCertificates(serials=serials), SYSTEM)
    assert caught.value.code == "certificate.not_requested"
    go_on(small)
    assert {row.der for row in certificates(small)} == {None}
    assert "註冊中心的憑證" in last_error(small)


@pytest.mark.rule("RV2-04")
def test_an_administrator_gives_the_ra_another_key_and_the_batch_goes_on(small, monkeypatch):
    intended_only(small, monkeypatch)
    registry, ra = small.registry, ra_certificate(small)
    registry.update(t.certificate, C.id == ra.id, status_at=registry.clock.now(), **REVOKED)
    with pytest.raises(NotAllowed):
        registration.new_key(registry.office, Ca.XCA, registry.desk)
    assert all(row.ended_at for row in registry.rows(t.key_intent))
    registration.new_key(registry.office, Ca.XCA, registry.account(Role.ADMINISTRATOR))
    go_on(small)
    assert {row.status for row in certificates(small)} == {"valid"}
    assert len(registry.rows(t.registration_key, G.ca == "xca")) == 2


def test_the_ra_has_its_next_certificate_before_the_last_one_ends(small):
    office = small.registry.office
    first = registration.registration(office, Ca.XCA)
    small.registry.clock.move(days=3 * 365 - 30)
    from workflow.store.sealing import seal

    seal(office)
    second = registration.registration(office, Ca.XCA)
    assert second.certificate != first.certificate
    assert second.signer.spki_der != first.signer.spki_der


@pytest.mark.rule("RV2-03")
def test_an_account_that_gets_another_key_leaves_its_old_decisions_standing(small):
    small.approved(*items(0))
    _sealed, spki = small.registry.office.statements.new_key(PASSWORD)
    small.registry.update(t.account, t.account.c.id == small.first.account_id, signing_spki=spki)
    small.work()
    assert {row.status for row in certificates(small)} == {"valid"}


def test_of_many_who_make_the_ras_first_key_one_has_made_it(locking_registry):
    from concurrent.futures import ThreadPoolExecutor

    office = Batches(locking_registry).registry.office
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _n: registration.registration(office, Ca.XCA), range(4)))
    assert len({one.certificate for one in found}) == 1
    assert len(locking_registry.rows(t.registration_key)) == 1


@pytest.fixture
def in_token(small, token):
    small.registry.office = replace(
        small.registry.office,
        token=TokenKeystore(token, SoftwareKeystore(small.registry.office.key_passphrase)),
    )
    return small.registry


def intents(registry):
    return registry.rows(t.key_intent, N.ended_at.is_(None))


def labels(registry, token):
    return [token.references(row.label) for row in registry.rows(t.key_intent)]


@pytest.mark.rule("ROL-08")
def test_whoever_may_not_have_another_key_for_the_ra_makes_none(in_token, token, monkeypatch):
    made = []
    monkeypatch.setattr(Token, "make", lambda *given, **_more: made.append(given))
    with pytest.raises(NotAllowed):
        registration.new_key(in_token.office, Ca.XCA, in_token.desk)
    assert not made
    assert not in_token.rows(t.key_intent)


@pytest.mark.rule("ROL-08")
def test_a_key_that_does_not_come_on_record_is_destroyed(in_token, token, monkeypatch):
    def refuse(*_given):
        raise Refused("case.stale")

    administrator = in_token.account(Role.ADMINISTRATOR)
    monkeypatch.setattr(acts_of_registration, "conclude", refuse)
    with pytest.raises(Refused):
        registration.new_key(in_token.office, Ca.XCA, administrator)
    monkeypatch.undo()
    assert labels(in_token, token) == [()]
    assert not intents(in_token)
    registration.new_key(in_token.office, Ca.XCA, administrator)
    assert [len(found) for found in labels(in_token, token)] == [0, 1]


@pytest.mark.rule("ROL-08")
def test_a_key_whose_maker_was_killed_is_found_and_cleared_away(in_token, token):
    intended = in_token.do(IntendRegistrationKey(ca=Ca.XCA), SYSTEM)
    made = in_token.office.keystore.make(intended.number, KeyKind.P256)
    with in_token.office.reading() as connection:
        now = in_token.clock.now()
        assert not list(key_faults(connection, now))
        (found,) = key_faults(connection, now + timedelta(hours=2))
    assert (found.code, found.subject) == ("keys.unfinished", intended.number)
    number, software = intended.created_id, replace(in_token.office, token=None)
    with pytest.raises(Refused, match="keystore at work is software"):
        clear(software, number, in_token.account(Role.OPERATOR))
    with pytest.raises(NotAllowed):
        clear(in_token.office, number, in_token.desk)
    with pytest.raises(Refused, match="may be in the making"):
        clear(in_token.office, number, in_token.account(Role.OPERATOR))
    assert token.references(intended.number) == (made.reference,)
    in_token.clock.move(hours=1)
    clear(in_token.office, number, in_token.account(Role.OPERATOR))
    assert not token.references(intended.number)
    assert not intents(in_token)
    # Its maker was only slow, and comes back with a key that is gone.
    command = RecordRegistrationKey(
        intent=number, ca=Ca.XCA, spki=made.signer.spki_der, key_reference=made.reference
    )
    for act in (lambda: in_token.do(command, SYSTEM), lambda: clear(in_token.office, number)):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "keys.intent_ended"
    assert not in_token.rows(t.registration_key)


@pytest.mark.rule("ROL-08")
def test_a_key_made_after_its_intent_was_cleared_away_does_not_stay(in_token, token, monkeypatch):
    make = Token.make

    def cleared_before(store, label, kind, **more):
        in_token.clock.move(hours=2)
        clear(in_token.office, intents(in_token)[0].id, in_token.account(Role.OPERATOR))
        return make(store, label, kind, **more)

    with monkeypatch.context() as slow:
        slow.setattr(Token, "make", cleared_before)
        with pytest.raises(Refused, match="was cleared away"):
            registration.new_key(in_token.office, Ca.XCA)
    assert labels(in_token, token) == [()]


def test_a_clearing_that_was_killed_is_finished_by_the_next(in_token, token):
    intended = in_token.do(IntendRegistrationKey(ca=Ca.XCA), SYSTEM)
    in_token.office.keystore.make(intended.number, KeyKind.P256)
    in_token.do(ClearKeyIntent(number=intended.created_id), SYSTEM)
    (left,) = intents(in_token)
    assert left.cleared_at
    clear(in_token.office, left.id)
    assert not token.references(intended.number)
    assert in_token.audit_kinds().count("key_intent_cleared") == 1


def test_a_key_whose_token_is_gone_is_left_with_the_reason(in_token):
    intended = in_token.do(IntendRegistrationKey(ca=Ca.XCA), SYSTEM)
    left, operator = (
        ClearKeyIntent(number=intended.created_id, left_reason="模組損毀"),
        in_token.account(Role.OPERATOR),
    )
    with pytest.raises(Refused) as refusal:
        in_token.do(left, operator)
    assert refusal.value.code == "keys.intent_young"
    in_token.clock.move(hours=1)
    in_token.do(left, operator)
    assert not intents(in_token)
    assert in_token.audit_kinds()[-2:] == ["key_intent_cleared", "keys_left"]

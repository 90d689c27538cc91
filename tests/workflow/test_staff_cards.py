"""Cards of the staff: made by two people, lost and ended, used to log in and to sign decisions."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

import pytest

from hardware.folder_station import FolderStation
from hardware.master_key import KeysOfCard
from hardware.secrets_of_card import encode_pin
from tests.workflow.batches import establish
from tests.workflow.registry import MASTER_KEYS, PASSWORD, Registry
from tests.workflow.stock_rig import Stock
from workflow import commands as c
from workflow.approvals import current_case, require_approvals
from workflow.commands_of_holders import AdvanceCardSession
from workflow.commands_of_staff_cards import EndStaffCard, OpenCardLogIn, OpenCardSigning
from workflow.commands_of_stock import CountBox
from workflow.errors import RegistryError
from workflow.facts import PUBLIC
from workflow.staff_cards import Order, make_staff_card, unblock_staff_card
from workflow.store import schema as t
from workflow.vocabulary import Ca, Role

READER, PIN = "櫃檯", "735162"
S, C, A = t.staff_card.c, t.certificate.c, t.account.c


class Desk:
    """A registry with a reader, an administrator, and an officer whose card is made when it is asked for."""

    def __init__(self, url, folder):
        self.registry = Registry(url)
        self.station = FolderStation(folder, (READER,))
        self.registry.office = replace(self.registry.office, stations=(self.station,))
        establish(self.registry.office)
        self.administrator = self.registry.account(Role.ADMINISTRATOR)
        self.owner = secrets.token_urlsafe()

    def blank(self):
        if self.station.readers()[0].card_present:
            self.station.remove(READER)
        self.station.insert(READER, csn := self.station.new_blank())
        return csn

    def card(self, who, **values):
        self.blank()
        order = Order(**({"login": who.name, "reader": READER, "password": PASSWORD, "pin": PIN} | values))
        make_staff_card(self.registry.office, order, self.administrator)
        return self.registry.rows(t.staff_card)[-1]

    def set(self, **values):
        office = self.registry.office
        self.registry.office = replace(office, settings=replace(office.settings, **values))

    def talk(self, command, actor=PUBLIC, pin=PIN):
        """Hold a conversation as a browser with an agent does; returns its answer."""
        turn = self.registry.do(command, actor).turn
        with self.station.open_session(READER) as session:
            while not turn.done:
                text = turn.command.replace("{pin}", encode_pin(pin).hex())
                response = bytes(session.transmit(bytes.fromhex(text)))
                self.last = AdvanceCardSession(
                    token=command.token, owner=self.owner, step=turn.step, response=response
                )
                turn = self.registry.do(self.last, PUBLIC).turn
        return turn.answer

    def log_in(self, who, csn, password=PASSWORD, pin=PIN):
        token = secrets.token_urlsafe()
        command = OpenCardLogIn(token=token, owner=self.owner, login=who.name, password=password, csn=csn)
        return self.talk(command, pin=pin)

    def signing(self, case_id, csn, trigger="approve_second", **values):
        case = self.registry.case(case_id)
        fields = {"seen_sha256": case.snapshot_sha256, "seen_version": case.version} | values
        return OpenCardSigning(
            token=secrets.token_urlsafe(),
            owner=self.owner,
            trigger=trigger,
            case_id=case_id,
            csn=csn,
            **fields,
        )

    def failed(self, who):
        return self.registry.rows(t.account, A.id == who.account_id)[0].failed_log_ins


@pytest.fixture
def desk(sqlite_url, tmp_path):
    desk = Desk(sqlite_url, tmp_path / "cards")
    yield desk
    desk.registry.close()


def unblock(desk, who, *, by=None, **values):
    given = {"login": who.name, "reader": READER, "password": PASSWORD, "pin": "846273"} | values
    unblock_staff_card(desk.registry.office, Order(**given), by or desk.administrator)


def block(desk, officer, csn):
    """Type wrong PINs until the card takes none any more; they count for the account too, which waits."""
    for _ in range(3):
        refused(desk.log_in, officer, csn, pin="999999")
    assert refused(desk.log_in, officer, csn) == "card.pin_locked"


def refused(act, *given, **values):
    with pytest.raises(RegistryError) as caught:
        act(*given, **values)
    return caught.value.code


@pytest.mark.rule("RV1-07", "PIN-05")
def test_an_administrator_makes_a_card_for_another_and_its_holder_sets_the_pin(desk):
    officer = desk.registry.officer
    card = desk.card(officer)
    assert (card.account_id, card.state, card.pin_sealed) == (officer.account_id, "active", None)
    (row,) = desk.registry.rows(t.certificate, C.profile == "staff_signature")
    assert (row.status, row.csn, row.published_at) == ("valid", card.csn, None)
    assert {"staff_card_ordered", "staff_key_generated", "staff_card_made"} <= set(
        desk.registry.audit_kinds()
    )


@pytest.mark.rule("ROL-03")
def test_no_card_is_made_alone_nor_without_its_holder(desk):
    officer = desk.registry.officer
    assert refused(desk.card, officer, password="wrong") == "account.login_failed"
    assert refused(desk.card, desk.administrator) == "staff_card.own"
    assert refused(desk.card, officer, pin="123456") == "input.invalid"
    order = Order(officer.name, READER, PASSWORD, PIN)
    assert refused(make_staff_card, desk.registry.office, order, desk.registry.desk) == "access.denied"
    assert desk.registry.rows(t.staff_card) == []


def test_an_account_has_one_card_at_a_time(desk):
    officer = desk.registry.officer
    desk.card(officer)
    assert refused(desk.card, officer) == "staff_card.has_one"
    desk.registry.do(EndStaffCard(login=officer.name, reason="遺失"), desk.administrator)
    assert desk.card(officer).state == "active"


@pytest.mark.parametrize("fate", ["spoiled", "uncounted", "counted"])
def test_only_a_usable_blank_of_the_stock_becomes_a_staff_card(desk, fate):
    stock, csn = Stock(desk.registry), desk.blank()
    stock.do(stock.listed((csn,)))
    if fate != "uncounted":
        stock.do(CountBox(box_id=1, counted=1), stock.two)
    if fate == "spoiled":
        stock.do(c.SpoilBlank(csn=csn, reason="來路不明"))
    officer = desk.registry.account(Role.SECOND_REVIEWER)
    order = Order(login=officer.name, reader=READER, password=PASSWORD, pin=PIN)
    if fate == "counted":
        make_staff_card(desk.registry.office, order, desk.administrator)
    else:
        refused_with(desk, order, "staff_card.not_usable")
    assert len(desk.registry.rows(t.card)) == (0 if fate == "counted" else 1)
    assert len(desk.registry.rows(t.staff_card)) == (1 if fate == "counted" else 0)


def refused_with(desk, order, code):
    with pytest.raises(RegistryError) as caught:
        make_staff_card(desk.registry.office, order, desk.administrator)
    assert caught.value.code == code


@pytest.mark.rule("PIN-05")
def test_a_blocked_card_is_unblocked_by_an_administrator_and_its_holder(desk):
    officer = desk.registry.officer
    csn = desk.card(officer).csn
    block(desk, officer, csn)
    unblock(desk, officer)
    assert desk.log_in(officer, csn, pin="846273") == {"account": officer.account_id}
    row = desk.registry.rows(t.staff_card)[0]
    assert (row.puk_generation, row.next_puk_generation) == (1, None)
    unblock(desk, officer, pin=PIN)
    assert desk.log_in(officer, csn) == {"account": officer.account_id}
    assert desk.registry.audit_kinds().count("staff_card_unblocked") == 2


def test_an_unblocking_that_was_cut_off_is_done_again(desk, monkeypatch):
    officer = desk.registry.officer
    csn = desk.card(officer).csn
    block(desk, officer, csn)
    with monkeypatch.context() as patched:
        patched.setattr("workflow.staff_cards.RecordStaffUnblocked", None)
        with pytest.raises(TypeError):
            unblock(desk, officer)
    # The card holds the next PUK by now, and the registry does not know it yet.
    unblock(desk, officer, pin=PIN)
    assert desk.log_in(officer, csn) == {"account": officer.account_id}
    unblock(desk, officer)


@pytest.mark.rule("ROL-03")
def test_no_card_is_unblocked_alone_nor_anothers_nor_one_that_ended(desk):
    officer, other = desk.registry.officer, desk.registry.clerk
    desk.card(officer)
    assert refused(unblock, desk, officer, password="wrong") == "account.login_failed"
    assert refused(unblock, desk, officer, by=desk.registry.desk) == "access.denied"
    assert refused(unblock, desk, officer, pin="123456") == "input.invalid"
    assert refused(unblock, desk, other) == "staff_card.not_yours"
    assert refused(unblock, desk, desk.administrator) == "staff_card.own"
    desk.registry.do(EndStaffCard(login=officer.name, reason="遺失"), desk.administrator)
    assert refused(unblock, desk, officer) == "staff_card.not_yours"


def test_a_card_with_secrets_in_its_row_is_unblocked_with_them(desk):
    officer = desk.registry.officer
    row = desk.card(officer)
    keys = KeysOfCard(MASTER_KEYS.named(row.master_key), row.csn)
    seal = desk.registry.office.sealer.seal
    desk.registry.update(
        t.staff_card, S.id == row.id, master_key=None, puk_sealed=seal(keys.puk(0).encode(), row.csn),
        management_key_sealed=seal(keys.management_key().value, row.csn),
    )  # fmt: skip
    for pin in ("846273", PIN):
        unblock(desk, officer, pin=pin)
    assert desk.log_in(officer, row.csn) == {"account": officer.account_id}


@pytest.mark.rule("ROL-05")
def test_account_password_and_card_log_in(desk):
    officer = desk.registry.officer
    csn = desk.card(officer).csn
    assert desk.log_in(officer, csn) == {"account": officer.account_id}
    assert desk.registry.audit_kinds()[-2:] == ["logged_in", "card_session_done"]


@pytest.mark.rule("ROL-05", "WEB-01")
def test_a_wrong_password_or_anothers_card_is_refused_and_counted(desk):
    officer, other = desk.registry.officer, desk.registry.desk
    csn = desk.card(officer).csn
    assert refused(desk.log_in, officer, csn, password="wrong") == "account.login_failed"
    assert refused(desk.log_in, other, csn) == "staff_card.not_yours"
    assert (desk.failed(officer), desk.failed(other)) == (1, 1)
    assert refused(desk.log_in, officer, csn, pin="999999") == "card.pin_wrong"


@pytest.mark.rule("ROL-05")
def test_a_certificate_revoked_or_expired_since_logs_nobody_in(desk):
    officer = desk.registry.officer
    csn = desk.card(officer).csn
    desk.registry.update(
        t.certificate, C.csn == csn, status="revoked", status_at=desk.registry.clock.now(), status_version=2
    )
    assert refused(desk.log_in, officer, csn) == "staff_card.not_valid"
    assert desk.failed(officer) == 1
    desk.registry.do(EndStaffCard(login=officer.name, reason="遺失"), desk.administrator)
    assert refused(desk.log_in, officer, csn) == "staff_card.not_yours"


@pytest.mark.rule("ROL-05")
def test_a_challenge_is_answered_once_by_one_browser_and_in_time(desk):
    officer = desk.registry.officer
    csn = desk.card(officer).csn
    desk.log_in(officer, csn)
    stolen = replace(desk.last, owner="another browser")
    assert refused(desk.registry.do, stolen, PUBLIC) == "card.session_over"
    first = desk.last
    desk.log_in(officer, csn)
    # What answered one challenge answers no other.
    replayed = replace(desk.last, response=first.response)
    assert refused(desk.registry.do, replayed, PUBLIC) == "card.session_step"
    desk.registry.clock.move(minutes=11)
    assert refused(desk.registry.do, desk.last, PUBLIC) == "card.session_over"


@pytest.mark.rule("ROL-05")
def test_where_cards_are_required_the_password_alone_logs_nobody_in(desk):
    officer = desk.registry.officer
    command = c.LogIn(login=officer.name, password=PASSWORD)
    desk.registry.do(command, PUBLIC)
    desk.set(staff_cards="required")
    assert refused(desk.registry.do, command, PUBLIC) == "account.card_required"
    case_id = desk.registry.submit(Ca.GCA)
    assert refused(desk.registry.decide, c.ApproveSecondReview, case_id, officer) == "decision.card_required"
    desk.set(staff_cards="off")
    csn = desk.card(officer).csn
    assert refused(desk.log_in, officer, csn) == "staff_card.off"


@pytest.mark.rule("RV1-07", "RV2-03")
def test_a_decision_signed_with_the_card_keeps_its_certificate_and_verifies(desk):
    registry = desk.registry
    csn = desk.card(registry.officer).csn
    case_id = registry.a_case("second_review", Ca.GCA)
    answer = desk.talk(desk.signing(case_id, csn), registry.officer)
    assert answer == {"case": case_id}
    assert registry.state(case_id) == "approved"
    (row,) = registry.rows(t.review_decision)
    assert row.certificate == registry.rows(t.certificate, C.csn == csn)[0].der
    assert json.loads(row.statement)["snapshot"] == registry.case(case_id).snapshot_sha256
    require_approvals(registry.office, current_case(registry.office, case_id))


@pytest.mark.rule("RV2-03")
@pytest.mark.parametrize(("hours", "stands"), [(-1, False), (1, True)])
def test_a_card_revoked_before_it_signed_voids_the_decision_and_after_does_not(desk, hours, stands):
    registry = desk.registry
    csn = desk.card(registry.officer).csn
    registry.clock.move(hours=2)
    case_id = registry.a_case("second_review", Ca.GCA)
    desk.talk(desk.signing(case_id, csn), registry.officer)
    from datetime import timedelta

    when = registry.clock.now() + timedelta(hours=hours)
    registry.update(t.certificate, C.csn == csn, status="revoked", status_at=when, status_version=2)
    case = current_case(registry.office, case_id)
    if stands:
        require_approvals(registry.office, case)
    else:
        assert refused(require_approvals, registry.office, case) == "certificate.not_approved"


@pytest.mark.rule("RV1-07", "ROL-07")
def test_nobody_signs_with_anothers_card_or_over_what_has_changed(desk):
    registry = desk.registry
    csn = desk.card(registry.officer).csn
    case_id = registry.a_case("second_review", Ca.GCA)
    other = registry.account(Role.SECOND_REVIEWER)
    assert refused(desk.talk, desk.signing(case_id, csn), other) == "staff_card.not_yours"
    stale = desk.signing(case_id, csn, seen_sha256="0" * 64)
    assert refused(desk.talk, stale, registry.officer) == "case.snapshot_changed"
    assert registry.rows(t.review_decision) == []
    assert registry.state(case_id) == "second_review"

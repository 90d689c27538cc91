"""Each place balances at the end of the day, whatever happened in it, or production stops."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.workflow.registry import Registry
from tests.workflow.stock_rig import Stock
from tests.workflow.test_stock import claim, refused, stock
from workflow import commands as c
from workflow import commands_of_stock as s
from workflow.commands_of_line import SettleQuarantined
from workflow.errors import NotFound, Refused, RegistryError
from workflow.facts import SYSTEM
from workflow.policies.card_stock import UNCLOSED_DAYS
from workflow.stock_words import PlaceKind
from workflow.store import schema as t
from workflow.vocabulary import Role

__all__ = ["stock"]


@pytest.mark.rule("CRD-02", "ROL-07")
def test_an_account_balances_is_confirmed_by_another_and_opens_the_next(stock):
    csns = stock.at_line(4)
    claim(stock, csns[0])
    stock.do(c.SpoilBlank(csn=csns[1], reason="彎折"))
    account = stock.do(s.CountPlace(place_id=stock.line, counted=3)).created_id
    refused("stock.same_person", stock.do, s.ConfirmAccount(account_id=account))
    refused("stock.account_open", stock.do, s.CountPlace(place_id=stock.line, counted=3))
    stock.do(s.ConfirmAccount(account_id=account), stock.guard)
    refused("stock.not_waiting", stock.do, s.ConfirmAccount(account_id=account), stock.two)
    stock.at_line(2)
    following = stock.close(stock.line)
    assert (following.opening, following.closing) == (3, 5)


def test_what_moves_after_the_count_belongs_to_the_next_account(stock):
    csns = stock.at_line(3)
    account = stock.do(s.CountPlace(place_id=stock.line, counted=3)).created_id
    stock.do(c.SpoilBlank(csn=csns[0], reason="彎折"))
    stock.do(s.ConfirmAccount(account_id=account), stock.two)
    assert stock.account(account).closing == 3
    assert stock.close(stock.line).closing == 2


def test_a_difference_is_settled_by_another_person_before_the_account_closes(stock):
    csns = stock.at_line(3)
    account = stock.do(s.CountPlace(place_id=stock.line, counted=2)).created_id
    refused("stock.not_confirmable", stock.do, s.ConfirmAccount(account_id=account), stock.two)
    found = stock.differences()[0]
    settle = s.SettleDifference(difference_id=found.id, recounted=2, missing=csns[:1], reason="遍尋不著")
    refused("stock.same_person", stock.do, settle, stock.one)
    stock.do(settle, stock.third)
    stock.do(s.ConfirmAccount(account_id=account), stock.two)
    assert stock.account(account).closing == 2
    assert stock.kind_of(csns[0]) == "missing"
    refused("card.not_blank", claim, stock, csns[0])


def test_a_card_that_was_gone_and_booked_late_settles_the_account_without_being_missing(stock):
    csns = stock.at_line(3)
    case = claim(stock, csns[0])
    account = stock.do(s.CountPlace(place_id=stock.line, counted=2)).created_id
    stock.do(c.RecordCardSpoiled(case_id=case, reason="已先放入隔離櫃"))
    found = stock.differences()[0]
    settle = s.SettleDifference(difference_id=found.id, recounted=2, missing=csns[:1], reason="隔離後補登")
    stock.do(settle, stock.third)
    stock.do(s.ConfirmAccount(account_id=account), stock.two)
    assert stock.kind_of(csns[0]) == "quarantine"
    assert stock.close(stock.line).closing == 2


def lost(stock, csn, place=None):
    """Have a count miss a card, and the account closed without it."""
    place = place or stock.line
    there = stock.there(place) - 1
    account = stock.do(s.CountPlace(place_id=place, counted=there)).created_id
    found = stock.differences()[0]
    settle = s.SettleDifference(difference_id=found.id, recounted=there, missing=(csn,), reason="遍尋不著")
    stock.do(settle, stock.third)
    stock.do(s.ConfirmAccount(account_id=account), stock.two)


@pytest.mark.rule("CRD-02", "ROL-07")
def test_a_missing_blank_that_is_found_is_a_blank_again_only_by_a_second_person(stock):
    csn = stock.at_line(2)[0]
    refused("case.reason_missing", stock.do, s.ReportFound(csn=csn, reason=" "))
    with pytest.raises(NotFound):
        stock.do(s.ReportFound(csn=csn, reason="抽屜"))
    lost(stock, csn)
    stock.do(s.ReportFound(csn=csn.upper(), reason="抽屜"))
    assert stock.kind_of(csn) == "quarantine"
    refused("card.not_blank", claim, stock, csn)
    same = stock.registry.account(Role.CARD_CENTRE, person=stock.one.person_id)
    for release in (True, False):
        refused("stock.same_person", stock.do, SettleQuarantined(csn=csn, release=release, reason="x"), same)
    stock.do(SettleQuarantined(csn=csn, release=True, reason="完好"), stock.two)
    assert stock.kind_of(csn) == "line"
    claim(stock, csn)
    assert stock.close(stock.line).closing == 2
    cabinet = next(row.id for row in stock.registry.rows(t.stock_place) if row.kind == "quarantine")
    assert stock.close(cabinet).closing == 0
    assert "card_found" in {row.kind for row in stock.registry.rows(t.audit_entry)}


def test_a_spoiled_card_that_is_found_again_is_only_destroyed(stock):
    csn = stock.counted(1)[0]
    stock.do(c.SpoilBlank(csn=csn, reason="彎折"))
    lost(stock, csn, next(row.id for row in stock.registry.rows(t.stock_place) if row.kind == "bin"))
    stock.do(s.ReportFound(csn=csn, reason="碎紙機旁"))
    refused(
        "stock.was_spoiled",
        stock.do,
        SettleQuarantined(csn=csn, release=True, reason="完好"),
        stock.two,
    )
    stock.do(SettleQuarantined(csn=csn, release=False, reason="銷毀"), stock.two)
    assert stock.kind_of(csn) == "bin"


@pytest.mark.rule("CRD-01")
def test_a_card_with_live_certificates_is_missing_only_once_they_are_revoked(stock):
    case = stock.registry.a_case("made")
    csn = stock.registry.csn(case)
    shelf = next(row.id for row in stock.registry.rows(t.stock_place) if row.kind == "shelf")
    with pytest.raises(Refused, match="certificates"):
        lost(stock, csn, shelf)
    which = t.certificate.c.case_id == case
    assert len(stock.registry.rows(t.certificate, which)) == 2
    stock.registry.update(t.certificate, which, status="revoked")
    found = stock.differences()[0]
    settle = s.SettleDifference(difference_id=found.id, recounted=0, missing=(csn,), reason="失竊")
    stock.do(settle, stock.third)
    stock.do(s.ReportFound(csn=csn, reason="拾獲"))
    refused("card.holds_keys", stock.do, SettleQuarantined(csn=csn, release=True, reason="完好"), stock.two)


def test_an_account_misses_no_card_that_came_after_the_count(stock):
    stock.at_line(2)
    account = stock.do(s.CountPlace(place_id=stock.line, counted=1)).created_id
    later = stock.at_line(1)
    found = stock.differences()[0]
    settle = s.SettleDifference(difference_id=found.id, recounted=1, missing=later, reason="遍尋不著")
    refused("stock.came_later", stock.do, settle, stock.third)
    assert stock.account(account).state == "differs"


def test_more_cards_than_the_books_have_are_no_settlement(stock):
    stock.at_line(2)
    stock.do(s.CountPlace(place_id=stock.line, counted=3))
    found = stock.differences()[0]
    settle = {"difference_id": found.id, "missing": (), "reason": "一張屬於庫房，已歸還"}
    refused("stock.does_not_settle", stock.do, s.SettleDifference(recounted=3, **settle), stock.third)
    stock.do(s.SettleDifference(recounted=2, **settle), stock.third)
    assert stock.registry.rows(t.stock_account)[0].closing == 2


@pytest.mark.rule("CRD-02")
def test_no_card_is_begun_while_an_account_stays_open_too_long(stock):
    csns = stock.at_line(3)
    stock.registry.clock.move(days=UNCLOSED_DAYS.value)
    claim(stock, csns[0])
    stock.registry.clock.move(days=1)
    refused("stock.account_overdue", claim, stock, csns[1])
    stock.close(stock.line)
    refused("stock.account_overdue", claim, stock, csns[1])
    account = stock.do(s.CountPlace(place_id=stock.vault, counted=0)).created_id
    refused("stock.account_overdue", claim, stock, csns[1])
    stock.do(s.ConfirmAccount(account_id=account), stock.two)
    claim(stock, csns[1])


def test_nothing_is_counted_on_its_way_or_with_a_number_that_is_none(stock):
    arrival = stock.registry.rows(t.stock_place)[0].id
    stock.delivered()
    transit = next(row.id for row in stock.registry.rows(t.stock_place) if row.kind == "arrival")
    for place in (transit, 999):
        refused("stock.no_place", stock.do, s.CountPlace(place_id=place, counted=0))
    with pytest.raises(RegistryError):
        stock.do(s.CountPlace(place_id=arrival, counted=-1))


def test_of_two_who_count_a_box_at_once_one_counts(migrated_postgresql_url):
    registry = Registry(migrated_postgresql_url)
    stock = Stock(registry)
    box, _ = stock.delivered(3)
    stock.counted(2)
    for command in (s.CountBox(box_id=box, counted=3), s.CountPlace(place_id=stock.vault, counted=5)):
        assert sorted(_at_once(stock, command)) in (
            ["done", "stock.account_open"],
            ["done", "stock.not_waiting"],
        )
    account = registry.rows(t.stock_account)[0]
    confirm = s.ConfirmAccount(account_id=account.id)
    stock.two, stock.third = registry.account(*stock.one.roles), registry.account(*stock.one.roles)
    assert sorted(_at_once(stock, confirm)) == ["done", "stock.not_waiting"]
    stock.check()
    registry.close()


def test_cards_that_move_while_a_place_is_counted_are_in_one_account_or_the_next(migrated_postgresql_url):
    registry = Registry(migrated_postgresql_url)
    stock = Stock(registry)
    csns = stock.at_line(12)

    def spoil():
        for csn in csns[:8]:
            stock.do(c.SpoilBlank(csn=csn, reason="彎折"))

    clerk = threading.Thread(target=spoil)
    clerk.start()
    while clerk.is_alive():
        there = stock.there(stock.line)
        account = stock.do(s.CountPlace(place_id=stock.line, counted=there), stock.two).created_id
        # A card that went between the look and the count was booked just before it.
        for found in stock.differences():
            settle = s.SettleDifference(
                difference_id=found.id, recounted=found.expected, missing=(), reason="盤點時正在移動"
            )
            stock.do(settle, stock.third)
        stock.do(s.ConfirmAccount(account_id=account), stock.guard)
    clerk.join(30)
    assert stock.close(stock.line).closing == 4
    stock.check()
    registry.close()


def _at_once(stock, command):
    """Have two people do the same at the same moment; returns what each was told."""
    said, together = [], threading.Barrier(2)

    def act(who):
        together.wait(10)
        try:
            stock.do(command, who)
            said.append("done")
        except RegistryError as error:
            said.append(error.code)

    people = [threading.Thread(target=act, args=(who,)) for who in (stock.two, stock.third)]
    for person in people:
        person.start()
    for person in people:
        person.join(30)
    return said


class Days(RuleBasedStateMachine):
    """Whatever is delivered, carried, made, spoiled, quarantined, lost and counted, the books put each card in one place."""

    @initialize()
    def open_the_house(self):
        self._folder = tempfile.TemporaryDirectory()
        self.registry = Registry(f"sqlite:///{Path(self._folder.name) / 'stock.sqlite'}")
        self.stock = Stock(self.registry)
        self.making = {}

    def teardown(self):
        if hasattr(self, "registry"):
            self.registry.close()
            self._folder.cleanup()

    def cards(self, place, state="blank"):
        found = self.registry.rows(t.card, t.card.c.place_id == place, t.card.c.state == state)
        return [card.csn for card in found]

    @rule(number=st.integers(1, 3))
    def deliver(self, number):
        self.stock.counted(number)

    @rule(number=st.integers(1, 3), short=st.integers(0, 3))
    def deliver_short(self, number, short):
        """A box from which cards are missing is settled by a third person."""
        short = min(short, number)
        box, csns = self.stock.delivered(number)
        self.stock.do(s.CountBox(box_id=box, counted=number - short), self.stock.two)
        self.settle(number - short, csns[:short])

    @rule(number=st.integers(1, 3), back=st.booleans(), lost=st.booleans())
    def carry(self, number, back, lost):
        source, dest = self.stock.vault, self.stock.line
        if back:
            source, dest = dest, source
        csns = tuple(self.cards(source)[:number])
        if csns:
            move = self.stock.do(s.HandOut(from_id=source, to_id=dest, csns=csns)).created_id
            self.stock.do(s.TakeIn(move_id=move, counted=len(csns) - lost), self.stock.two)
            self.settle(len(csns) - lost, csns[:lost])

    @precondition(lambda self: self.cards(self.stock.line))
    @rule(
        sound=st.booleans(),
        release=st.booleans(),
        posted=st.booleans(),
        back=st.booleans(),
        lost=st.booleans(),
    )
    def make(self, sound, release, posted, back, lost):
        """A card is begun; it is made, perhaps posted, returned or lost; or it goes through quarantine."""
        csn = self.cards(self.stock.line)[0]
        registry = self.registry
        case = claim(self.stock, csn)
        if sound:
            for purpose in ("signature", "encipherment"):
                registry.issue(case, csn, purpose)
            number = registry.card_number(csn)
            made = {"case_id": case, "card_number": number, "issued_at": registry.clock.now()}
            self.stock.do(c.RecordCardMade(**made), SYSTEM)
            if posted:
                registry.pack(case)
                self.stock.do(c.PostCards(items=((case, registry.mail_number()),)))
            if posted and back:
                self.stock.do(c.RecordMailReturned(case_id=case, reason="查無此人"))
            if lost:
                self.stock.do(c.RecordCardLost(case_id=case, reason="遍尋不著"))
        else:
            self.stock.do(c.RecordCardSpoiled(case_id=case, reason="無回應"))
            self.stock.do(SettleQuarantined(csn=csn, release=release, reason="檢查"))

    @rule(at_line=st.booleans())
    def spoil(self, at_line):
        for csn in self.cards(self.stock.line if at_line else self.stock.vault)[:1]:
            self.stock.do(c.SpoilBlank(csn=csn, reason="彎折"))

    @rule()
    def destroy(self):
        spoiled = [card.csn for card in self.registry.rows(t.card, t.card.c.state == "spoiled")]
        csns = tuple(csn for csn in spoiled if self.stock.kind_of(csn) == "bin")
        if csns:
            proposed = self.stock.do(s.ProposeDestruction(csns=csns, method="碎卡")).created_id
            self.stock.do(s.WitnessDestruction(destruction_id=proposed), self.stock.two)

    @rule(at_line=st.booleans(), lost=st.booleans())
    def end_the_day(self, at_line, lost):
        place = self.stock.line if at_line else self.stock.vault
        gone = self.cards(place)[:lost]
        there = self.stock.there(place) - len(gone)
        account = self.stock.do(s.CountPlace(place_id=place, counted=there)).created_id
        self.settle(there, gone)
        self.stock.do(s.ConfirmAccount(account_id=account), self.stock.two)
        assert self.stock.account(account).closing == self.stock.there(place)

    @rule(release=st.booleans())
    def find(self, release):
        gone = self.stock.place(PlaceKind.MISSING)
        for csn in self.cards(gone, "spoiled")[:1]:
            self.stock.do(s.ReportFound(csn=csn, reason="尋獲"))
            blank = not self.registry.rows(t.card, t.card.c.csn == csn, t.card.c.case_id.is_not(None))
            settled = SettleQuarantined(csn=csn, release=release and blank, reason="檢查")
            self.stock.do(settled, self.stock.two)

    def settle(self, recounted, missing):
        for found in self.stock.differences():
            command = s.SettleDifference(
                difference_id=found.id, recounted=recounted, missing=tuple(missing), reason="短少"
            )
            self.stock.do(command, self.stock.third)

    @invariant()
    def the_books_hold(self):
        if hasattr(self, "stock"):
            self.stock.check()


TestDays = Days.TestCase
TestDays.settings = settings(
    max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)

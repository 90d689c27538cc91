"""Cards come in boxes that two people count, are carried by two, and only those at the line are made."""

from __future__ import annotations

import pytest

from tests.workflow.registry import MASTER_KEYS, START, Registry
from tests.workflow.stock_rig import Stock, entries
from workflow import commands as c
from workflow import commands_of_performers as p
from workflow import commands_of_stock as s
from workflow.errors import BadInput, NotAllowed, Refused
from workflow.facts import PUBLIC, SYSTEM
from workflow.handlers import rehearse
from workflow.office import Settings
from workflow.stock_words import PlaceKind
from workflow.store import schema as t
from workflow.vocabulary import Role


@pytest.fixture
def stock(sqlite_url):
    registry = Registry(sqlite_url)
    found = Stock(registry)
    yield found
    found.check()
    registry.close()


def refused(code, act, *args):
    with pytest.raises(Refused) as caught:
        act(*args)
    assert caught.value.code == code


def problems(stock, command):
    with pytest.raises(BadInput) as caught:
        stock.do(command)
    return caught.value.problems[0].en


def claim(stock, csn):
    """Begin a card for a new case with this blank."""
    case_id = stock.registry.a_case("manufacturing")
    name = MASTER_KEYS.current().name
    stock.do(p.ClaimBlank(case_id=case_id, csn=csn, pin="123456", master_key=name), SYSTEM)
    return case_id


@pytest.mark.rule("CRD-02", "ROL-07")
def test_a_box_is_stock_once_another_person_counted_it(stock):
    box, csns = stock.delivered(3)
    assert stock.kind_of(csns[0]) == "arrival"
    refused("stock.same_person", stock.do, s.CountBox(box_id=box, counted=3))
    stock.do(s.CountBox(box_id=box, counted=3), stock.guard)
    assert {stock.kind_of(csn) for csn in csns} == {"vault"}
    refused("stock.not_waiting", stock.do, s.CountBox(box_id=box, counted=3), stock.two)
    assert entries(stock.registry, csns[0]) == ["received", "counted_in"]


def test_two_accounts_of_one_person_do_not_count_as_two(stock):
    box, _ = stock.delivered()
    same = stock.registry.account(Role.CARD_CENTRE, person=stock.one.person_id)
    refused("stock.same_person", stock.do, s.CountBox(box_id=box, counted=5), same)


def test_a_bad_list_is_refused_whole_and_names_its_lines(stock):
    known = stock.counted(1)[0]
    csns = ("aabbccdd", "zz", known, "aabbccdd")
    said = problems(stock, stock.listed(csns))
    for line in (
        "line 2: zz is no serial",
        f"line 3: {known} is in the registry",
        "line 4: aabbccdd stands in line 1",
    ):
        assert line in said
    assert not stock.registry.rows(t.card, t.card.c.csn == "aabbccdd")
    assert "Taken in already" in problems(stock, stock.listed(stock.csns(1), box="B1"))
    assert "order number" in problems(stock, stock.listed(stock.csns(1), order=""))


@pytest.mark.rule("CRD-02")
def test_a_box_that_is_short_is_settled_by_somebody_who_did_not_handle_it(stock):
    box, csns = stock.delivered(5)
    stock.do(s.CountBox(box_id=box, counted=4), stock.two)
    found = stock.differences()[0]
    settled = {"difference_id": found.id, "recounted": 4, "missing": (csns[2],), "reason": "廠商短裝"}
    settle = s.SettleDifference(**settled)
    for person in (stock.one, stock.two):
        refused("stock.same_person", stock.do, settle, person)
    refused("stock.does_not_settle", stock.do, s.SettleDifference(**settled | {"missing": ()}), stock.third)
    other = stock.counted(1)
    refused("stock.not_at_place", stock.do, s.SettleDifference(**settled | {"missing": other}), stock.third)
    refused("case.reason_missing", stock.do, s.SettleDifference(**settled | {"reason": " "}), stock.third)
    stock.do(settle, stock.third)
    assert stock.kind_of(csns[2]) == "missing"
    assert stock.kind_of(csns[0]) == "vault"
    refused("stock.not_waiting", stock.do, settle, stock.guard)


@pytest.mark.rule("ROL-07")
def test_cards_are_carried_by_two_people_and_are_nobodys_on_the_way(stock):
    csns = stock.counted(4)
    out = s.HandOut(from_id=stock.vault, to_id=stock.line, csns=csns[:2])
    move = stock.do(out).created_id
    assert stock.kind_of(csns[0]) == "transit"
    refused("stock.not_at_place", stock.do, out)
    refused("stock.same_person", stock.do, s.TakeIn(move_id=move, counted=2))
    refused("stock.not_at_line", claim, stock, csns[0])
    stock.do(s.TakeIn(move_id=move, counted=2), stock.two)
    assert stock.kind_of(csns[0]) == "line"
    refused("stock.not_waiting", stock.do, s.TakeIn(move_id=move, counted=2), stock.two)


def test_a_whole_box_is_handed_out_at_once(stock):
    stock.counted(3)
    move = stock.do(s.HandOut(from_id=stock.vault, to_id=stock.line, box="A115-07/B1")).created_id
    stock.do(s.TakeIn(move_id=move, counted=3), stock.two)
    assert stock.there(stock.line) == 3
    for wrong in ({"box": "A115-07/B1"}, {"csns": ("00",)}):
        refused("stock.not_at_place", stock.do, s.HandOut(from_id=stock.vault, to_id=stock.line, **wrong))
    with pytest.raises(BadInput):
        stock.do(s.HandOut(from_id=stock.vault, to_id=stock.line))
    with pytest.raises(BadInput):
        stock.do(s.HandOut(from_id=stock.vault, to_id=stock.vault, box="A115-07/B1"))


def test_cards_that_got_lost_on_the_way_are_missing_and_the_others_arrive(stock):
    csns = stock.counted(3)
    move = stock.do(s.HandOut(from_id=stock.vault, to_id=stock.line, csns=csns)).created_id
    stock.do(s.TakeIn(move_id=move, counted=2), stock.two)
    found = stock.differences()[0]
    settle = s.SettleDifference(difference_id=found.id, recounted=2, missing=csns[:1], reason="搬運遺失")
    refused("stock.same_person", stock.do, settle, stock.one)
    stock.do(settle, stock.third)
    assert [stock.kind_of(csn) for csn in csns] == ["missing", "line", "line"]


@pytest.mark.rule("CRD-01", "CRD-02")
def test_only_a_blank_that_lies_at_the_line_is_made(stock):
    far, near = stock.counted(1)[0], stock.at_line(1)[0]
    refused("stock.not_at_line", claim, stock, far)
    claim(stock, near)
    assert stock.kind_of(near) == "line"


def test_the_shortcut_of_demonstrations_is_closed_to_a_real_house(sqlite_url):
    registry = Registry(sqlite_url, Settings(test_assurance=False))
    refused("stock.demonstration_only", registry.do, c.AddStock(csns=("aabbccdd",), box="A"), registry.centre)
    registry.close()


def test_each_card_of_a_case_has_its_place_until_it_leaves_the_house(stock):
    case = stock.registry.a_case("made")
    csn = stock.registry.csn(case)
    assert stock.kind_of(csn) == "shelf"
    stock.registry.pack(case)
    stock.do(c.PostCards(items=((case, stock.registry.mail_number()),)))
    assert stock.kind_of(csn) is None
    stock.do(c.RecordMailReturned(case_id=case, reason="查無此人"))
    assert stock.kind_of(csn) == "returned"
    assert entries(stock.registry, csn) == ["demonstration", "made", "posted", "returned"]


def test_a_card_in_quarantine_goes_back_to_its_line_or_into_the_bin(stock):
    from workflow.commands_of_line import SettleQuarantined

    for release, place in ((True, "line"), (False, "bin")):
        csn = stock.at_line(1)[0]
        case = claim(stock, csn)
        stock.do(c.RecordCardSpoiled(case_id=case, reason="晶片無回應"))
        assert stock.kind_of(csn) == "quarantine"
        stock.do(SettleQuarantined(csn=csn, release=release, reason="檢查"))
        assert stock.kind_of(csn) == place


@pytest.mark.rule("CRD-01", "ROL-07")
def test_spoiled_cards_are_destroyed_before_two_people(stock):
    csns = stock.counted(2)
    for csn in csns:
        stock.do(c.SpoilBlank(csn=csn, reason="彎折"))
    blank = stock.counted(1)
    refused("stock.not_in_bin", stock.do, s.ProposeDestruction(csns=blank, method="碎卡"))
    proposed = stock.do(s.ProposeDestruction(csns=csns, method="碎卡")).created_id
    refused("stock.not_in_bin", stock.do, s.ProposeDestruction(csns=csns[:1], method="碎卡"))
    witness = s.WitnessDestruction(destruction_id=proposed)
    refused("stock.same_person", stock.do, witness)
    stock.do(witness, stock.guard)
    refused("stock.not_waiting", stock.do, witness, stock.two)
    assert stock.kind_of(csns[0]) is None
    assert entries(stock.registry, csns[0])[-2:] == ["spoiled", "destroyed"]
    with pytest.raises(BadInput):
        stock.do(s.ProposeDestruction(csns=(), method=""))


@pytest.mark.rule("CRD-01", "ROL-07")
def test_a_rehearsal_refuses_what_the_act_would_writes_that_down_and_changes_nothing(stock):
    office, csns = stock.registry.office, stock.counted(1)
    stock.do(c.SpoilBlank(csn=csns[0], reason="彎折"))
    proposed = stock.do(s.ProposeDestruction(csns=csns, method="碎卡")).created_id
    witness = s.WitnessDestruction(destruction_id=proposed)
    before = len(stock.registry.audit_kinds())
    rehearse(office, witness, stock.guard)
    assert len(stock.registry.audit_kinds()) == before
    refused("stock.same_person", rehearse, office, witness, stock.one)
    assert stock.registry.audit_kinds()[before:] == ["refused"]
    stock.do(witness, stock.guard)
    refused("stock.not_waiting", rehearse, office, witness, stock.two)
    with pytest.raises(TypeError, match="LogIn"):
        rehearse(office, c.LogIn(login="x", password="x"), PUBLIC)


def test_cards_of_before_the_books_are_taken_up_once(stock):
    registry = stock.registry
    old = {"box": "舊", "step": "", "reason": "", "counted_in_at": START, "updated_at": START}
    for number, state in enumerate(("blank", "spoiled", "posted")):
        registry.insert(t.card, csn=f"0000000{number}", state=state, **old)
    stock.do(s.TakeUpCards())
    assert [stock.kind_of(f"0000000{number}") for number in range(3)] == ["line", "bin", None]
    with pytest.raises(Refused, match="2026-") as caught:
        stock.do(s.TakeUpCards())
    assert caught.value.code == "stock.taken_up_already"
    # What was never in the house has no entry.
    registry.update(t.card, t.card.c.csn == "00000002", place_id=None)
    with registry.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(t.card.delete().where(t.card.c.csn == "00000002"))


def test_a_house_without_old_cards_has_none_to_take_up(stock):
    stock.counted(1)
    refused("stock.nothing_to_take_up", stock.do, s.TakeUpCards())


@pytest.mark.rule("CRD-02")
def test_a_card_is_spoiled_only_once_it_is_counted_where_it_goes(stock):
    box, csns = stock.delivered(2)
    spoil = c.SpoilBlank(csn=csns[0], reason="彎折")
    refused("stock.not_counted_in", stock.do, spoil)
    refused("stock.not_counted_in", stock.do, c.BeginCardRetirement(csn=csns[0], reason="彎折"))
    stock.do(s.CountBox(box_id=box, counted=2), stock.two)
    move = stock.do(s.HandOut(from_id=stock.vault, to_id=stock.line, csns=csns)).created_id
    refused("stock.not_counted_in", stock.do, spoil)
    stock.do(s.TakeIn(move_id=move, counted=2), stock.two)
    stock.do(spoil)
    assert [stock.kind_of(csn) for csn in csns] == ["bin", "line"]


@pytest.mark.rule("CRD-02")
def test_a_card_that_was_retired_is_dead_though_somebody_carried_it_off_meanwhile(stock):
    csns = stock.counted(2)
    stock.do(c.BeginCardRetirement(csn=csns[0], reason="彎折"))
    move = stock.do(s.HandOut(from_id=stock.vault, to_id=stock.line, csns=csns)).created_id
    stock.do(c.RecordCardRetired(csn=csns[0], reason="彎折"))
    stock.do(s.TakeIn(move_id=move, counted=1), stock.two)
    assert [stock.kind_of(csn) for csn in csns] == ["bin", "line"]


def test_a_house_opens_further_stores_and_no_other_places(stock):
    admin = stock.registry.account(Role.ADMINISTRATOR)
    desk = stock.do(s.AddPlace(kind="desk", name="北區櫃檯"), admin).created_id
    csns = stock.counted(1)
    stock.move(stock.vault, desk, csns)
    assert stock.kind_of(csns[0]) == "desk"
    for kind, name in (("bin", "新箱"), ("desk", "北區櫃檯"), ("desk", PlaceKind.VAULT.zh), ("desk", "")):
        with pytest.raises(BadInput):
            stock.do(s.AddPlace(kind=kind, name=name), admin)


def test_who_keeps_no_cards_may_not_touch_the_books(stock):
    auditor = stock.registry.account(Role.AUDITOR)
    for command in (stock.listed(stock.csns(1)), s.CountPlace(place_id=stock.line, counted=0)):
        with pytest.raises(NotAllowed):
            stock.do(command, auditor)
    with pytest.raises(NotAllowed):
        stock.do(stock.listed(stock.csns(1)), stock.guard)

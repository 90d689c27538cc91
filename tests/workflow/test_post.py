"""The card centre: stock, envelopes, registered mail that comes back and goes out again."""

from __future__ import annotations

import pytest

from workflow import commands as c
from workflow import commands_of_performers as p
from workflow.errors import BadInput, NotFound, Refused, RegistryError
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.vocabulary import Ca


def refused(registry, code, command, actor=None):
    with pytest.raises(RegistryError) as caught:
        registry.do(command, actor or registry.centre)
    assert caught.value.code == code
    return caught.value


def post(*items):
    return c.PostCards(items=items)


@pytest.mark.rule("CRD-06", "CRD-07")
def test_the_wrong_envelope_is_refused_and_nothing_is_packed(registry):
    mine, other = registry.a_case("made", Ca.GCA), registry.a_case("made", Ca.GCA)
    card, envelope = registry.case(mine), registry.case(other)
    wrong = c.PackCard(case_id=mine, card_number=card.card_number, envelope_number=envelope.number)
    assert card.number in refused(registry, "card.wrong_envelope", wrong).zh
    wrong = c.PackCard(case_id=mine, card_number=envelope.card_number, envelope_number=card.number)
    refused(registry, "card.wrong_envelope", wrong)
    assert registry.rows(t.mail_item) == []
    registry.pack(mine)
    assert registry.rows(t.mail_item)[0].card_number == card.card_number


@pytest.mark.rule("CRD-05")
@pytest.mark.parametrize(
    "number", ["", "1234567890123", "123456789012345", "1" * 21, "1234567890123A", "１" * 14]
)
def test_a_mail_number_of_another_shape_is_refused(small_registry, number):
    case_id = small_registry.a_case("packed", Ca.GCA)
    refused(small_registry, "mail.number_wrong", post((case_id, number)))


@pytest.mark.rule("CRD-05", "P-03")
def test_a_list_of_registered_mail_is_posted_together(registry):
    cases = [registry.a_case("packed", ca) for ca in (Ca.GCA, Ca.XCA)]
    outcome = registry.do(post((cases[0], "1" * 14), (cases[1], "2222 2222 2222 2222 2222")), registry.centre)
    items = registry.rows(t.mail_item)
    assert [(item.list_id, item.position, item.mail_number, item.state) for item in items] == [
        (outcome.created_id, 1, "1" * 14, "posted"),
        (outcome.created_id, 2, "2" * 20, "posted"),
    ]
    assert {registry.state(case_id) for case_id in cases} == {"posted"}
    assert {card.state for card in registry.rows(t.card)} == {"posted"}
    assert registry.rows(t.mailing_list)[0].post_kind == "限時掛號"


@pytest.mark.rule("CRD-05", "P-03")
def test_kinds_of_registered_mail_are_never_mixed(registry):
    gca, moica = registry.a_case("packed", Ca.GCA), registry.a_case("packed", Ca.MOICA)
    refused(registry, "mail.kinds_mixed", post((gca, "1" * 14), (moica, "2" * 14)))


def test_a_mail_number_is_used_once(registry):
    first, second, third = (registry.a_case("packed", Ca.GCA) for _ in range(3))
    registry.do(post((first, "1" * 14)), registry.centre)
    refused(registry, "mail.number_used", post((second, "1" * 14)))
    refused(registry, "mail.number_used", post((second, "2" * 14), (third, "2" * 14)))
    refused(registry, "letter.no_cases", post((second, "2" * 14), (second, "3" * 14)))
    refused(registry, "letter.no_cases", post())
    refused(registry, "case.not_found", post((999, "2" * 14)))
    refused(registry, "case.not_now", post((second, "2" * 14), (first, "3" * 14)))
    assert registry.state(second) == "packed"


@pytest.mark.rule("CRD-05", "CRD-06")
def test_returned_mail_is_packed_and_posted_again(registry):
    case_id = registry.a_case("mail_returned", Ca.GCA)
    first = registry.rows(t.mail_item)[0]
    assert (first.state, first.return_reason) == ("returned", "查無此人")
    assert registry.rows(t.card)[0].state == "made"
    registry.pack(case_id)
    registry.do(post((case_id, registry.mail_number())), registry.centre)
    assert [(item.attempt, item.state) for item in registry.rows(t.mail_item)] == [
        (1, "returned"),
        (2, "posted"),
    ]
    registry.begin_activation(case_id)
    registry.do(c.CompleteActivation(case_id=case_id, csn=registry.csn(case_id)), SYSTEM)
    assert registry.state(case_id) == "activated"


def test_mail_comes_back_with_a_reason_and_once(registry):
    case_id = registry.a_case("posted", Ca.GCA)
    refused(registry, "case.reason_missing", c.RecordMailReturned(case_id=case_id, reason=" "))
    registry.do(c.RecordMailReturned(case_id=case_id, reason="招領逾期"), registry.centre)
    refused(registry, "case.not_now", c.RecordMailReturned(case_id=case_id, reason="招領逾期"))


def test_ninety_days_run_on_while_a_card_travels_back(registry):
    case_id = registry.a_case("mail_returned", Ca.XCA)
    registry.do(c.LapseActivation(case_id=case_id), SYSTEM)
    assert registry.state(case_id) == "revoked_unactivated"


def test_blanks_are_counted_in_once(registry):
    registry.do(c.AddStock(csns=(" AABBCCDD ", "aabbccdd", "", "11223344"), box="甲"), registry.centre)
    assert [(card.csn, card.state, card.box) for card in registry.rows(t.card)] == [
        ("aabbccdd", "blank", "甲"),
        ("11223344", "blank", "甲"),
    ]
    for csns in (("AABBCCDD",), ("xyz",), (), ("1" * 65,)):
        with pytest.raises(BadInput):
            registry.do(c.AddStock(csns=csns, box="乙"), registry.centre)


def test_a_spoiled_blank_leaves_the_stock_with_a_reason(registry):
    registry.do(c.AddStock(csns=("aabbccdd",), box="甲"), registry.centre)
    refused(registry, "case.reason_missing", c.SpoilBlank(csn="aabbccdd", reason=""))
    registry.do(c.SpoilBlank(csn="AABBCCDD", reason="彎折"), registry.centre)
    with pytest.raises(NotFound):
        registry.do(c.SpoilBlank(csn="aabbccdd", reason="彎折"), registry.centre)
    case_id = registry.a_case("manufacturing", Ca.GCA)
    claim = p.ClaimBlank(case_id=case_id, csn="aabbccdd", pin="1", master_key="2")
    refused(registry, "card.not_blank", claim, SYSTEM)


@pytest.mark.rule("CRD-01", "RNW-01")
def test_a_blank_is_bound_to_one_case_and_a_key_to_one_certificate(registry):
    one, other = (registry.a_case("manufacturing", Ca.GCA) for _ in range(2))
    csn = registry.begin_card(one)
    claim = p.ClaimBlank(case_id=other, csn=csn, pin="1", master_key="2")
    refused(registry, "card.not_blank", claim, SYSTEM)
    registry.issue(one, csn, "signature")
    with pytest.raises(Refused):
        registry.do(p.RecordKeys(csn=csn, keys=(("signature", b"another"),)), SYSTEM)


def test_a_card_begins_only_on_the_line(registry):
    case_id = registry.a_case("approved", Ca.GCA)
    with pytest.raises(Refused):
        registry.begin_card(case_id)
    refused(registry, "case.not_found", c.OrderManufacture(case_id=999, reader="r"))
    refused(registry, "case.not_found", c.RecordMailReturned(case_id=999, reason="x"))
    for command in (
        c.PackCard(case_id=999, card_number="", envelope_number=""),
        c.CompleteActivation(case_id=999, csn=""),
    ):
        refused(registry, "case.not_found", command, SYSTEM)


@pytest.mark.rule("CRD-07")
def test_a_card_is_made_only_when_it_is_this_cases_and_has_its_certificates(registry):
    mine, other = (registry.a_case("manufacturing", Ca.GCA) for _ in range(2))
    csn, strange = registry.begin_card(mine), registry.begin_card(other)
    numbers = {row.csn: row.number for row in registry.rows(t.card)}

    def made(number):
        return c.RecordCardMade(case_id=mine, card_number=number, issued_at=registry.clock.now())

    refused(registry, "case.certificates_not_alive", made(numbers[csn]), SYSTEM)
    registry.issue(mine, csn, "signature")
    for number in (numbers[strange], "Gc99999999999999"):
        refused(registry, "card.not_found", made(number), SYSTEM)
    registry.do(made(numbers[csn]), SYSTEM)
    assert registry.state(mine) == "made"

"""A card leaves for good only when nothing relies on it, and the register then keeps none of its secrets."""

from __future__ import annotations

import pytest

from hardware.master_key import KeysOfCard
from workflow import commands as c
from workflow.errors import RegistryError
from workflow.store import schema as t
from workflow.vocabulary import Ca


def refused(registry, command, actor=None):
    with pytest.raises(RegistryError) as caught:
        registry.do(command, actor or registry.centre)
    return caught.value.code


def both(csn, reason="卡片損壞"):
    return c.BeginCardRetirement(csn=csn, reason=reason), c.RecordCardRetired(csn=csn, reason=reason)


def card(registry, csn):
    return registry.rows(t.card, t.card.c.csn == csn)[0]


@pytest.mark.rule("CRD-01")
def test_a_card_with_certificates_that_count_is_not_retired(registry):
    case_id = registry.a_case("activated", Ca.GCA)
    csn = registry.csn(case_id)
    for command in both(csn):
        assert refused(registry, command) == "card.still_certified"
    assert card(registry, csn).master_key is not None


def test_a_card_whose_certificates_expired_may_be_retired(registry):
    case_id = registry.a_case("activated", Ca.GCA)
    registry.clock.move(days=6 * 366)
    registry.do(both(registry.csn(case_id))[0], registry.centre)


def test_a_spoiled_card_is_retired_with_its_own_key_and_its_secrets_are_forgotten(registry):
    case_id = registry.a_case("manufacturing", Ca.GCA)
    csn = registry.begin_card(case_id)
    begin, record = both(csn)
    assert refused(registry, begin) == "card.still_certified"
    registry.do(c.RecordCardSpoiled(case_id=case_id, reason="讀寫失敗"), registry.centre)
    outcome = registry.do(begin, registry.centre)
    own, final = map(bytes.fromhex, outcome.secret.split())
    keys = KeysOfCard(registry.office.master_keys.current(), csn)
    assert own == keys.management_key().value != final
    assert outcome.secret not in repr(outcome)
    # A retirement that was torn is begun again, with the same key.
    assert registry.do(begin, registry.centre).secret == outcome.secret
    registry.do(record, registry.centre)
    gone = card(registry, csn)
    assert (gone.state, gone.step, gone.master_key, gone.pin_sealed, gone.final_key_sealed) == (
        "spoiled",
        "retired",
        None,
        None,
        None,
    )
    assert {"card_retirement_begun", "card_retired"} <= set(registry.audit_kinds())


def test_a_blank_has_no_key_of_its_own(registry):
    registry.do(c.AddStock(csns=("aabbccdd",), box="甲"), registry.centre)
    assert registry.do(both("AABBCCDD")[0], registry.centre).secret is None


def test_retiring_wants_a_known_card_a_reason_and_the_right_desk(registry):
    registry.do(c.AddStock(csns=("aabbccdd",), box="甲"), registry.centre)
    assert {refused(registry, command) for command in both("00112233")} == {"card.not_found"}
    assert {refused(registry, command) for command in both("aabbccdd", " ")} == {"case.reason_missing"}
    for actor in (registry.clerk, registry.reviewer, registry.officer):
        assert {refused(registry, command, actor) for command in both("aabbccdd")} == {"access.denied"}

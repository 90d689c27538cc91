"""What opens a card follows from its master key; the database alone opens none."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from hardware.master_key import KeysOfCard
from tests.workflow.registry import MASTER_KEYS, MasterKeysInMemory
from workflow import commands as c
from workflow.card_keys import current_master, first_secrets, keys_while_changing
from workflow.commands_of_keys import RecordMasterKey
from workflow.errors import Refused
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.vocabulary import Ca


def card(registry):
    return registry.rows(t.card)[0]


def refused(act, *arguments):
    with pytest.raises(Refused) as refusal:
        act(*arguments)
    return refusal.value.code


@pytest.fixture
def made(registry):
    registry.a_case("posted", Ca.GCA)
    return registry


@pytest.mark.rule("CRD-02")
def test_neither_database_nor_sealing_key_opens_a_card_without_its_master_key(made):
    row = card(made)
    assert {name for name, value in row._mapping.items() if name.endswith("_sealed") and value} == set()
    made.begin_activation(row.case_id)
    for keys in (None, MasterKeysInMemory("other-1")):
        poor = replace(made.office, master_keys=keys)
        assert refused(keys_while_changing, poor, card(made)) == "card.no_master_key"


def test_no_card_is_begun_without_a_master_key(registry):
    assert refused(current_master, replace(registry.office, master_keys=None)) == "card.no_master_key"


def test_a_card_keeps_its_master_key_when_another_is_rolled_in(made):
    made.office = replace(made.office, master_keys=MasterKeysInMemory(*MASTER_KEYS.keys, "tests-2"))
    row = card(made)
    made.begin_activation(row.case_id)
    keys = keys_while_changing(made.office, card(made))
    assert keys.management == KeysOfCard(MASTER_KEYS.current(), row.csn).management_key()
    assert current_master(made.office) == "tests-2"


def test_every_change_of_the_puk_is_counted_once(made):
    case_id = card(made).case_id
    assert keys_while_changing(made.office, card(made)) is None
    made.begin_activation(case_id)
    first = keys_while_changing(made.office, card(made)).puk
    made.begin_activation(case_id)
    assert keys_while_changing(made.office, card(made)).puk == first
    made.do(c.CompleteActivation(case_id=case_id, csn=card(made).csn), SYSTEM)
    row = card(made)
    assert (row.puk_generation, row.next_puk_generation) == (1, None)
    assert KeysOfCard(MASTER_KEYS.current(), row.csn).puk(1) == first.following


def as_made_before_there_were_master_keys(registry):
    """Rewrite a card's row as it was when its secrets were sealed in it; the card itself does not notice."""
    row = card(registry)
    keys = KeysOfCard(MASTER_KEYS.named(row.master_key), row.csn)
    seal = registry.office.sealer.seal
    values = {
        "puk_sealed": seal(keys.puk(row.puk_generation).encode(), row.csn),
        "management_key_sealed": seal(keys.management_key().value, row.csn),
    }
    registry.update(t.card, t.card.c.id == row.id, master_key=None, **values)
    return keys


def test_a_card_with_secrets_in_its_row_goes_on_with_them(made):
    keys = as_made_before_there_were_master_keys(made)
    made.office = replace(made.office, master_keys=None)
    case_id = card(made).case_id
    made.begin_activation(case_id)
    begun = keys_while_changing(made.office, card(made))
    assert (begun.management, begun.puk.current) == (keys.management_key(), keys.puk(0))
    assert begun.puk.following not in {keys.puk(0), keys.puk(1)}
    made.do(c.CompleteActivation(case_id=case_id, csn=card(made).csn), SYSTEM)
    row = card(made)
    assert made.office.sealer.open(row.puk_sealed, row.csn).decode() == begun.puk.following
    assert (row.next_puk_sealed, row.puk_generation) == (None, 0)


def test_a_half_made_card_with_secrets_in_its_row_is_finished_with_them(registry):
    registry.begin_card(registry.a_case("manufacturing", Ca.GCA))
    keys = as_made_before_there_were_master_keys(registry)
    assert first_secrets(registry.office, card(registry)).puk == keys.puk(0)


def test_a_label_that_cards_remember_is_never_made_anew(made):
    made.update(t.card, sa.true(), master_key="cards-1.0a0b0c0d")
    assert refused(made.do, RecordMasterKey(label="cards-1", place="x"), SYSTEM) == "card.master_key_exists"
    other = RecordMasterKey(label="cards-1", place="x", name="cards-1.ffffffff", back=True)
    assert refused(made.do, other, SYSTEM) == "card.other_master_key"
    made.do(RecordMasterKey(label="cards-1", place="x", name="cards-1.0a0b0c0d", back=True), SYSTEM)
    for fresh in ("cards", "cards-2", "cards-_"):
        made.do(RecordMasterKey(label=fresh, place="x"), SYSTEM)
    made.do(RecordMasterKey(label="cards-2", place="x", name="cards-2.01020304"), SYSTEM)
    assert {"master_key_begun", "master_key_made"} <= set(made.audit_kinds())

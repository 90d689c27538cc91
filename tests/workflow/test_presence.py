"""An authority's key is touched only by the people of ROL-02, each present and each another natural person."""

from __future__ import annotations

import json

import pytest

from tests.workflow.people import hands, key_workers
from tests.workflow.registry import PASSWORD, STATEMENTS
from workflow.commands_of_authorities import Hand
from workflow.errors import NotAllowed, Refused
from workflow.presence import witness
from workflow.store import schema as t
from workflow.vocabulary import KeyTask, Role


def _witness(registry, *people, task=KeyTask.CEREMONY):
    return witness(registry.office, task, hands(*people), people[0], {"what": "a trial"})


@pytest.mark.rule("ROL-02", "ROL-07")
@pytest.mark.parametrize("absent", range(4))
def test_key_work_takes_two_administrators_an_auditor_and_a_controller(registry, absent):
    people = key_workers(registry)
    assert len(_witness(registry, *people).signatures) == 4
    left = [one for place, one in enumerate(people) if place != absent]
    with pytest.raises(Refused, match="takes"):
        _witness(registry, *left)


@pytest.mark.rule("ROL-02")
def test_other_roles_do_not_stand_in(registry):
    first, _second, auditor, controller = key_workers(registry)
    with pytest.raises(Refused, match="takes"):
        _witness(registry, first, registry.account(Role.OPERATOR), auditor, controller)


@pytest.mark.rule("ROL-07")
def test_two_accounts_of_one_person_are_one_person(registry):
    first, _second, auditor, controller = key_workers(registry)
    again = registry.account(Role.ADMINISTRATOR, person=first.person_id)
    with pytest.raises(Refused, match="same natural person"):
        _witness(registry, first, again, auditor, controller)


def test_everybody_signs_the_same_statement(registry):
    said = _witness(registry, *key_workers(registry))
    assert json.loads(said.statement)["what"] == "a trial"
    for one in said.signatures:
        STATEMENTS.verify(bytes.fromhex(one.spki), said.statement.encode(), bytes.fromhex(one.signature))


def test_a_wrong_password_signs_nothing(registry):
    people = key_workers(registry)
    wrong = (*hands(*people[:3]), Hand(people[3].account_id, PASSWORD + "!"))
    with pytest.raises(NotAllowed, match="password_wrong"):
        witness(registry.office, KeyTask.CEREMONY, wrong, people[0], {})


def test_nobody_acts_with_other_peoples_hands(registry):
    people = key_workers(registry)
    with pytest.raises(NotAllowed):
        witness(registry.office, KeyTask.CEREMONY, hands(*people), registry.operator, {})


def test_an_account_without_a_signing_key_is_named(registry):
    people = key_workers(registry)
    registry.update(t.account, t.account.c.id == people[2].account_id, signing_key=None)
    with pytest.raises(Refused, match=people[2].name):
        _witness(registry, *people)

"""Refusals leave a trace and change nothing else; no secret ever reaches a row."""

from __future__ import annotations

import json
from dataclasses import is_dataclass

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workflow.registry import HASHER, PASSWORD
from workflow import commands as c
from workflow import commands_of_performers as performers
from workflow.card_keys import first_secrets
from workflow.errors import RegistryError
from workflow.facts import PUBLIC, SYSTEM
from workflow.handlers import ACTS, act_for
from workflow.machine import TABLES
from workflow.store import schema as t
from workflow.store.audit_entry import speak
from workflow.vocabulary import STAFF_ROLES, Ca, Role

secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=10)


def unlawful(registry, case_id):
    """Return commands with actors, each of which is refused for another reason."""
    seen = {"case_id": case_id}
    decision = {**seen, "seen_sha256": "0" * 64, "password": PASSWORD}
    letter = registry.letter()
    return [
        (c.WithdrawApplication(**seen, user_code="Kod3-7x"), PUBLIC),
        (c.ApproveFirstReview(**decision), registry.reviewer),
        (c.ApproveSecondReview(**decision), registry.officer),
        (c.OrderManufacture(**seen, reader="r"), registry.centre),
        (c.PackCard(**seen, card_number="x", envelope_number="y"), registry.centre),
        (c.PostCards(items=((case_id, "1" * 14),)), registry.centre),
        (c.PostCards(items=((case_id, "1"),)), registry.centre),
        (c.RecordMailReturned(**seen, reason="x"), registry.desk),
        (c.LapseActivation(**seen), PUBLIC),
        (c.AllowLateActivation(**seen, reason="x"), registry.officer),
        (c.TieLetter(letter_id=1, case_ids=(case_id,)), registry.clerk),
        (c.TieLetter(letter_id=1, case_ids=(case_id,)), registry.officer),
        (c.ForwardCases(case_ids=(case_id,)), registry.reviewer),
        (letter, registry.centre),
        (registry.application(organisation_id=registry.case(case_id).organisation_id), PUBLIC),
        (registry.application(Ca.GCA, organisation_id=registry.case(case_id).organisation_id), PUBLIC),
        (c.RequestReset(card_number="Xc", form={}), PUBLIC),
        (c.PauseDeadlines(**seen, reason=""), registry.officer),
        (c.ResumeDeadlines(**seen, reason="x"), registry.officer),
        (c.AssignOid(organisation_id=1, oid="x"), registry.officer),
        (c.SpoilBlank(csn="00", reason="x"), registry.centre),
        (c.AddStock(csns=("x",), box=""), registry.centre),
        (c.RequeueDeadLetter(outbox_id=1), registry.operator),
        (c.ConfirmSweep(reason="x"), registry.operator),
        (c.MoveClock(days=1), registry.operator),
    ]


@pytest.mark.rule("AUD-01")
@pytest.mark.parametrize("state", ["second_review", "first_passed"])
def test_a_refusal_is_written_down_and_changes_nothing_else(registry, state):
    case_id = registry.a_case(state)
    commands = unlawful(registry, case_id)
    if state == "first_passed":
        commands = [pair for pair in commands if not isinstance(pair[0], c.ForwardCases)]
    for command, actor in commands:
        before, noted = registry.dump("audit_entry"), registry.rows(t.audit_entry)
        with pytest.raises(RegistryError) as caught:
            registry.do(command, actor)
        assert registry.dump("audit_entry") == before, command
        entries = registry.rows(t.audit_entry)[len(noted) :]
        assert [entry.kind for entry in entries] == ["refused"], command
        body = json.loads(entries[0].body)
        assert (body["command"], body["code"]) == (type(command).__name__, caught.value.code)
        assert (entries[0].actor, body["person"]) == (actor.name, actor.person_id)


@pytest.mark.rule("AUD-01")
def test_every_step_of_a_case_has_its_entry_in_the_same_commit(registry):
    case_id = registry.a_case("activated")
    steps = registry.rows(t.history, t.history.c.case_id == case_id)
    entries = {
        (entry.case_version, entry.kind): json.loads(entry.body)
        for entry in registry.rows(t.audit_entry, t.audit_entry.c.case_id == case_id)
    }
    for step in steps:
        body = entries[(step.version, step.trigger)]
        assert (body["source"], body["dest"], body["actor"]) == (step.source, step.dest, step.actor)
        assert body["at"] == step.at.isoformat()


def every_text(registry):
    """Return all that is stored, as one text."""
    with registry.engine.connect() as connection:
        return "\n".join(
            repr(tuple(row))
            for table in t.metadata.tables.values()
            for row in connection.execute(sa.select(table))
        )


@pytest.mark.rule("APP-16", "AUD-01")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(code=secrets, wrong=secrets, password=secrets)
def test_no_code_or_password_is_ever_written_down(small_registry, code, wrong, password):
    registry = small_registry
    # Unlikely texts, so that a find is no accident.
    code, wrong, password = (f"{text[:6]}\u007e{text[6:]}"[:10] for text in (code, wrong, password))
    case_id = registry.submit(Ca.GCA, user_code=code)
    login = registry.officer.name
    tried = [
        (c.CheckUserCode(number=registry.case(case_id).number, user_code=wrong), PUBLIC),
        (c.AmendApplication(case_id=case_id, user_code=wrong, form={"contact_name": "x"}), PUBLIC),
        (c.AmendApplication(case_id=case_id, user_code=code, form={"contact_name": "x"}), PUBLIC),
        (c.LogIn(login=login, password=password), PUBLIC),
        (c.ApproveSecondReview(case_id=case_id, seen_sha256="", password=password), registry.officer),
        (c.RecordCodeSent(case_id=case_id, code_hash=HASHER.hash(code)), registry.desk),
        (c.WithdrawApplication(case_id=case_id, user_code=code), PUBLIC),
    ]
    said = []
    for command, actor in tried:
        try:
            registry.do(command, actor)
        except RegistryError as refusal:
            said.append(f"{refusal} {refusal.facts}")
        said.append(repr(command))
    stored = "\n".join([*said, every_text(registry)])
    for secret in (code, wrong, password):
        assert secret not in stored
        assert json.dumps(secret)[1:-1] not in stored


@pytest.mark.rule("CRD-02")
def test_a_cards_secrets_are_sealed_and_logged_nowhere(registry):
    case_id = registry.a_case("manufacturing", Ca.GCA)
    csn = registry.begin_card(case_id)
    card = registry.rows(t.card)[0]
    made = first_secrets(registry.office, card)
    stored = every_text(registry)
    assert not any(one in stored for one in (made.puk, made.management_key.value.hex(), f'"{made.pin}"'))
    assert (card.puk_sealed, card.management_key_sealed) == (None, None)
    assert registry.office.sealer.open(card.pin_sealed, csn).decode() == made.pin == "123456"
    with pytest.raises(ValueError, match="altered"):
        registry.office.sealer.open(card.pin_sealed, "another chip")


@pytest.mark.rule("ROL-01", "ROL-09")
def test_every_act_names_its_roles_or_leaves_them_to_a_table(small_registry):
    """Deny by default: for each act with roles, whoever holds none of them is refused before anything is read."""
    for kind, act in ACTS.items():
        for role in set(Role) - act.roles if act.roles else ():
            actor = small_registry.account(role)
            command = object.__new__(kind)
            for name in kind.__dataclass_fields__:
                object.__setattr__(command, name, "")
            with pytest.raises(RegistryError) as caught:
                small_registry.do(command, actor)
            assert caught.value.code == "access.denied", (kind, role)


def test_an_act_without_roles_is_decided_by_a_table():
    fired = {command for table in TABLES.values() for command in table.commands.values()}
    for kind, act in ACTS.items():
        assert act.roles or kind in fired, kind


def test_no_command_of_the_performers_is_open_to_people():
    kinds = [
        kind
        for kind in vars(performers).values()
        # What others are built upon is no command itself.
        if is_dataclass(kind) and kind.__module__ == performers.__name__ and not kind.__subclasses__()
    ]
    for kind in kinds:
        assert not act_for(kind).roles & (STAFF_ROLES - {Role.OPERATOR}), kind
        assert not act_for(kind).roles & {Role.APPLICANT, Role.HOLDER}, kind


def test_what_the_log_says_of_a_command_hides_its_secrets():
    said = speak(c.ApproveFirstReview(case_id=1, seen_sha256="ab", password="p"))
    assert said == {"seen_sha256": "ab"}
    assert "user_code" not in speak(c.CheckUserCode(number="1", user_code="p"))
    assert speak(c.ChaseLetter(case_id=1)) == {}
    assert SYSTEM.name == "system"

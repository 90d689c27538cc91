"""Trusted roles are given by two persons: one proposes, another confirms exactly that, and nobody does both (ROL-02, ROL-07)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops.watches import watch_half_life
from tests.workflow.registry import PASSWORD, Registry
from workflow.commands import LogIn
from workflow.commands_of_accounts import EndAccount
from workflow.commands_of_authorities import Hand
from workflow.commands_of_people import AddAccount, ConfirmProposal, ProposeAccount, WithdrawProposal
from workflow.errors import NotAllowed, NotFound, RegistryError, Stale
from workflow.facts import PUBLIC, SYSTEM
from workflow.presence import witness
from workflow.store import schema as t
from workflow.views.accounts import proposals
from workflow.views.watches import open_findings
from workflow.vocabulary import KeyTask, KeyTaskState, Role

NEW = "the new one's own words"


class House:
    """A registry with two administrators, so that it is founded."""

    def __init__(self, registry: Registry, administrators: int = 2) -> None:
        self.registry = registry
        self.ada, *others = (registry.account(Role.ADMINISTRATOR) for _ in range(administrators))
        self.ben = next(iter(others), self.ada)
        self.auditor = registry.account(Role.AUDITOR)

    def add(self, login="olga", role=Role.SECOND_REVIEWER, **more):
        command = AddAccount(login=login, name="甄新人", roles=frozenset({role}), password=NEW, **more)
        return self.registry.do(command, SYSTEM)

    def propose(self, login="olga", role=Role.SECOND_REVIEWER, by=None, password=PASSWORD, **more):
        given = {"name": "甄新人", "password": NEW, "signing_password": password} | more
        command = ProposeAccount(login=login, roles=frozenset({role}), **given)
        return self.registry.do(command, by or self.ada)

    def seen(self, login="olga"):
        with self.registry.office.reading() as connection:
            return next((one.sha256 for one in proposals(connection, login)), "0" * 64)

    def confirm(self, by, login="olga", seen=None, password=PASSWORD):
        command = ConfirmProposal(login=login, seen_sha256=seen or self.seen(login), password=password)
        return self.registry.do(command, by)

    def log_in(self, login="olga"):
        return self.registry.do(LogIn(login=login, password=NEW), PUBLIC).actor

    def findings(self):
        watch_half_life(self.registry.office)
        with self.registry.office.reading() as connection:
            return [one.subject for one in open_findings(connection) if one.code == "account.alone"]


@pytest.fixture
def house(registry):
    return House(registry)


def refused(kind, code):
    return pytest.raises(kind, match=rf"^{code}")


@pytest.mark.rule("ROL-02", "ROL-07")
def test_what_one_administrator_proposed_another_brings_into_force(house):
    house.propose()
    with refused(NotAllowed, "account.login_failed"):
        house.log_in()
    house.confirm(house.ben)
    assert house.log_in().roles == {Role.SECOND_REVIEWER}
    (row,) = house.registry.rows(t.account_proposal)
    assert (row.state, row.password_hash, row.signing_key) == ("confirmed", None, None)
    for one, who in zip(row.signatures, (house.ada, house.ben), strict=True):
        assert one["person"] == who.person_id
        house.registry.office.statements.verify(
            bytes.fromhex(one["spki"]), row.statement.encode(), bytes.fromhex(one["signature"])
        )
    entry = house.registry.rows(t.audit_entry, t.audit_entry.c.kind == "account_added")[-1]
    assert json.loads(entry.body)["signatures"] == row.signatures
    assert NEW not in json.dumps(house.registry.dump(), default=str)


@pytest.mark.rule("ROL-07")
def test_nobody_confirms_what_they_proposed_or_what_is_theirs(house):
    again = house.registry.account(Role.ADMINISTRATOR, person=house.ada.person_id)
    house.propose(role=Role.ADMINISTRATOR, same_person_as=house.ben.name)
    for wrong in (house.ada, again, house.ben):
        with refused(NotAllowed, "account.another_confirms"):
            house.confirm(wrong)
    with refused(NotAllowed, "account.administrators_confirm"):
        house.confirm(house.auditor)
    with refused(NotAllowed, "access.denied"):
        house.confirm(house.registry.officer)
    with refused(NotAllowed, "account.own_role"):
        house.propose("more", Role.ADMINISTRATOR, by=house.ada, same_person_as=again.name)


@pytest.mark.rule("ROL-02")
def test_nobody_gives_a_trusted_role_alone_once_two_administrators_are_there(house):
    for role in (Role.ADMINISTRATOR, Role.SECOND_REVIEWER, Role.AUDITOR, Role.OPERATOR, Role.CONTROLLER):
        with refused(RegistryError, "account.two_people"):
            house.add(role=role)
    house.registry.update(t.account, t.account.c.id == house.ben.account_id, active=False)
    with refused(RegistryError, "account.two_people"):
        house.add()
    assert house.add("tina", Role.HELP_DESK).created_id


def test_a_ceremony_ends_the_founding_too(registry):
    house = House(registry, administrators=1)
    assert house.add("olga").created_id
    now, none = registry.clock.now(), {"plan": "{}", "plan_signatures": []}
    registry.insert(
        t.key_task, task=str(KeyTask.CEREMONY), state=str(KeyTaskState.DONE), authorities="root", mark="m", at=now, **none
    )  # fmt: skip
    with refused(RegistryError, "account.two_people"):
        house.add("otto")


@pytest.mark.rule("ROL-07")
def test_a_role_given_alone_is_an_alarm_until_somebody_else_confirms_it(house):
    house.add(alone_because="both administrators are ill")
    house.add("eve", Role.AUDITOR, alone_because="no auditor is left")
    assert house.log_in()
    assert house.findings() == ["olga", "eve"]
    eve, olga = house.log_in("eve"), house.log_in()
    with refused(NotAllowed, "account.not_confirmed"):
        house.confirm(eve, password=NEW)
    with refused(NotAllowed, "access.denied"):
        house.confirm(olga, "eve", password=NEW)
    for login in ("olga", "eve"):
        with refused(NotAllowed, "account.auditors_review"):
            house.confirm(house.ada, login)
    house.confirm(house.auditor)
    assert house.findings() == ["eve"]
    house.confirm(house.auditor, "eve")
    assert house.findings() == []
    kinds = house.registry.audit_kinds()
    assert (kinds.count("account_added_alone"), kinds.count("account_reviewed")) == (2, 2)


def test_only_what_was_seen_is_confirmed(house):
    house.propose()
    seen = house.seen()
    house.registry.do(WithdrawProposal(login="olga", reason="wrong role"), house.ben)
    with refused(NotFound, "account.not_proposed"):
        house.confirm(house.ben, seen=seen)
    house.propose(role=Role.ADMINISTRATOR)
    with refused(Stale, "account.proposal_differs"):
        house.confirm(house.ben, seen=seen)
    with refused(RegistryError, "account.proposed_already"):
        house.propose()
    assert house.registry.rows(t.account_proposal)[0].signing_key is None


def test_wrong_passwords_of_proposers_count_like_others(house):
    with refused(NotAllowed, "decision.password_wrong"):
        house.propose(password="not it")
    house.propose()
    with refused(NotAllowed, "decision.password_wrong"):
        house.confirm(house.ben, password="not it")
    failed = {row.login: row.failed_log_ins for row in house.registry.rows(t.account)}
    assert (failed[house.ada.name], failed[house.ben.name]) == (1, 1)


@pytest.mark.rule("ROL-03")
def test_roles_that_exclude_each_other_are_asked_for_again_at_the_end(house):
    house.add("tina", Role.HELP_DESK)
    house.propose(same_person_as="tina")
    house.propose("nora", Role.AUDITOR, same_person_as=house.registry.operator.name)
    person = house.registry.rows(t.account, t.account.c.login == "tina")[0].person_id
    house.registry.account(Role.ADMINISTRATOR, person=person)
    with refused(RegistryError, "account.roles_apart"):
        house.confirm(house.ben)
    assert house.confirm(house.ben, "nora").created_id


def test_two_who_confirm_at_once_make_one_account(migrated_postgresql_url):
    registry = Registry(migrated_postgresql_url)
    house = House(registry)
    house.propose()
    cleo, seen = registry.account(Role.ADMINISTRATOR), house.seen()

    def confirm(who):
        try:
            return house.confirm(who, seen=seen).created_id
        except (Stale, NotFound):
            return None

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(confirm, (house.ben, cleo)))
    registry.close()
    assert sum(one is not None for one in made) == 1


def test_whoever_was_made_alone_witnesses_nothing_until_confirmed(house):
    for login, role in (("gus", Role.ADMINISTRATOR), ("hal", Role.ADMINISTRATOR)):
        house.add(login, role, alone_because="a disaster")
    made = [house.log_in(login) for login in ("gus", "hal")]
    hands = tuple(Hand(one.account_id, NEW) for one in made)
    with refused(NotAllowed, "account.not_confirmed"):
        witness(house.registry.office, KeyTask.RETIREMENT, hands, made[0], {})


def test_a_proposal_falls_with_its_proposer(house):
    eve = house.registry.account(Role.ADMINISTRATOR)
    house.propose(by=eve)
    house.registry.do(EndAccount(login=eve.name, reason="left the house"), house.ada)
    with refused(NotAllowed, "account.proposer_gone"):
        house.confirm(house.ben)


@pytest.mark.parametrize("name", ["王\nRoles  none", "王\x1b[8m", "王\u202e明"])
def test_a_name_can_not_write_lines_of_its_own(house, name):
    with refused(RegistryError, "account.name_form"):
        house.propose(name=name)

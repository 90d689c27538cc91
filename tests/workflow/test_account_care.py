"""Accounts that are there: unlocked and ended by another administrator, never by their own person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from workflow import commands as c
from workflow.commands_of_accounts import EndAccount, UnlockAccount
from workflow.errors import BadInput, RegistryError
from workflow.facts import PUBLIC
from workflow.store import schema as t
from workflow.vocabulary import Role

WRONG = "not the password"


def refused(registry, code, command, actor):
    with pytest.raises(RegistryError) as caught:
        registry.do(command, actor)
    assert caught.value.code == code


def account(registry, actor):
    return registry.rows(t.account, t.account.c.login == actor.name)[0]


def locked_out(registry):
    officer = registry.officer
    for _ in range(registry.office.settings.log_in_tries):
        refused(registry, "account.login_failed", c.LogIn(login=officer.name, password=WRONG), PUBLIC)
    return officer


@pytest.mark.rule("AUD-01")
def test_an_administrator_unlocks_an_account_and_says_why(registry):
    administrator, officer = registry.account(Role.ADMINISTRATOR), locked_out(registry)
    registry.do(UnlockAccount(login=officer.name, reason="本人電話確認"), administrator)
    assert (account(registry, officer).locked_until, account(registry, officer).failed_log_ins) == (None, 0)
    refused(
        registry,
        "account.not_locked",
        UnlockAccount(login=officer.name, reason="再一次"),
        administrator,
    )
    assert "本人電話確認" in registry.rows(t.audit_entry, t.audit_entry.c.kind == "account_unlocked")[0].body


@pytest.mark.rule("ROL-09")
def test_an_account_that_is_ended_acts_no_more_and_is_ended_once(registry):
    administrator, officer = registry.account(Role.ADMINISTRATOR), registry.officer
    before = account(registry, officer)
    registry.do(EndAccount(login=officer.name, reason="離職"), administrator)
    after = account(registry, officer)
    assert (after.active, after.session_epoch) == (False, before.session_epoch + 1)
    refused(registry, "account.not_open", EndAccount(login=officer.name, reason="離職"), administrator)


@pytest.mark.rule("ROL-03", "ROL-09")
def test_nobody_ends_an_account_of_their_own_and_only_administrators_end_any(registry):
    administrator = registry.account(Role.ADMINISTRATOR)
    second = registry.account(Role.CARD_CENTRE, person=administrator.person_id)
    for own in (administrator, second):
        refused(registry, "account.own", EndAccount(login=own.name, reason="x"), administrator)
    refused(registry, "access.denied", EndAccount(login=second.name, reason="x"), registry.officer)
    with pytest.raises(BadInput):
        registry.do(EndAccount(login=registry.officer.name, reason="  "), administrator)


@pytest.mark.rule("ROL-02")
def test_two_administrators_are_always_left_however_many_are_ended_at_once(locking_registry):
    registry = locking_registry
    people = [registry.account(Role.ADMINISTRATOR) for _ in range(4)]
    start = Barrier(len(people))

    def end(number):
        start.wait()
        command = EndAccount(login=people[number - 1].name, reason="離職")
        try:
            registry.do(command, people[number])
        except RegistryError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(end, range(len(people))))
    assert answers.count("done") == 2
    assert answers.count("account.last_administrators") == 2
    assert sum(row.active for row in registry.rows(t.account)) == 2

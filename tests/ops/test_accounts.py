"""Accounts are added whole, with their keys and their audit entry, and roles that exclude each other are not mixed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from ops import accounts
from ops.accounts import AccountError, NewAccount
from workflow.commands import LogIn
from workflow.errors import NotAllowed
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.vocabulary import Role

WINDOW = {
    "name": "示範窗口", "agency_code": "A00000000A", "county": "臺北市", "kinds": ["school"], "address": "", "phone": "", "email": "",
}  # fmt: skip


def new(login="lin", roles=(Role.HELP_DESK,), password="twelve letters", window=None):
    return NewAccount(login, "甄測試", frozenset(roles), password, window)


def test_who_was_added_can_log_in_and_the_log_knows(make_office, database_url):
    office = make_office(database_url)
    account_id = accounts.add(office, new())
    actor = handle(office, LogIn(login="lin", password="twelve letters"), PUBLIC).actor
    assert (actor.account_id, actor.roles) == (account_id, {Role.HELP_DESK})
    with pytest.raises(NotAllowed):
        handle(office, LogIn(login="lin", password="another one"), PUBLIC)
    with office.reading() as connection:
        entries = connection.execute(t.audit_entry.select()).all()
    assert entries[0].kind == "account_added"
    assert "twelve letters" not in entries[0].body


def test_a_reviewer_gets_a_key_that_only_the_password_opens(make_office, database_url):
    office = make_office(database_url)
    accounts.load_windows(office, [WINDOW])
    accounts.add(office, new(roles=(Role.FIRST_REVIEWER,), window="示範窗口"))
    with office.reading() as connection:
        row = connection.execute(t.account.select()).one()
    signature = office.statements.sign(row.signing_key, "twelve letters", b"x")
    office.statements.verify(row.signing_spki, b"x", signature)
    assert row.window_id == 1


@pytest.mark.rule("ROL-03")
def test_two_accounts_of_one_person_watch_each_other_as_little_as_one(make_office, database_url):
    office = make_office(database_url)
    accounts.add(office, new(roles=(Role.SECOND_REVIEWER,)))
    for role in (Role.AUDITOR, Role.ADMINISTRATOR, Role.FIRST_REVIEWER):
        window = "示範窗口" if role is Role.FIRST_REVIEWER else None
        with pytest.raises(AccountError, match="never the same person"):
            accounts.add(office, replace(new("lin2", (role,), window=window), same_person_as="lin"))
    accounts.add(office, replace(new("lin2"), same_person_as="lin"))
    with office.reading() as connection:
        people = connection.execute(sa.select(t.account.c.person_id)).scalars().all()
    assert people == [1, 1]
    with pytest.raises(AccountError, match="no account"):
        accounts.add(office, replace(new("lin3"), same_person_as="wang"))


@pytest.mark.rule("ROL-03")
@pytest.mark.parametrize(
    "roles",
    [
        (Role.FIRST_REVIEWER, Role.SECOND_REVIEWER),
        (Role.AUDITOR, Role.ADMINISTRATOR),
        (Role.AUDITOR, Role.SECOND_REVIEWER),
        (Role.AUDITOR, Role.CARD_CENTRE, Role.OPERATOR),
        (Role.ADMINISTRATOR, Role.SECOND_REVIEWER),
    ],
)
def test_no_person_holds_roles_that_watch_each_other(make_office, sqlite_url, roles):
    with pytest.raises(AccountError, match="never the same person"):
        accounts.add(make_office(sqlite_url), new(roles=roles))


@pytest.mark.rule("ROL-03")
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SECOND_REVIEWER, Role.AUDITOR])
def test_each_of_the_three_may_be_an_operator_too(make_office, migrated_sqlite_url, role):
    assert accounts.add(make_office(migrated_sqlite_url), new(roles=(role, Role.OPERATOR)))


@pytest.mark.parametrize(
    "wrong",
    [
        new(login=""), new(login=" lin"), new(login="林"), new(roles=()), new(roles=(Role.SYSTEM,)), new(password="short"),
        new(roles=(Role.FIRST_REVIEWER,)), new(window="示範窗口"),
    ],
)  # fmt: skip
def test_an_account_that_makes_no_sense_is_refused(make_office, sqlite_url, wrong):
    with pytest.raises(AccountError):
        accounts.add(make_office(sqlite_url), wrong)


def test_nobody_gets_two_accounts_of_one_name_or_an_unknown_window(make_office, migrated_sqlite_url):
    office = make_office(migrated_sqlite_url)
    accounts.add(office, new())
    with pytest.raises(AccountError, match="already"):
        accounts.add(office, new())
    with pytest.raises(AccountError, match="no window"):
        accounts.add(office, new("wu", (Role.FIRST_REVIEWER,), window="無此窗口"))

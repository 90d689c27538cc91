"""Accounts are added whole, with their keys and their audit entry, and roles that exclude each other are not mixed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from ops import accounts
from ops.accounts import NewAccount
from tests.ops.test_cli import guanfang
from workflow.commands import LogIn
from workflow.errors import NotAllowed, Refused
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.store import schema as t
from workflow.vocabulary import Role

__all__ = ["guanfang"]
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
        with pytest.raises(Refused, match=r"^account\.roles_apart"):
            accounts.add(office, replace(new("lin2", (role,), window=window), same_person_as="lin"))
    accounts.add(office, replace(new("lin2"), same_person_as="lin"))
    with office.reading() as connection:
        people = connection.execute(sa.select(t.account.c.person_id)).scalars().all()
    assert people == [1, 1]
    with pytest.raises(Refused, match=r"^account\.unknown"):
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
def test_no_person_holds_roles_that_watch_each_other(make_office, migrated_sqlite_url, roles):
    with pytest.raises(Refused, match=r"^account\.roles_apart"):
        accounts.add(make_office(migrated_sqlite_url), new(roles=roles))


@pytest.mark.rule("ROL-03")
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SECOND_REVIEWER, Role.AUDITOR])
def test_each_of_the_three_may_be_an_operator_too(make_office, migrated_sqlite_url, role):
    assert accounts.add(make_office(migrated_sqlite_url), new(roles=(role, Role.OPERATOR)))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (new(roles=()), "roles"), (new(roles=(Role.SYSTEM,)), "roles"), (new(password="short"), "password_short"),
        (new(roles=(Role.FIRST_REVIEWER,)), "window"), (new(window="示範窗口"), "window"),
        (replace(new(), name=" "), "name_missing"),
        *((new(login=login), "login_form") for login in ("", " lin", "林", "../lin", "lin/a", "-lin", "a b", "l" * 65, "lin\n")),
    ],
)  # fmt: skip
def test_an_account_that_makes_no_sense_is_refused_by_code(make_office, migrated_sqlite_url, wrong, code):
    office = make_office(migrated_sqlite_url)
    with pytest.raises(Refused) as refusal:
        accounts.add(office, wrong)
    assert refusal.value.code == f"account.{code}"
    assert refusal.value.zh
    assert refusal.value.en


def test_a_login_may_be_like_an_address(make_office, migrated_sqlite_url):
    assert accounts.add(make_office(migrated_sqlite_url), new(login="Lin-2_a.b@moi.gov.tw"))


def test_nobody_gets_two_accounts_of_one_name_or_an_unknown_window(make_office, migrated_sqlite_url):
    office = make_office(migrated_sqlite_url)
    accounts.add(office, new())
    with pytest.raises(Refused, match=r"^account\.login_taken"):
        accounts.add(office, new())
    with pytest.raises(Refused, match=r"^account\.window_unknown"):
        accounts.add(office, new("wu", (Role.FIRST_REVIEWER,), window="無此窗口"))


def test_the_command_proposes_shows_and_confirms(guanfang, migrated_sqlite_url):
    url, words = migrated_sqlite_url, "twelve letters\n"
    for login in ("ada", "ben"):
        made = guanfang(
            "accounts",
            "add",
            login,
            "--name",
            login,
            "--role",
            "administrator",
            "--password-stdin",
            url=url,
            stdin=words,
        )
        assert made.exit_code == 0, made.output
    new = ("--name", "甄新人", "--role", "second_reviewer", "--password-stdin")
    alone = guanfang("accounts", "add", "olga", *new, url=url, stdin=words)
    assert (alone.exit_code, "guanfang accounts propose olga" in alone.output) == (1, True)
    proposed = guanfang(
        "accounts", "propose", "olga", *new, "--as", "ada", url=url, stdin=words + "another of twelve\n"
    )
    assert proposed.exit_code == 0, proposed.output
    (shown,) = re.findall(r"Fingerprint +([0-9a-f]{64})", guanfang("accounts", "proposals", url=url).output)
    by_ben = ("accounts", "confirm", "olga", "--as", "ben", "--password-stdin")
    assert shown in guanfang(*by_ben, url=url).output
    assert "olga" not in guanfang("accounts", "list", url=url).output
    other = guanfang(*by_ben, "--fingerprint", "0" * 64, url=url, stdin=words)
    assert (other.exit_code, "not the one you saw" in other.output) == (1, True)
    assert guanfang(*by_ben, "--fingerprint", shown, url=url, stdin=words).exit_code == 0
    assert "olga" in guanfang("accounts", "list", url=url).output
    assert guanfang(*by_ben, url=url).exit_code == 1
    taken_back = guanfang(
        "accounts",
        "withdraw",
        "olga",
        "--reason",
        "x",
        "--as",
        "ada",
        "--password-stdin",
        url=url,
        stdin=words,
    )
    assert taken_back.exit_code == 1

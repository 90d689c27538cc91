from __future__ import annotations

import json

import pytest

from workflow.acts.tokens import PREFIX
from workflow.commands_of_repository import AddApiToken, AdmitApiToken, ConfirmApiToken, RevokeApiToken
from workflow.errors import BadInput, NotAllowed, NotProven, Refused
from workflow.facts import PUBLIC
from workflow.store import schema as t
from workflow.views.tokens import TokenState, tokens
from workflow.vocabulary import ApiScope, Role


@pytest.fixture
def administrator(registry):
    return registry.account(Role.ADMINISTRATOR)


@pytest.fixture
def make(registry, administrator):
    def add(name="caller", *scopes, days=30):
        command = AddApiToken(name=name, scopes=scopes or (ApiScope.READ,), days=days)
        return registry.do(command, administrator).secret

    return add


def admit(registry, token, scope=ApiScope.READ):
    return registry.do(AdmitApiToken(token=token, scope=scope), PUBLIC).actor


def states(registry):
    with registry.office.reading() as connection:
        return {one.name: one.state for one in tokens(connection, registry.clock.now())}


def test_a_token_lets_its_caller_in_and_is_stored_nowhere(registry, make):
    token = make()
    assert token.startswith(PREFIX)
    who = admit(registry, token)
    assert (who.name, who.channel) == ("token:caller", "api")
    assert token not in json.dumps(registry.dump(), default=str)
    assert registry.rows(t.api_token)[0].last_used_at == registry.clock.now()


def test_its_use_is_noted_at_most_once_a_minute(registry, make):
    token = make()
    for _ in range(3):
        admit(registry, token)
    registry.clock.move(minutes=1)
    admit(registry, token)
    assert registry.audit_kinds().count("api_token_used") == 2


def test_a_token_that_submits_waits_for_another_person(registry, make, administrator):
    token = make("submitter", ApiScope.SUBMIT)
    with pytest.raises(NotProven):
        admit(registry, token, ApiScope.SUBMIT)
    same = registry.account(Role.SECOND_REVIEWER, person=administrator.person_id)
    with pytest.raises(NotAllowed, match="four_eyes"):
        registry.do(ConfirmApiToken(name="submitter"), same)
    with pytest.raises(NotAllowed):
        registry.do(ConfirmApiToken(name="submitter"), administrator)
    assert states(registry) == {"submitter": TokenState.UNCONFIRMED}
    registry.do(ConfirmApiToken(name="submitter"), registry.officer)
    assert admit(registry, token, ApiScope.SUBMIT).name == "token:submitter"
    with pytest.raises(Refused, match="settled"):
        registry.do(ConfirmApiToken(name="submitter"), registry.officer)


def test_wrong_expired_and_revoked_tokens_are_answered_alike(registry, make, administrator):
    expired, revoked = make("old", days=1), make("gone")
    registry.do(RevokeApiToken(name="gone", reason="外洩"), administrator)
    registry.clock.move(days=1)
    for token in (expired, revoked, "gft_guess", ""):
        with pytest.raises(NotProven, match=r"token\.refused"):
            admit(registry, token)
    assert states(registry) == {"old": TokenState.EXPIRED, "gone": TokenState.REVOKED}
    assert registry.audit_kinds().count("refused") == 4


def test_a_token_opens_only_its_own_scope(registry, make):
    with pytest.raises(NotAllowed, match=r"token\.scope"):
        admit(registry, make(), ApiScope.SUBMIT)


@pytest.mark.parametrize(("name", "days"), [("X", 1), ("name with blank", 1), ("ok", 0), ("ok", 400)])
def test_a_token_without_a_plain_name_and_an_end_is_refused(registry, administrator, name, days):
    with pytest.raises(BadInput):
        registry.do(AddApiToken(name=name, scopes=(ApiScope.READ,), days=days), administrator)


def test_names_are_used_once_and_only_administrators_make_tokens(registry, make):
    make()
    with pytest.raises(Refused, match="name_taken"):
        make()
    with pytest.raises(NotAllowed):
        registry.do(AddApiToken(name="mine", scopes=(ApiScope.READ,), days=1), registry.officer)

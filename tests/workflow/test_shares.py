"""Shares of the keys' secret: who may make, hold, hand in and use them, and what the audit log says of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.workflow.shares import PASSPHRASE, Sharing
from workflow.commands_of_shares import Resealed
from workflow.errors import NotAllowed, Refused, RegistryError
from workflow.store import schema as t
from workflow.vocabulary import Role


@pytest.fixture
def sharing(small_registry):
    return Sharing(small_registry)


def refused(code: str):
    return pytest.raises(RegistryError, match=code.replace(".", r"\."))


def audited(sharing: Sharing, kind: str) -> list[dict]:
    return [json.loads(row.body) for row in sharing.registry.rows(t.audit_entry) if row.kind == kind]


@pytest.mark.rule("ROL-02")
def test_a_secret_is_split_by_two_administrators_an_auditor_and_a_controller(sharing):
    sealed = sharing.split()
    with refused("people.missing"):
        sharing.keep(sealed, *sharing.keepers[:3])
    with pytest.raises(NotAllowed):
        sharing.keep(sealed, *sharing.officers, sharing.controller)
    sharing.keep(sealed)
    (said,) = audited(sharing, "shares_made")
    assert said["holders"] == {str(n): one.name for n, one in enumerate(sharing.officers, 1)}
    assert len(said["signatures"]) == 4


def test_holders_are_officers_and_each_another_person(sharing):
    first, second, third = sharing.officers
    twin = sharing.registry.account(Role.SECOND_REVIEWER, person=first.person_id)
    operator = sharing.registry.account(Role.OPERATOR)
    for holders in ([first, second, twin], [first, second, operator], [first, second, second]):
        with refused("share.holders"):
            sharing.keep(sharing.split(), holders=holders)
    assert third


@pytest.mark.rule("ROL-08")
def test_a_replaced_set_opens_nothing_and_keeps_no_share(sharing):
    old, new = sharing.split(), sharing.split()
    before = sharing.keep(old)
    with refused("share.set_in_force"):
        sharing.keep(new)
    with refused("share.changed_meanwhile"):
        sharing.keep(new, replaces="0" * 32)
    sharing.keep(new, replaces=before)
    assert [bool(row.sealed) for row in sharing.registry.rows(t.key_share)] == [False] * 3 + [True] * 3
    with refused("share.old"):
        sharing.give(old[0], sharing.officers[0], medium=True)
    with refused("share.old"):
        sharing.activate(before, 1, 2)
    sharing.give(new[0], sharing.officers[0])


def test_keys_go_under_a_new_secret_all_or_none(sharing):
    names = ("gca", "xca")
    for name in names:
        sharing.registry.insert(
            t.authority,
            name=name,
            certificate=b"c",
            sealed_key=b"old",
            generation=1,
            state="active",
            at=sharing.registry.clock.now(),
        )
    sealed = sharing.split()
    one = Resealed("gca", b"old", b"new")
    for wrong in ((one,), (one, Resealed("xca", b"older", b"new"))):
        with refused("share.changed_meanwhile"):
            sharing.keep(sealed, resealed=wrong)
    assert [row.sealed_key for row in sharing.registry.rows(t.authority)] == [b"old", b"old"]
    assert not sharing.registry.rows(t.share_set)
    sharing.keep(sealed, resealed=(one, Resealed("xca", b"old", b"new")))
    assert [row.sealed_key for row in sharing.registry.rows(t.authority)] == [b"new", b"new"]


def test_who_gave_which_share_is_written_down_and_so_is_each_refusal(sharing):
    sealed = sharing.split()
    sharing.keep(sealed)
    sharing.give(sealed[0], sharing.officers[0])
    (said,) = audited(sharing, "key_share_given")
    assert (said["actor"], said["number"]) == (sharing.officers[0].name, 1)
    with refused("share.passphrase"):
        sharing.give(sealed[1], sharing.officers[1], PASSPHRASE + "!")
    with refused("share.not_yours"):
        sharing.give(sealed[1], sharing.officers[0])
    with refused("access.denied"):
        sharing.give(sealed[1], sharing.controller)
    codes = [one["code"] for one in audited(sharing, "refused")]
    assert codes == ["share.passphrase", "share.not_yours", "access.denied"]
    log = "".join(row.body for row in sharing.registry.rows(t.audit_entry))
    assert PASSPHRASE not in log
    assert sealed[0].to_text() not in log


def test_a_share_on_a_medium_is_told_from_a_foreign_and_a_changed_one(sharing):
    sealed, foreign = sharing.split(), sharing.split()
    sharing.keep(sealed)
    sharing.give(sealed[0], sharing.officers[0], medium=True)
    with refused("share.unknown"):
        sharing.give(foreign[0], sharing.officers[0], medium=True)
    with refused("share.passphrase"):
        sharing.give(replace(sealed[0], holder="somebody"), sharing.officers[0], medium=True)


@pytest.mark.rule("ROL-02", "ROL-07")
def test_keys_are_activated_by_two_officers_and_a_controller(sharing):
    set_id = sharing.keep(sharing.split())
    first, second, third = sharing.officers
    twin = sharing.registry.account(Role.SECOND_REVIEWER, person=first.person_id)
    administrators = sharing.keepers[:2]
    for people, code in (
        ((first, sharing.controller), "people.missing"),
        ((first, second), "people.missing"),
        ((first, twin, sharing.controller), "people.twice"),
        ((first, first, sharing.controller), "people.twice"),
        ((*administrators, sharing.controller), "access.denied"),
    ):
        with refused(code):
            sharing.activate(set_id, 1, 2, people=people)
    assert not audited(sharing, "keys_activated")
    sharing.activate(set_id, 2, 3, people=(second, third, sharing.controller))
    (said,) = audited(sharing, "keys_activated")
    assert said["shares"] == {"2": second.name, "3": third.name}
    assert len(said["signatures"]) == 3


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ((1,), "share.too_few"),
        ((1, 1), "share.repeated"),
        ((1, 3), "share.not_yours"),
        ((1, 9), "share.not_yours"),
    ],
)
def test_an_activation_counts_only_shares_of_those_present(sharing, numbers, code):
    set_id = sharing.keep(sharing.split())
    with refused(code):
        sharing.activate(set_id, *numbers)


def test_an_unknown_set_activates_nothing(sharing):
    with refused("share.unknown"):
        sharing.activate("0" * 32, 1, 2)


@pytest.mark.rule("ROL-02")
def test_keys_are_deactivated_by_as_many(sharing):
    with refused("people.missing"):
        sharing.deactivate(sharing.officers[0], sharing.controller)
    sharing.deactivate(*sharing.officers[:2], sharing.controller)
    (said,) = audited(sharing, "keys_deactivated")
    assert said["reason"] == "a drill"
    with pytest.raises(Refused, match="twice"):
        sharing.deactivate(sharing.officers[0], sharing.officers[0], sharing.controller)

"""A CA's certificates come from its newest key in use, and stay with the key that signed them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.workflow import batches
from tests.workflow.people import hands, key_workers
from workflow.authorities import current, serving, working
from workflow.commands_of_authorities import BeginKeyTask, EstablishAuthorities, NewAuthority
from workflow.commands_of_performers import RecordAuthority
from workflow.errors import NotFound, Refused, Unavailable
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.views.authorities import authorities
from workflow.vocabulary import AuthorityState, Ca, KeyTask

A = t.authority.c


@pytest.fixture
def established(registry):
    batches.establish(registry.office)
    return registry


def _second_generation(registry):
    (first,) = registry.rows(t.authority, A.name == "gca")
    values = first._asdict() | {"name": "gca-g2", "generation": 2}
    registry.insert(t.authority, **{name: value for name, value in values.items() if name != "id"})


def test_the_newest_generation_issues_and_the_older_one_goes_on_serving(established):
    _second_generation(established)
    assert current(established.office, Ca.GCA) == "gca-g2"
    assert current(established.office, Ca.XCA) == "xca"
    assert serving(established.office) == ("gca", "gca-g2", "xca", "moica")


def test_a_retired_key_serves_and_a_destroyed_one_does_not(established):
    _second_generation(established)
    established.update(t.authority, A.name == "gca", state=str(AuthorityState.RETIRED))
    assert serving(established.office, Ca.GCA) == ("gca", "gca-g2")
    established.update(t.authority, A.name == "gca", state=str(AuthorityState.DESTROYED), sealed_key=None)
    assert serving(established.office, Ca.GCA) == ("gca-g2",)
    with pytest.raises(LookupError, match="gca"):
        working(established.office, "gca")


def test_a_ca_has_each_generation_once(established):
    _second_generation(established)
    (row,) = established.rows(t.authority, A.name == "gca-g2")
    with pytest.raises(sa.exc.IntegrityError):
        established.insert(t.authority, **(row._asdict() | {"id": 99, "name": "gca-again"}))


def test_a_key_that_is_kept_out_of_reach_is_said_in_words(established):
    elsewhere = {"sealed_key": None, "key_reference": "pkcs11:token=away;id=%01"}
    established.update(t.authority, A.name == "gca", **elsewhere)
    with pytest.raises(Unavailable, match="gca"):
        working(established.office, "gca")


def test_the_list_of_authorities_says_where_keys_are_and_shows_none(established):
    with established.office.reading() as connection:
        lines = {one.name: one for one in authorities(connection)}
    assert {one.place for one in lines.values()} == {"software"}
    assert "OU=(示範) 政府憑證管理中心" in lines["gca"].subject
    (row,) = established.rows(t.authority, A.name == "gca")
    assert bytes(row.sealed_key) not in repr(lines).encode()


@pytest.mark.rule("ROL-02")
def test_real_authorities_come_out_of_a_ceremony_alone(small_registry):
    batches.establish(small_registry.office)
    rows = small_registry.rows(t.authority)
    made = tuple(NewAuthority(row.name, row.certificate, sealed_key=row.sealed_key) for row in rows)
    office = small_registry.office
    real = replace(office, settings=replace(office.settings, test_assurance=False))
    small_registry.office = real
    with pytest.raises(Refused, match="ca ceremony"):
        small_registry.do(EstablishAuthorities(authorities=made), SYSTEM)
    with pytest.raises(Refused, match="ca ceremony"):
        small_registry.do(RecordAuthority(name="xca", certificate=b"another", sealed_key=b"another"), SYSTEM)
    assert small_registry.rows(t.authority) == rows


def _at_once(registry, *asked):
    """Let all do at the same time what they ask; returns the codes of their refusals, None for what was done."""

    def attempt(one):
        try:
            registry.do(*one)
        except Refused as refusal:
            return refusal.code
        return None

    with ThreadPoolExecutor(len(asked)) as pool:
        return set(pool.map(attempt, asked))


def test_of_two_who_make_a_demonstrations_authorities_one_has_made_them(locking_registry):
    made = EstablishAuthorities(authorities=(NewAuthority("gca", b"1", Ca.GCA), NewAuthority("root", b"2")))
    said = _at_once(locking_registry, (made, SYSTEM), (made, SYSTEM))
    assert said == {None, "authority.established"}
    assert [row.name for row in locking_registry.rows(t.authority)] == ["gca", "root"]


def test_a_ceremonys_rows_are_not_overwritten_by_whoever_comes_second(locking_registry):
    """A ceremony is begun and a demonstration's authorities are stored at the same time: one of them is refused."""
    people = key_workers(locking_registry)
    begin = BeginKeyTask(task=KeyTask.CEREMONY, authorities=("root",), plan="{}", hands=hands(*people))
    made = EstablishAuthorities(authorities=(NewAuthority("root", b"a demonstration's"),))
    said = _at_once(locking_registry, (begin, people[0]), (made, SYSTEM))
    assert said in ({None, "authority.established"}, {None, "authority.task_open"})
    assert len(locking_registry.rows(t.authority)) + len(locking_registry.rows(t.key_task)) == 1


def test_an_offline_roots_responder_is_recorded_and_renewed(established):
    command = RecordAuthority(name="ocsp:root", certificate=b"first", sealed_key=b"its key")
    for one in (command, replace(command, certificate=b"second")):
        established.do(one, SYSTEM)
    (row,) = established.rows(t.authority, A.name == "ocsp:root")
    assert (row.certificate, row.ca) == (b"second", None)
    with pytest.raises(NotFound):
        established.do(replace(command, name="ocsp:nobody"), SYSTEM)

"""A CA's certificates come from its newest key in use, and stay with the key that signed them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.workflow import batches
from workflow.authorities import current, serving, working
from workflow.commands_of_performers import RecordAuthority
from workflow.errors import Unavailable
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.views.authorities import authorities
from workflow.vocabulary import AuthorityState, Ca

A = t.authority.c


@pytest.fixture
def established(registry):
    batches.establish(registry.office)
    return registry


def _second_generation(registry):
    (first,) = registry.rows(t.authority, A.name == "gca")
    command = RecordAuthority(
        name="gca-g2", ca=Ca.GCA, generation=2, certificate=first.certificate, sealed_key=first.sealed_key
    )
    registry.do(command, SYSTEM)


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

"""After a restore the numbers of lists rise on from what relying parties have seen, and nobody lowers them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.ops.test_cli import guanfang
from tests.ops.test_cli_crls import lists
from tests.workflow.lists import XCA
from workflow.acts.crls import MOST
from workflow.commands_of_performers import LiftCrlNumber
from workflow.errors import BadInput, NotAllowed, NotFound
from workflow.facts import Actor
from workflow.store import schema as t
from workflow.vocabulary import Role

__all__ = ["guanfang", "lists"]
OPERATOR = Actor(name="op", roles=frozenset({Role.OPERATOR}))


def published_and_lost(lists, path):
    """Publish three times, keep the last list as a mirror does, and go back to the first."""
    for _ in range(3):
        lists.publish()
    path.write_bytes(lists.newest().public_bytes(Encoding.DER))
    with lists.engine.begin() as connection:
        connection.execute(sa.delete(t.crl).where(t.crl.c.number > 1))
    lists.update(t.counter, t.counter.c.name == f"crl:{XCA}", value=1)
    return path


@pytest.mark.rule("CRL-01")
def test_numbers_rise_on_from_a_published_list(guanfang, lists, tmp_path):
    kept = published_and_lost(lists, tmp_path / "kept.crl")
    words = ("crl", "lift", "--authority", XCA, "--list", kept)
    dry = guanfang(*words, url=lists.url)
    assert dry.exit_code == 0, dry.output
    assert "Add --yes" in dry.output
    assert lists.rows(t.counter, t.counter.c.name == f"crl:{XCA}")[0].value == 1
    done = guanfang(*words, "--yes", url=lists.url)
    assert done.exit_code == 0, done.output
    # The lists that are out are older than what was seen, so all are asked for anew.
    assert lists.rows(t.outbox)[-1].payload == {"ca": XCA, "whole": True}
    assert lists.publish() == 4
    assert "nothing to lift" in guanfang(*words, "--yes", url=lists.url).output


def test_a_list_of_somebody_else_lifts_nothing(guanfang, lists, tmp_path):
    other = tmp_path / "other.crl"
    lists.publish()
    other.write_bytes(lists.newest().public_bytes(Encoding.DER)[:-1] + b"\0")
    said = guanfang("crl", "lift", "--authority", XCA, "--list", other, "--yes", url=lists.url)
    assert said.exit_code == 1
    assert "is no list of xca" in said.output
    assert guanfang("crl", "lift", "--authority", XCA, "--yes", url=lists.url).exit_code == 2
    said = guanfang("crl", "lift", "--authority", XCA, "--to", MOST + 1, "--yes", url=lists.url)
    assert said.exit_code == 1
    assert f"above: 清冊編號須為 1 至 {MOST}" in said.output
    assert guanfang("crl", "lift", "--authority", "no", "--to", "9", "--yes", url=lists.url).exit_code == 1


@pytest.mark.rule("CRL-01")
def test_a_dry_run_promises_nothing_for_an_authority_that_is_none(guanfang, lists):
    said = guanfang("crl", "lift", "--authority", "nobody", "--to", "9", url=lists.url)
    assert (said.exit_code, "no authority called 'nobody'" in said.output) == (1, True)


def test_a_number_is_never_lowered(lists):
    lists.publish()
    assert lists.do(LiftCrlNumber(authority=XCA, above=9), OPERATOR).created_id == 9
    assert lists.do(LiftCrlNumber(authority=XCA, above=2), OPERATOR).created_id == 9
    assert lists.publish() == 10


def test_only_an_operator_lifts_and_never_beyond_what_the_books_can_hold(lists):
    for above in (0, MOST + 1):
        with pytest.raises(BadInput):
            lists.do(LiftCrlNumber(authority=XCA, above=above), OPERATOR)
    with pytest.raises(NotFound):
        lists.do(LiftCrlNumber(authority=f"ocsp:{XCA}", above=9), OPERATOR)
    clerk = Actor(name="clerk", roles=frozenset({Role.LETTER_CLERK}))
    with pytest.raises(NotAllowed):
        lists.do(LiftCrlNumber(authority=XCA, above=9), clerk)

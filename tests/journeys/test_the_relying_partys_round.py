"""A relying party's round over a house with cards finds nothing, and finds each fault that is planted in what it fetches."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.monitor import look_around, watch_publication
from ops.monitor.judging import Bar, judge
from ops.monitor.targets import Kind, known
from ops.watches import watch_half_life, watch_sample, watch_weak_keys
from ops.worker import run_once
from pki.keys import KeyKind
from tests.watching.planted import Pages, as_pem, redirected, with_a_flipped_bit
from tests.workflow.people import hands, key_workers
from tests.workflow.registry import Registry
from tests.workflow.test_root_rollover import NO_COPY, Crier
from workflow.ceremonies import hold
from workflow.commands_of_performers import PublishCrl
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.rollover import planned, roll_over
from workflow.root_rollover import planned_root
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.views.watches import open_findings
from workflow.vocabulary import Ca, StatusChange
from workflow.watching.reconciling import reconcile

on_sqlite = pytest.mark.parametrize("registry", ["sqlite"], indirect=True)


class Later:
    """A clock that runs ahead of another."""

    def __init__(self, clock, **by) -> None:
        self._clock, self._by = clock, timedelta(**by)

    def now(self):
        return self._clock.now() + self._by


def codes(seen):
    return {complaint.code for one in seen for complaint in one.complaints}


@pytest.fixture
def case_id(walk, house):
    filed, _, _ = walk.activated(Ca.XCA)
    run_once(house.office)
    with house.office.reading() as connection:
        return connection.execute(t.case.select().where(t.case.c.number == filed.number)).one().id


@pytest.fixture
def pages(case_id, house):
    del case_id
    return Pages(house)


def test_nothing_is_wrong_with_a_healthy_house(pages, house, case_id):
    seen = watch_publication(house.office, get=pages)
    assert codes(seen) == set()
    assert {one.target.kind for one in seen} == set(Kind)
    assert {one.target.authority for one in seen} == {"root", "gca", "xca", "moica"}
    assert watch_half_life(house.office) == watch_weak_keys(house.office) == watch_sample(house.office) == 0
    assert reconcile(house.office).found == ()
    with transaction(house.office) as work:
        work.change_certificates(case_id, StatusChange.SUSPEND, "holder")
    run_once(house.office)
    assert reconcile(house.office).found == ()


@on_sqlite
def test_two_roots_and_their_links_are_part_of_the_round(pages, house, registry):
    roll_root_and_authority(house, registry)
    run_once(house.office)
    seen = watch_publication(house.office, get=pages)
    assert codes(seen) == set()
    asked = {(one.target.kind, one.target.authority) for one in seen}
    assert {(kind, root) for kind in Kind for root in ("root", "root-g2")} <= asked
    assert reconcile(house.office).found == ()
    link, crl = "root-g2/Certs/root-g2-by-root.crt", "root-g2/CRL2/complete.crl"
    pages.tampering = {link: with_a_flipped_bit, crl: as_pem}
    wrong = [one for one in look_around(house.office, get=pages) if one.complaints]
    found = {one.target.url.rpartition("repository/")[2]: codes([one]) for one in wrong}
    assert found == {link: {"certificate.other", "chain"}, crl: {"pem"}}


def roll_root_and_authority(house, registry):
    crew = Registry(registry[0])
    people = key_workers(crew)
    crew.close()
    script = planned_root(house.office, KeyKind.P256, 30, NO_COPY)
    hold(house.office, script, hands(*people), people[0], Crier())
    roll_over(house.office, planned(house.office, Ca.XCA, KeyKind.P256), hands(*people), people[0])


@on_sqlite
@pytest.mark.rule("CRL-01", "CRL-05")
def test_each_planted_fault_is_found(pages, house, case_id):
    """One house for all of them, since a house takes longer to furnish than to look at."""
    what_is_served_wrongly(pages, house)
    what_is_not_renewed(pages, house)
    what_ocsp_says_of_the_revoked_and_the_never_issued(pages, house, case_id)


def what_is_served_wrongly(pages, house):
    look_around(house.office, get=pages)
    old = next(one for url, one in pages.kept.items() if url.endswith("gca/CRL2/CRL_0001.crl"))
    handle(house.office, PublishCrl(authority="gca"), SYSTEM)
    pages.tampering = {
        "xca.crt": as_pem,
        "moica/CRL2/complete.crl": redirected,
        "xca/CRL2/complete.crl": with_a_flipped_bit,
        "gca/CRL2/CRL_0001.crl": lambda _: old,
        "root/Certs/IssuedToThisCA.p7b": lambda got: replace(got, media_type="text/html"),
    }
    seen = watch_publication(house.office, get=pages)
    found = {
        (one.target.url.rpartition("repository/")[2], said.code) for one in seen for said in one.complaints
    }
    assert found == {
        ("xca/Certs/xca.crt", "pem"),
        ("moica/CRL2/complete.crl", "redirect"),
        ("xca/CRL2/complete.crl", "crl.unsound"),
        ("gca/CRL2/CRL_0001.crl", "crl.number"),
        ("root/Certs/IssuedToThisCA.p7b", "media_type"),
    }
    with house.office.reading() as connection:
        assert len(open_findings(connection)) == len(found)
    pages.tampering = {}
    watch_publication(house.office, get=pages)
    with house.office.reading() as connection:
        assert not open_findings(connection)


def what_is_not_renewed(pages, house):
    at_noon = replace(house.office, clock=Later(house.office.clock, hours=13))
    assert codes(look_around(at_noon, get=pages)) == {"crl.half_life", "ocsp.stale"}
    next_week = replace(house.office, clock=Later(house.office.clock, days=4))
    assert codes(look_around(next_week, get=pages)) == {"crl.stale", "ocsp.stale", "responder.half_life"}


def what_ocsp_says_of_the_revoked_and_the_never_issued(pages, house, case_id):
    pages.kept.clear()
    with transaction(house.office) as work:
        work.change_certificates(case_id, StatusChange.REVOKE, "card_spoiled")
    run_once(house.office)
    assert codes(look_around(house.office, get=pages)) == set()
    with house.office.engine.begin() as connection:
        connection.execute(
            t.certificate.update().where(t.certificate.c.case_id == case_id).values(status="valid")
        )
    seen = look_around(house.office, get=pages)
    assert codes(seen) == {"ocsp.disagrees"}
    asked = next(one.target for one in seen if one.complaints)
    bar = Bar(known(house.office).certificates, house.office.clock.now())
    never = replace(asked, certificate=None)
    assert {said.code for said in judge(never, pages.kept[asked.url], bar)} >= {"ocsp.never_issued"}

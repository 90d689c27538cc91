"""Random walks of each case kind: what must always hold holds after every step, on both databases."""

from __future__ import annotations

import shutil
from collections import defaultdict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.workflow.batches import Batches, items, submission, work_certificates
from tests.workflow.registry import PASSWORD, Registry
from tests.workflow.walking import (
    APPLICATION_TRIGGERS,
    REQUEST_TRIGGERS,
    RESET_TRIGGERS,
    Walk,
    empty,
    numbers,
)
from workflow import commands as c
from workflow import commands_of_requests as r
from workflow.errors import RegistryError
from workflow.facts import PUBLIC
from workflow.store import schema as t
from workflow.vocabulary import Ca, Rank

# A walk takes the time of many examples of other tests, and on PostgreSQL more than on SQLite.
_USUAL = settings.default.max_examples
MODEST = settings(max_examples=_USUAL // 5, stateful_step_count=30)
ONCE = settings(max_examples=_USUAL // 12, stateful_step_count=30)
# A batch is linted and signed in each walk.
FEW = settings(max_examples=_USUAL // 25, stateful_step_count=10)


class ApplicationWalk(Walk):
    """Applications of two organisations of each CA."""

    @initialize()
    def register(self):
        self.organisations = {ca: [self.registry.organisation(ca) for _ in range(2)] for ca in Ca}

    @rule(
        ca=st.sampled_from([Ca.GCA, Ca.XCA, Ca.XCA, Ca.MOICA]),
        which=st.booleans(),
        rank=st.sampled_from(Rank),
    )
    def apply(self, ca, which, rank):
        command = self.registry.application(ca, rank=rank, organisation_id=self.organisations[ca][which])
        try:
            self.cases.append(self.registry.do(command, PUBLIC).case_id)
        except RegistryError as refusal:
            self.last = refusal.code

    @precondition(lambda self: self.cases)
    @rule(number=numbers, trigger=st.sampled_from(APPLICATION_TRIGGERS), who=numbers, choice=numbers)
    def meddle(self, number, trigger, who, choice):
        self._do(self.pick(number), trigger, self.people[who % len(self.people)], choice)


class ResetWalk(Walk):
    """Resets of one card of each CA, activated or still in the post."""

    @initialize(states=st.tuples(*[st.sampled_from(["posted", "activated"])] * 2))
    def make_cards(self, states):
        self.cards = [
            self.registry.a_case(state, ca) for state, ca in zip(states, (Ca.GCA, Ca.XCA), strict=True)
        ]

    @rule(which=st.booleans())
    def request(self, which):
        card = self.cards[which]
        try:
            self.cases.append(self.registry.do(self.registry.request(card), PUBLIC).case_id)
        except RegistryError as refusal:
            self.last = refusal.code

    @precondition(lambda self: self.cases)
    @rule(number=numbers, trigger=st.sampled_from(RESET_TRIGGERS), who=numbers, choice=numbers)
    def meddle(self, number, trigger, who, choice):
        self._do(self.pick(number), trigger, self.people[who % len(self.people)], choice)

    @rule(which=st.booleans(), choice=numbers)
    def touch_the_card(self, which, choice):
        """Let the late holder in, or try to activate."""
        card = self.cards[which]
        for trigger, actor in (
            ("allow_late_activation", self.registry.officer),
            ("begin_activation", PUBLIC),
        ):
            self._do(card, trigger, actor, choice)
        self._do(card, "activate", self.people[1], choice)

    @precondition(lambda self: self.cases)
    @rule(number=numbers)
    def lose_the_paper(self, number):
        self.attempt(c.LapsePaper(case_id=self.pick(number)), self.people[1])


class RequestWalk(Walk):
    """Batches of signing requests, sound and unsound, submitted, edited, decided and issued by anybody who tries."""

    @initialize()
    def establish(self):
        self.batches = Batches(self.registry)
        self.people += [self.batches.first, self.batches.second]
        self.keys = 0

    def _items(self, number, *, bad):
        rubbish = (r.RequestedItem(label="rubbish", csr=b"no request"),) if bad else ()
        # Few keys, so that they are used again and again.
        return (*items(number % 5, (number + 1) % 5), *rubbish)

    @rule(number=numbers, who=numbers, bad=st.booleans())
    def submit(self, number, who, bad):
        command = submission(self.registry, *self._items(number, bad=bad))
        try:
            self.cases.append(self.registry.do(command, self.people[who % len(self.people)]).case_id)
        except RegistryError as refusal:
            self.last = refusal.code

    @precondition(lambda self: self.cases)
    @rule(number=numbers, trigger=st.sampled_from(REQUEST_TRIGGERS), who=numbers, choice=numbers)
    def meddle(self, number, trigger, who, choice):
        self._do(self.pick(number), trigger, self.people[who % len(self.people)], choice)

    @precondition(lambda self: self.cases)
    @rule(number=numbers, who=numbers, bad=st.booleans())
    def edit(self, number, who, bad):
        command = r.AmendCertificateRequest(case_id=self.pick(number), items=self._items(number, bad=bad))
        self.attempt(command, self.people[who % len(self.people)])

    @rule()
    def work(self):
        work_certificates(self.registry.office)

    @precondition(lambda self: self.cases)
    @rule(number=numbers)
    def bring_on(self, number):
        """Examine and approve as two good officers would, so that walks come to certificates."""
        case_id = self.pick(number)
        self.attempt(r.ExamineRequest(case_id=case_id), self.people[1])
        seen = {"seen_sha256": self.registry.case(case_id).snapshot_sha256, "password": PASSWORD}
        self.attempt(r.ApproveRequest(case_id=case_id, **seen), self.batches.first)
        self.attempt(r.ConfirmRequest(case_id=case_id, **seen), self.batches.second)

    @invariant()
    def certificates_have_two_approvals_by_others_over_what_was_issued(self):
        decided = defaultdict(list)
        for one in self.registry.rows(t.review_decision, t.review_decision.c.voided_at.is_(None)):
            if one.verdict == "approve":
                decided[one.case_id].append(one)
        # The registration authority's own certificate belongs to no case.
        for row in self.registry.rows(t.certificate, t.certificate.c.case_id.is_not(None)):
            case = self.registry.case(row.case_id)
            made = decided[row.case_id]
            assert sorted(one.stage for one in made) == ["first", "second"]
            persons = {one.person_id for one in made}
            assert len(persons) == 2
            assert not persons & set(case.data["entered"])
            assert {one.snapshot_sha256 for one in made} == {case.snapshot_sha256}
            assert case.state in {"issuing", "issued", "partly_refused"}

    @invariant()
    def items_and_certificates_agree(self):
        certified = {
            row.item_id
            for row in self.registry.rows(t.certificate, t.certificate.c.der.is_not(None))
            if row.case_id is not None
        }
        issued = {row.id for row in self.registry.rows(t.request_item, t.request_item.c.state == "issued")}
        assert certified == issued
        ended = {"issued": {"issued"}, "partly_refused": {"issued", "refused"}}
        for case in self.registry.rows(t.case, t.case.c.state.in_(list(ended))):
            assert {row.state for row in self.batches.items(case.id)} == ended[case.state]


walks = pytest.mark.parametrize("walk", [ApplicationWalk, ResetWalk, RequestWalk])
pytestmark = pytest.mark.hypothesis


@pytest.mark.rule("ROL-07", "SUS-08", "APP-05", "AUD-01")
@walks
def test_whatever_people_do_the_registry_stays_in_order(walk, tmp_path):
    template, here = tmp_path / "template.sqlite", tmp_path / "walk.sqlite"
    Registry(f"sqlite:///{template}").close()

    def fresh():
        for path in tmp_path.glob("walk.sqlite*"):
            path.unlink()
        shutil.copyfile(template, here)
        return Registry(f"sqlite:///{here}")

    run_state_machine_as_test(lambda: walk(fresh), settings=FEW if walk is RequestWalk else MODEST)


@pytest.mark.rule("ROL-07", "SUS-08", "APP-05", "AUD-01")
@walks
def test_whatever_people_do_postgresql_keeps_the_registry_in_order(walk, postgresql_url):
    def fresh():
        registry = Registry(postgresql_url)
        empty(registry)
        return registry

    run_state_machine_as_test(lambda: walk(fresh), settings=FEW if walk is RequestWalk else ONCE)

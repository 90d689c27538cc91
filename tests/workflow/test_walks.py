"""Random walks of each case kind: what must always hold holds after every step, on both databases."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from tests.workflow.registry import Registry
from tests.workflow.walking import APPLICATION_TRIGGERS, RESET_TRIGGERS, Walk, empty, numbers
from workflow import commands as c
from workflow.errors import RegistryError
from workflow.facts import PUBLIC
from workflow.vocabulary import Ca, Rank

MODEST = settings(max_examples=20, stateful_step_count=30)
ONCE = settings(max_examples=8, stateful_step_count=30)


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


walks = pytest.mark.parametrize("walk", [ApplicationWalk, ResetWalk])


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

    run_state_machine_as_test(lambda: walk(fresh), settings=MODEST)


@pytest.mark.rule("ROL-07", "SUS-08", "APP-05", "AUD-01")
@walks
def test_whatever_people_do_postgresql_keeps_the_registry_in_order(walk, postgresql_url):
    def fresh():
        registry = Registry(postgresql_url)
        empty(registry)
        return registry

    run_state_machine_as_test(lambda: walk(fresh), settings=ONCE)

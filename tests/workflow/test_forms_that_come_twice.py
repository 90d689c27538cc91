"""A form that comes twice opens one case: whatever is sent again is answered with it, or refused with its number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.test_two_at_once import at_once
from tests.workflow.batches import Batches, items, submission
from tests.workflow.registry import CODE
from workflow.errors import Refused, UserCodeLocked
from workflow.facts import PUBLIC
from workflow.handlers import handle
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.vocabulary import Ca, Rank

NUMBER = "the number of a form"
SENT_TWICE = 2


def secondary(registry, **values):
    """Return the application for a secondary card, of which an organisation may have any number."""
    organisation = registry.rows(t.case, t.case.c.id == registry.a_case("activated"))[0].organisation_id
    fields = {"rank": Rank.SECONDARY, "organisation_id": organisation, "filing": NUMBER} | values
    return registry.application(**fields)


def secondaries(registry):
    return registry.rows(t.case, t.case.c.rank == str(Rank.SECONDARY))


def refused(registry, command, actor=PUBLIC):
    with pytest.raises(Refused) as caught:
        registry.do(command, actor)
    return caught.value


def test_an_application_that_is_sent_twice_is_one_case(registry):
    application = secondary(registry)
    first = registry.do(application, PUBLIC)
    assert registry.do(application, PUBLIC) == first
    (case,) = secondaries(registry)
    assert (case.id, case.number) == (first.case_id, first.number)
    assert len(registry.rows(t.outbox, t.outbox.c.case_id == case.id)) == 1
    kinds = [row.kind for row in registry.rows(t.audit_entry, t.audit_entry.c.case_id == case.id)]
    assert kinds.count("submit") == kinds.count("filed_again") == 1


def test_two_secondary_cards_are_asked_for_with_two_forms(registry):
    application = secondary(registry)
    numbers = {
        registry.do(replace(application, filing=filing), PUBLIC).number for filing in (NUMBER, "another", "")
    }
    registry.do(replace(application, filing=""), PUBLIC)
    assert len(numbers) == 3
    assert len(secondaries(registry)) == 4


def test_a_primary_card_that_is_asked_for_twice_leads_to_the_first_case(registry):
    application = registry.application(filing=NUMBER)
    first = registry.do(application, PUBLIC)
    assert registry.do(application, PUBLIC).number == first.number
    assert refused(registry, replace(application, filing="another")).code == "case.primary_exists"


def test_what_differs_the_second_time_is_refused_with_the_number_of_the_case(registry):
    application = secondary(registry)
    first = registry.do(application, PUBLIC)
    changed = replace(application, form={**application.form, "contact_name": "林聯絡"})
    refusal = refused(registry, changed)
    assert refusal.code == "case.filed_already"
    assert str(first.number) in refusal.zh
    assert str(first.number) in refusal.en
    assert secondaries(registry)[0].contact_name == "陳聯絡"


@pytest.mark.rule("PIN-03")
def test_a_form_sent_again_is_no_way_to_guess_its_user_code(registry):
    application = secondary(registry)
    case_id = registry.do(application, PUBLIC).case_id
    for tries in range(1, 4):
        assert refused(registry, replace(application, user_code="Guess-1")).code == "case.filed_already"
        assert registry.case(case_id).user_code_tries == tries
    with pytest.raises(UserCodeLocked):
        registry.do(application, PUBLIC)


def test_the_number_of_a_form_is_written_down_nowhere(registry):
    application = secondary(registry)
    registry.do(application, PUBLIC)
    registry.do(application, PUBLIC)
    refused(registry, replace(application, form={"contact_name": "林"}))
    assert NUMBER not in str(registry.dump())


def test_a_reset_that_is_sent_twice_is_one_case(registry):
    reset = replace(registry.request(registry.a_case("activated", Ca.GCA)), filing=NUMBER)
    first = registry.do(reset, PUBLIC)
    assert registry.do(reset, PUBLIC) == first
    other = replace(reset, form={**reset.form, "contact_name": "林聯絡"})
    assert refused(registry, other).code == "case.filed_already"
    # Anybody may ask for a reset of a card, so who asks in earnest is never shut out by who asked before.
    assert registry.do(replace(reset, filing="another"), PUBLIC).number != first.number


def test_a_batch_that_is_sent_twice_is_one_case(registry):
    batches = Batches(registry)
    batch = submission(registry, *items(1, 3), filing=NUMBER)
    first = registry.do(batch, registry.desk)
    assert registry.do(batch, registry.desk) == first
    assert len(registry.rows(t.request_item)) == 2
    assert refused(registry, replace(batch, items=items(1)), registry.desk).code == "case.filed_already"
    assert refused(registry, replace(batch, ca=Ca.GCA), registry.desk).code == "case.filed_already"
    assert batches.first


def test_two_tabs_that_send_at_once_are_told_of_one_case(locking_registry):
    application = secondary(locking_registry)
    answers = at_once(*[lambda: handle(locking_registry.office, application, PUBLIC)] * SENT_TWICE)
    assert all(isinstance(answer, Outcome) for answer in answers), answers
    assert len({answer.number for answer in answers}) == len(secondaries(locking_registry)) == 1
    numbers = sorted(int(row.number) for row in locking_registry.rows(t.case))
    assert numbers[-1] - numbers[0] == len(numbers) - 1, "no case number was lost"
    assert CODE not in str(locking_registry.rows(t.audit_entry))

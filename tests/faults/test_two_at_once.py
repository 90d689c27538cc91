"""Two hands on one thing at the same moment: one succeeds, the other hears in words that it came second."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from tests.workflow.registry import CODE, PASSWORD, Registry
from workflow import commands as c
from workflow.errors import Refused, RegistryError, Stale
from workflow.facts import PUBLIC, SYSTEM
from workflow.handlers import handle
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.sweeper import Swept, sweep
from workflow.vocabulary import Ca, Lane, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workflow.commands import Command
    from workflow.facts import Actor

HANDS = 2
PATIENCE_SECONDS = 60


@pytest.fixture
def registry(migrated_postgresql_url: str) -> Iterator[Registry]:
    registry = Registry(migrated_postgresql_url)
    yield registry
    registry.close()


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all acts at the same moment; returns what each returned, or the registry's refusal. Other errors surface."""
    start = Barrier(len(acts))

    def do(act: Callable[[], Any]) -> Any:
        start.wait(PATIENCE_SECONDS)
        try:
            return act()
        except RegistryError as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as hands:
        return list(hands.map(do, acts))


def one_wins(registry: Registry, *sent: tuple[Command, Actor]) -> RegistryError:
    """Send commands at once; exactly one may succeed. Returns what the other was told."""
    answers = at_once(
        *(
            lambda command=command, actor=actor: handle(registry.office, command, actor)
            for command, actor in sent
        )
    )
    refused = [answer for answer in answers if isinstance(answer, RegistryError)]
    assert len(refused) == len(sent) - 1, answers
    assert all(isinstance(answer, Refused | Stale) and answer.zh and answer.en for answer in refused), refused
    return refused[0]


def told(registry: Registry, kind: str) -> int:
    return registry.audit_kinds().count(kind)


def colleague(registry: Registry, role: Role) -> Actor:
    return registry.account(role, window=registry.main_window if role is Role.FIRST_REVIEWER else None)


def test_a_letter_is_tied_once(registry):
    case_id = registry.a_case("uploaded")
    letter = registry.do(registry.letter(), registry.clerk).created_id
    tie = c.TieLetter(letter_id=letter, case_ids=(case_id,))
    one_wins(registry, (tie, registry.clerk), (tie, colleague(registry, Role.LETTER_CLERK)))
    assert registry.state(case_id) == "first_review"
    assert told(registry, "receive_letter") == len(registry.rows(t.letter_case)) == 1


def test_two_letters_bring_a_case_into_review_once(registry):
    case_id = registry.a_case("uploaded")
    letters = [registry.do(registry.letter(), registry.clerk).created_id for _ in range(HANDS)]
    one_wins(
        registry,
        *((c.TieLetter(letter_id=letter, case_ids=(case_id,)), registry.clerk) for letter in letters),
    )
    assert len(registry.rows(t.letter_case)) == 1


@pytest.mark.parametrize(
    ("state", "kind", "role"),
    [
        ("first_review", c.ApproveFirstReview, Role.FIRST_REVIEWER),
        ("second_review", c.ApproveSecondReview, Role.SECOND_REVIEWER),
    ],
)
def test_a_case_is_approved_once(registry, state, kind, role):
    case_id = registry.a_case(state)
    approve = kind(case_id=case_id, seen_sha256=registry.case(case_id).snapshot_sha256, password=PASSWORD)
    one_wins(registry, (approve, colleague(registry, role)), (approve, colleague(registry, role)))
    decided = registry.rows(t.review_decision, t.review_decision.c.case_id == case_id)
    assert Counter(row.stage for row in decided)[state.removesuffix("_review")] == 1


def test_one_of_approval_and_refusal_holds(registry):
    case_id = registry.a_case("second_review")
    seen = {
        "case_id": case_id, "seen_sha256": registry.case(case_id).snapshot_sha256, "password": PASSWORD,
    }  # fmt: skip
    one_wins(
        registry,
        (c.ApproveSecondReview(**seen), colleague(registry, Role.SECOND_REVIEWER)),
        (c.RefuseApplication(**seen, reason="資格不符"), colleague(registry, Role.SECOND_REVIEWER)),
    )
    assert registry.state(case_id) in {"approved", "refused"}


def test_a_card_is_ordered_packed_and_posted_once(registry):
    case_id = registry.a_case("approved")
    other = colleague(registry, Role.CARD_CENTRE)
    order = c.OrderManufacture(case_id=case_id, reader="reader 1")
    one_wins(registry, (order, registry.centre), (order, other))
    assert len(registry.rows(t.outbox, t.outbox.c.lane == "card")) == 1
    registry.make_card(case_id)
    case = registry.case(case_id)
    pack = c.PackCard(case_id=case_id, card_number=case.card_number, envelope_number=case.number)
    one_wins(registry, (pack, registry.centre), (pack, other))
    posts = [c.PostCards(items=((case_id, registry.mail_number()),)) for _ in range(HANDS)]
    one_wins(registry, (posts[0], registry.centre), (posts[1], other))
    (item,) = registry.rows(t.mail_item)
    assert item.state == "posted"
    assert len(registry.rows(t.mailing_list)) == 1
    assert len(registry.rows(t.outbox, t.outbox.c.template == "posted")) == 1


def test_a_registered_number_is_used_once(registry):
    cases = [registry.a_case("packed") for _ in range(HANDS)]
    number = registry.mail_number()
    refusal = one_wins(
        registry, *((c.PostCards(items=((case_id, number),)), registry.centre) for case_id in cases)
    )
    assert refusal.code == "mail.number_used"
    assert sorted(registry.state(case_id) for case_id in cases) == ["packed", "posted"]


def test_lists_of_the_same_cards_in_another_order_do_not_block_each_other(registry):
    cases = [registry.a_case("packed") for _ in range(4)]
    items = [(case_id, registry.mail_number()) for case_id in cases]
    backwards = [(case_id, registry.mail_number()) for case_id in reversed(cases)]
    one_wins(
        registry,
        (c.PostCards(items=tuple(items)), registry.centre),
        (c.PostCards(items=tuple(backwards)), colleague(registry, Role.CARD_CENTRE)),
    )
    assert {registry.state(case_id) for case_id in cases} == {"posted"}


def test_a_card_is_activated_once(registry):
    case_id = registry.a_case("posted")
    begin = c.BeginActivation(case_id=case_id, user_code=CODE, csn=registry.csn(case_id))
    # The holder may begin as often as they like; the card has one next PUK all the same.
    answers = at_once(*[lambda: handle(registry.office, begin, PUBLIC)] * HANDS)
    assert not any(isinstance(answer, RegistryError) for answer in answers)
    complete = c.CompleteActivation(case_id=case_id, csn=registry.csn(case_id))
    one_wins(registry, (complete, SYSTEM), (complete, SYSTEM))
    assert told(registry, "activate") == 1


def test_wrong_codes_at_once_are_all_counted(registry):
    case_id = registry.a_case("posted")
    wrong = c.CheckUserCode(number=registry.case(case_id).number, user_code="wrong-1")
    at_once(*[lambda: handle(registry.office, wrong, PUBLIC)] * 3)
    assert registry.case(case_id).user_code_tries == 3


def test_an_organisation_that_clicks_twice_has_one_primary_card(registry):
    organisation = registry.organisation()
    application = registry.application(organisation_id=organisation)
    refusal = one_wins(registry, (application, PUBLIC), (application, PUBLIC))
    assert refusal.code == "case.primary_exists"
    assert len(registry.rows(t.case)) == 1


# --- workers and sweepers ----------------------------------------------------------------------------------------


def test_two_workers_send_one_notice_once(registry):
    registry.a_case("second_review", Ca.GCA)
    at_once(*(lambda name=name: perform_next(registry.office, Lane.NOTICE, name) for name in ("a", "b")))
    assert len(registry.mailer.mails) == len(registry.rows(t.sent_notice)) == 1


def test_a_worker_whose_lease_ran_out_does_not_report_for_its_successor(registry):
    registry.a_case("second_review", Ca.GCA)
    nested = []

    class Slow:
        """A server so slow that the lease runs out, and another worker takes over, before it gives up."""

        def send(self, _mail: Any) -> None:
            registry.clock.move(hours=1)
            nested.append(perform_next(registry.office, Lane.NOTICE, "second"))
            raise ConnectionResetError

    assert perform_next(replace(registry.office, mailer=Slow()), Lane.NOTICE, "first")
    assert nested == [True]
    (work,) = registry.rows(t.outbox, t.outbox.c.lane == "notice")
    assert (work.state, work.attempts) == ("done", 2), "the late failure put back what was done"


@pytest.mark.rule("ACT-04")
def test_two_sweepers_fire_each_deadline_once(registry):
    cases = [registry.a_case("posted") for _ in range(4)]
    registry.clock.move(days=100)
    fired = 0
    for _ in range(10):
        swept = at_once(*[lambda: sweep(registry.office)] * HANDS)
        assert all(isinstance(answer, Swept) for answer in swept), swept
        fired += sum(answer.fired for answer in swept)
        if not any(answer.fired or answer.refused for answer in swept):
            break
    assert {registry.state(case_id) for case_id in cases} == {"revoked_unactivated"}
    deadlines = registry.rows(t.deadline, t.deadline.c.kind == "activation")
    assert fired <= len(deadlines)
    assert told(registry, "lapse_activation") == len(cases)
    assert told(registry, "deadline_refused") == 0


def test_a_sweeper_and_a_holder_at_once_leave_one_truth(registry):
    case_id = registry.a_case("posted")
    registry.begin_activation(case_id)
    registry.clock.move(days=100)
    while sweep(replace(registry.office, settings=replace(registry.office.settings, sweep_limit=0))).fired:
        pass
    registry.do(c.ConfirmSweep(reason="已核對"), registry.operator)
    complete = c.CompleteActivation(case_id=case_id, csn=registry.csn(case_id))
    at_once(lambda: sweep(registry.office), lambda: handle(registry.office, complete, SYSTEM))
    state = registry.state(case_id)
    wanted = {"activated": {"valid"}, "revoked_unactivated": {"revoked"}}
    assert registry.certificates(case_id) == wanted[state]
    assert told(registry, "activate") + told(registry, "lapse_activation") == 1

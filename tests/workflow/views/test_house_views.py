"""Search, letters, cards, mail, outbox and audit log as the people at the counter see them."""

import pytest

from workflow.store import schema as s
from workflow.views import audit, cards, letters, mail, outbox
from workflow.views.search import exact, search
from workflow.views.worklist import in_states
from workflow.vocabulary import CardState, Lane, Role


@pytest.mark.parametrize("text", ["0400100000000000000000001", "第1國", "xc00000000000001", "2.16.886.101.1", "12345675", "12345678901234"])  # fmt: skip
def test_one_box_finds_a_case_by_any_of_its_names(house, officer, text):
    case = house.case("posted", card_number="Xc00000000000001", organisation_id=house.organisation())
    house.case("posted")
    house.add(
        s.mail_item, case_id=case, attempt=1, card_number="Xc00000000000001", mail_number="12345678901234",
        state="posted", packed_at=house.now,
    )  # fmt: skip
    assert [line.case_id for line in search(house.connection, officer, text, house.now).cases] == [case]


def test_the_search_takes_wildcards_for_plain_characters(house, officer):
    house.case()
    assert search(house.connection, officer, "%%", house.now).empty
    assert search(house.connection, officer, "第", house.now).empty


@pytest.mark.rule("RV1-05")
def test_a_window_cannot_find_what_is_another_windows(house, reviewer):
    other, letter = house.case(window_id=house.south), house.letter()
    house.tie(letter, other)
    assert search(house.connection, reviewer, "國小", house.now).empty
    assert search(house.connection, reviewer, "北市教字", house.now).empty


@pytest.mark.rule("LTR-01")
def test_a_letter_without_cases_waits_in_the_tray(house):
    clerk = house.actor(Role.LETTER_CLERK)
    waiting = house.letter("第1號", proposed=["0400100000000000000000001"])
    house.letter("第2號", tied_at=house.now)
    house.letter("第3號", direction="outgoing")
    (line,) = letters.tray(house.connection, clerk)
    assert (line.id, line.proposed, line.cases) == (waiting, 1, 0)


@pytest.mark.rule("LTR-01")
def test_missing_letters_tell_how_often_they_were_chased(house):
    clerk = house.actor(Role.LETTER_CLERK)
    case = house.case("uploaded")
    house.step(case, 1, "chase_letter", dest="uploaded")
    house.case("first_review")
    (missing,) = letters.awaiting(house.connection, clerk, house.now)
    assert (missing.case.case_id, missing.chased, missing.contact_name) == (case, 1, "陳聯絡")


@pytest.mark.rule("APP-03", "APP-04")
def test_counts_of_a_letter_are_held_against_its_cases(house, officer):
    house.case()
    house.case(rank="secondary")
    lines = in_states(house.connection, officer, house.now, "first_review")
    counts = letters.rank_counts(lines)
    assert counts == letters.RankCounts(primary=1, secondary=1)
    assert counts.differ(2, None)
    assert not counts.differ(None, 1)


def test_a_letter_is_shown_with_its_cases(house, officer):
    case, letter = house.case(), house.letter()
    house.tie(letter, case)
    seen = letters.letter(house.connection, officer, letter, house.now)
    assert [line.case_id for line in seen.cases] == [case]
    assert letters.recent(house.connection, officer)[0][0].cases == 1


def test_the_card_account_balances(house):
    case = house.case("made")
    house.card("C1")
    house.card("C2", "made", number="Xc1", case_id=case)
    house.card("C3", "spoiled", box="B")
    account = cards.account(house.connection)
    assert account.balances
    assert [(box.box, box.blank, box.spoiled, box.used) for box in account.boxes] == [
        ("A", 1, 0, 1),
        ("B", 0, 1, 0),
    ]


def test_a_made_card_without_a_case_breaks_the_balance(house):
    house.card("C1", "made")
    assert not cards.account(house.connection).balances


def test_progress_names_the_step_and_the_error(house):
    case = house.case("manufacturing")
    house.card("C1", "personalising", case_id=case, step="keys")
    house.work(case, "dead", lane="card", effect="manufacture", last_error="card removed")
    found = cards.progress(house.connection, (case,))[case]
    assert (found.step, found.csn, found.last_error) == ("keys", "C1", "card removed")
    assert cards.cards(house.connection, CardState.BLANK)[0] == ()


@pytest.mark.rule("CRD-05")
def test_a_mailing_list_is_read_in_the_order_of_the_paper(house):
    made = house.add(s.mailing_list, number="L1", post_kind="限時掛號", by_name="x", at=house.now)
    for position, number in ((2, "22222222222222"), (1, "11111111111111")):
        house.add(
            s.mail_item, case_id=house.case("posted"), attempt=1, card_number="", mail_number=number, list_id=made,
            position=position, state="posted", packed_at=house.now,
        )  # fmt: skip
    assert [item.position for item in mail.mailing_list(house.connection, made).items] == [1, 2]
    assert mail.mailing_lists(house.connection)[0][0].items == 2


def test_lanes_and_dead_letters_tell_what_is_stuck(house):
    house.work(house.case(), "dead", last_error="refused by server")
    house.work(None, "waiting", lane="certificate", effect="publish_crl")
    lanes = {lane.lane: lane for lane in outbox.lanes(house.connection)}
    assert (lanes[Lane.NOTICE].dead, lanes[Lane.CERTIFICATE].waiting) == (1, 1)
    assert outbox.dead_letters(house.connection)[0].last_error == "refused by server"
    assert outbox.breakers(house.connection) == ()


@pytest.mark.rule("AUD-01")
def test_an_entry_is_sealed_once_a_checkpoint_covers_it(house):
    first = house.add(s.audit_entry, at=house.now, kind="submit", actor="公眾", body="{}")
    house.add(s.audit_entry, at=house.now, kind="log_in", actor="王", body="{}")
    house.connection.execute(s.audit_leaf.insert().values(leaf_index=0, entry_id=first, leaf_hash=b"h" * 32))
    house.connection.execute(
        s.audit_checkpoint.insert().values(size=1, root=b"r" * 32, peaks=b"", at=house.now, signature=b"s")
    )
    lines, _ = audit.entries(house.connection, audit.AuditWanted())
    assert [line.sealed for line in lines] == [False, True]
    assert audit.sealing(house.connection).unsealed == 1
    assert [line.kind for line in audit.entries(house.connection, audit.AuditWanted(actor="王"))[0]] == [
        "log_in"
    ]
    assert audit.kinds(house.connection) == ("log_in", "submit")


def test_a_scanned_number_names_exactly_one_case(house, officer):
    case = house.case("posted", card_number="Xc00000000000001")
    house.case("requested", kind="usercode_reset", card_number="Xc00000000000001")
    for number in (" XC00000000000001 ", f"04001{1:020}"):
        assert exact(house.connection, officer, number, house.now).case_id == case
    assert exact(house.connection, officer, "國小", house.now) is None


@pytest.mark.rule("RV1-05")
def test_scanning_finds_nothing_of_another_window(house, reviewer):
    house.case("posted", card_number="Xc1", window_id=house.south)
    assert exact(house.connection, reviewer, "Xc1", house.now) is None
    assert letters.cases_by_id(house.connection, reviewer, [1], house.now) == ()

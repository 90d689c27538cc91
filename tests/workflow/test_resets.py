"""User-code resets: the new code told in the CA's way, the paper back in time or decided by people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from tests.workflow.registry import HASHER
from workflow import commands as c
from workflow import paper
from workflow.errors import BadInput, Refused, RegistryError
from workflow.facts import PUBLIC, SYSTEM
from workflow.performers.perform import perform_next
from workflow.store import schema as t
from workflow.vocabulary import Ca, Lane


def refused(registry, code, command, actor):
    with pytest.raises(RegistryError) as caught:
        registry.do(command, actor)
    assert caught.value.code == code


def readable(registry, secret):
    """Return the columns in which a secret can be read."""
    found = set()
    with registry.engine.connect() as connection:
        for table in t.metadata.tables.values():
            for column in table.columns:
                for value in connection.execute(sa.select(column)).scalars():
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    if secret in text:
                        found.add(f"{table.name}.{column.name}")
    return found


@pytest.mark.rule("UCR-02", "UCR-03", "P-15", "APP-16")
@pytest.mark.parametrize("ca", [Ca.GCA, Ca.XCA])
def test_the_new_code_works_and_can_be_read_nowhere(registry, ca):
    card = registry.a_case("activated", ca)
    reset = registry.a_reset("copy_received", ca, card)
    old = registry.case(card).user_code_hash
    code = registry.tell(reset, ca)
    assert len(code) >= 6
    assert HASHER.verify(registry.case(card).user_code_hash, code)
    assert registry.case(card).user_code_hash != old
    assert readable(registry, code) == set()
    assert readable(registry, registry.case(card).number)


@pytest.mark.rule("UCR-02")
def test_only_xca_tells_a_code_on_the_telephone(registry):
    gca, xca = registry.a_reset("copy_received", Ca.GCA), registry.a_reset("copy_received", Ca.XCA)
    told = {"spoke_with": "陳聯絡", "phone": "02-1"}
    refused(registry, "case.not_now", c.TellCodeByPhone(case_id=gca, **told), registry.desk)
    sent = c.RecordCodeSent(case_id=xca, code_hash="x")
    refused(registry, "case.not_now", sent, SYSTEM)
    asked = [(row.effect, row.case_id) for row in registry.rows(t.outbox) if row.effect == "send_new_code"]
    assert asked == [("send_new_code", gca)]


@pytest.mark.rule("UCR-03")
def test_a_call_is_recorded_with_name_and_number(registry):
    reset = registry.a_reset("copy_received", Ca.XCA)
    for name, phone in ((" ", "02-1"), ("陳", "")):
        with pytest.raises(BadInput):
            registry.do(c.TellCodeByPhone(case_id=reset, spoke_with=name, phone=phone), registry.desk)
    registry.tell(reset, Ca.XCA)
    assert registry.rows(t.history, t.history.c.case_id == reset)[-1].note == "陳聯絡 02-1"


@pytest.mark.rule("UCR-02", "UCR-03", "P-08")
@pytest.mark.parametrize("ca", [Ca.GCA, Ca.XCA])
def test_paper_in_time_closes_the_case_and_stops_its_clock(registry, ca):
    reset = registry.a_reset("awaiting_paper", ca)
    assert [row.rung for row in registry.waiting(reset)] == [14, 24, 0]
    registry.do(c.RecordPaperBack(case_id=reset, evidence="關防"), registry.clerk)
    assert (registry.state(reset), registry.waiting(reset)) == ("closed", [])
    refused(registry, "case.not_now", c.LapsePaper(case_id=reset), SYSTEM)


@pytest.mark.rule("UCR-02", "SUS-07", "SUS-08")
def test_late_paper_at_gca_is_accepted_by_people_and_resumes(registry):
    card = registry.a_case("activated", Ca.GCA)
    reset = registry.a_reset("late_paper", Ca.GCA, card)
    assert registry.certificates(card) == {"suspended"}
    refused(registry, "case.reason_missing", c.AcceptLatePaper(case_id=reset, reason=""), registry.officer)
    refused(registry, "access.denied", c.AcceptLatePaper(case_id=reset, reason="x"), registry.desk)
    registry.do(c.AcceptLatePaper(case_id=reset, reason="郵務延誤"), registry.officer)
    assert (registry.state(reset), registry.certificates(card)) == ("closed", {"valid"})


@pytest.mark.rule("UCR-02")
def test_late_paper_that_is_declined_leaves_the_card_suspended(registry):
    card = registry.a_case("activated", Ca.GCA)
    registry.a_reset("declined", Ca.GCA, card)
    assert registry.certificates(card) == {"suspended"}


@pytest.mark.rule("UCR-03", "SUS-08")
def test_late_paper_at_xca_revives_nothing(registry):
    card = registry.a_case("activated", Ca.XCA)
    reset = registry.a_reset("late_paper_revoked", Ca.XCA, card)
    refused(registry, "case.not_now", c.AcceptLatePaper(case_id=reset, reason="x"), registry.officer)
    registry.do(c.DeclineLatePaper(case_id=reset, reason="已廢止"), registry.officer)
    assert registry.certificates(card) == {"revoked"}
    refused(registry, "case.certificates_not_alive", registry.request(card), PUBLIC)


@pytest.mark.rule("SUS-08")
def test_accepting_late_paper_leaves_a_card_suspended_that_was_never_activated(registry):
    card = registry.a_case("posted", Ca.GCA)
    reset = registry.a_reset("late_paper", Ca.GCA, card)
    registry.do(c.LapseActivation(case_id=card), SYSTEM)
    registry.do(c.AcceptLatePaper(case_id=reset, reason="郵務延誤"), registry.officer)
    assert (registry.state(reset), registry.certificates(card)) == ("closed", {"suspended"})


@pytest.mark.rule("SUS-08")
def test_a_late_activation_waits_for_the_resets_paper(registry):
    card = registry.a_case("posted", Ca.GCA)
    reset = registry.a_reset("awaiting_paper", Ca.GCA, card)
    registry.do(c.LapseActivation(case_id=card), SYSTEM)
    registry.do(c.AllowLateActivation(case_id=card, reason="出國"), registry.officer)
    registry.do(c.LapsePaper(case_id=reset), SYSTEM)
    registry.update(
        t.case, t.case.c.id == card, user_code_hash=registry.case(registry.a_case()).user_code_hash
    )
    with pytest.raises(Refused):
        registry.begin_activation(card)
    registry.do(c.RecordPaperBack(case_id=reset, evidence="關防"), registry.desk)
    registry.do(c.AcceptLatePaper(case_id=reset, reason="郵務延誤"), registry.officer)
    registry.begin_activation(card)
    registry.do(c.CompleteActivation(case_id=card, csn=registry.csn(card)), SYSTEM)
    assert registry.certificates(card) == {"valid"}


@pytest.mark.rule("UCR-04")
def test_card_number_and_name_must_both_be_right(registry):
    card = registry.case(registry.a_case("activated", Ca.GCA))
    spaced = {"organisation_name": " ".join(card.subject_name)}
    for number, form in ((card.card_number, {"organisation_name": "他人"}), ("Gc99999999999999", spaced)):
        with pytest.raises(BadInput) as caught:
            registry.do(c.RequestReset(card_number=number, form=form), PUBLIC)
        assert caught.value.problems[0].code == "unknown"
    registry.do(c.RequestReset(card_number=card.card_number.lower(), form=spaced), PUBLIC)


@pytest.mark.rule("UCR-02", "UCR-03")
def test_a_form_that_was_only_filled_keeps_nobody_from_filling_another(registry):
    card = registry.a_case("activated", Ca.GCA)
    strangers = registry.a_reset("requested", Ca.GCA, card)
    holders = registry.a_reset("copy_received", Ca.GCA, card)
    copy = c.RecordResetCopy(case_id=strangers, arrived_by="fax")
    refused(registry, "usercode.other_reset", copy, registry.desk)
    registry.tell(holders, Ca.GCA)
    refused(registry, "usercode.other_reset", copy, registry.desk)
    registry.do(c.RecordPaperBack(case_id=holders, evidence="關防"), registry.desk)
    registry.do(copy, registry.desk)


@pytest.mark.parametrize("state", ["copy_received", "awaiting_paper"])
def test_one_reset_of_a_card_is_under_way_at_a_time_and_its_number_is_told_to_no_stranger(registry, state):
    card = registry.a_case("activated", Ca.GCA)
    reset = registry.a_reset(state, Ca.GCA, card)
    with pytest.raises(Refused) as caught:
        registry.do(registry.request(card), PUBLIC)
    assert caught.value.code == "usercode.reset_open"
    assert registry.case(reset).number not in f"{caught.value.zh} {caught.value.en} {caught.value.facts}"


def test_a_reset_that_was_cancelled_makes_room_for_another(registry):
    card = registry.a_case("activated", Ca.GCA)
    reset = registry.a_reset("copy_received", Ca.GCA, card)
    registry.do(c.CancelReset(case_id=reset, reason="非本人申請"), registry.desk)
    registry.do(registry.request(card), PUBLIC)


def test_of_two_copies_of_one_card_logged_at_once_one_is_taken(locking_registry):
    registry = locking_registry
    card = registry.a_case("activated", Ca.GCA)
    resets = [registry.a_reset("requested", Ca.GCA, card) for _ in range(3)]
    start = Barrier(len(resets))

    def log(reset):
        start.wait()
        try:
            registry.do(c.RecordResetCopy(case_id=reset, arrived_by="fax"), registry.desk)
        except RegistryError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(resets)) as pool:
        answers = sorted(pool.map(log, resets))
    assert answers == ["done", "usercode.other_reset", "usercode.other_reset"]
    states = sorted(registry.state(reset) for reset in resets)
    assert states == ["copy_received", "requested", "requested"]


@pytest.mark.rule("UCR-02")
def test_the_new_code_goes_to_the_address_on_record_whatever_the_form_says(small_registry):
    registry = small_registry
    card = registry.a_case("activated", Ca.GCA)
    asked = registry.request(card)
    form = {**asked.form, "contact_email": "thief@example.org"}
    asked = c.RequestReset(card_number=asked.card_number, form=form)
    reset = int(registry.do(asked, PUBLIC).case_id)
    registry.do(c.RecordResetCopy(case_id=reset, arrived_by="fax"), registry.desk)
    while perform_next(registry.office, Lane.NOTICE, "desk"):
        pass
    (told,) = (mail for mail in registry.mailer.mails if "新用戶代碼為" in mail.text)
    assert told.to == registry.case(card).contact_email
    assert registry.state(reset) == "awaiting_paper"


def test_a_reset_keeps_the_policy_of_its_card(registry):
    reset = registry.case(registry.a_reset("requested", Ca.XCA))
    assert (reset.policy_version, reset.parent_id is not None) == ("xca-1", True)


def test_a_sheet_with_a_character_that_no_typeface_has_is_refused_by_name(small_registry):
    registry = small_registry
    card = registry.a_case("activated", Ca.GCA)
    asked = registry.request(card)
    asked = c.RequestReset(card_number=asked.card_number, form={**asked.form, "contact_name": "陳\U0002ebf0"})
    reset = int(registry.do(asked, PUBLIC).case_id)
    with pytest.raises(Refused) as caught:
        paper.reset_form(registry.office, reset)
    assert caught.value.code == "paper.uncovered"
    assert "U+2EBF0" in caught.value.zh

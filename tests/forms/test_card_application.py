"""The application form for a card, the user code typed twice, and drafts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.addresses import one_line
from forms.card_application import (
    GCA_KINDS,
    XCA_KINDS,
    Rank,
    SubscriberKind,
    card_application,
    check_user_code,
    form_title,
)
from forms.drafts import DRAFT_LARGEST, dump_draft, load_draft
from forms.fields import validate
from forms.problems import Problem

WITH_OID = card_application(XCA_KINDS, with_oid=True)
WITHOUT_OID = card_application(XCA_KINDS, with_oid=False)


@pytest.mark.rule("APP-14")
def test_a_school_with_an_oid_fills_the_short_form(a_school_with_oid):
    assert validate(WITH_OID, a_school_with_oid()).ok
    assert WITH_OID.field("organisation_email").certificate


@pytest.mark.rule("APP-14")
@pytest.mark.parametrize("oid", ["國立臺灣大學", "2-16-886", ""])
def test_an_oid_with_names_or_signs_is_refused(a_school_with_oid, oid):
    assert [p.field for p in validate(WITH_OID, a_school_with_oid(oid=oid)).problems] == ["oid"]


@pytest.mark.rule("APP-15")
def test_a_foundation_without_an_oid_fills_the_long_form(a_foundation_without_oid):
    checked = validate(WITHOUT_OID, a_foundation_without_oid())
    assert checked.ok
    assert one_line(checked.values, "organisation") == "206基隆市七堵區明德一路1號"


@pytest.mark.rule("APP-15")
@pytest.mark.parametrize(
    "field", ["full_name", "ubn", "organisation_address", "organisation_phone", "contact_name"]
)
def test_the_long_form_names_each_missing_field(a_foundation_without_oid, field):
    assert [p.field for p in validate(WITHOUT_OID, a_foundation_without_oid(**{field: ""})).problems] == [
        field
    ]


@pytest.mark.rule("APP-15")
def test_the_mailing_address_may_be_the_same_as_above(a_foundation_without_oid):
    blank = {f"mailing_{part}": "" for part in ("county", "district", "postal_code", "address")}
    raw = a_foundation_without_oid(mailing_same_as_organisation="on", **blank)
    assert one_line(validate(WITHOUT_OID, raw).values, "mailing") == "206基隆市七堵區明德一路1號"
    assert validate(WITHOUT_OID, raw).ok


def test_an_address_must_not_repeat_the_county(a_school_with_oid):
    raw = a_school_with_oid(mailing_county="台北市", mailing_address="台北市士林區中山北路")
    assert [p.code for p in validate(WITH_OID, raw).problems] == ["address_repeats_county"]


def test_an_old_county_name_is_written_by_its_new_name_with_its_code(a_school_with_oid):
    raw = a_school_with_oid(mailing_county="台北縣", mailing_district="板橋市", mailing_postal_code="")
    values = validate(WITH_OID, raw).values
    assert one_line(values, "mailing").startswith("220新北市板橋區")


def test_a_postal_code_of_elsewhere_is_told_at_its_field(a_school_with_oid):
    (problem,) = validate(WITH_OID, a_school_with_oid(mailing_postal_code="206")).problems
    assert (problem.field, problem.code) == ("mailing_postal_code", "postal_mismatch")


@pytest.mark.rule("APP-13")
def test_without_the_agreement_nothing_is_handed_in(a_school_with_oid):
    raw = a_school_with_oid()
    del raw["agreement_accepted"]
    assert [p.field for p in validate(WITH_OID, raw).problems] == ["agreement_accepted"]


@pytest.mark.rule("APP-10")
def test_each_kind_of_subscriber_has_a_title_of_its_own():
    titles = {form_title(kind, rank) for kind in SubscriberKind for rank in Rank}
    assert len(titles) == 16
    assert form_title(SubscriberKind.SCHOOL, Rank.PRIMARY)[0] == "學校正卡憑證申請書"
    assert len(XCA_KINDS) == 6


@pytest.mark.rule("APP-11")
def test_a_school_cannot_apply_on_the_form_for_government(a_school_with_oid):
    form = card_application(GCA_KINDS, with_oid=True)
    assert [p.field for p in validate(form, a_school_with_oid()).problems] == ["subscriber_kind"]
    assert validate(form, a_school_with_oid(subscriber_kind="unit")).ok


@pytest.mark.rule("APP-16")
@pytest.mark.parametrize(
    ("first", "second", "codes"),
    [
        ("Abc12!", "Abc12!", []),
        ("Abc12!", "abc12!", ["user_code_differs"]),
        ("Abc1!", "Abc1!", ["user_code_short"]),
        ("Abc12!78901", "Abc12!78901", ["user_code_long"]),
        ("Abc 12!", "Abc 12!", ["user_code_characters"]),
        ("密碼密碼密碼", "密碼密碼密碼", ["user_code_characters"]),
        ("", "x", ["user_code_short", "user_code_differs"]),
    ],
)
def test_a_user_code_is_typed_twice_and_case_matters(first, second, codes):
    problems = check_user_code(first, second, 6, 10)
    assert [p.code for p in problems] == codes
    assert not any(first and first in p.zh + p.en for p in problems)


def test_without_a_maximum_a_long_user_code_passes():
    assert check_user_code("x" * 40, "x" * 40, 6) == ()


@pytest.mark.rule("FRM-02")
def test_a_draft_comes_back_as_it_was_typed(a_school_with_oid):
    typed = a_school_with_oid(contact_name=" 𠮷小胖 ")
    loaded = load_draft(dump_draft(typed))
    assert loaded == {k: v for k, v in typed.items() if k != "agreement_accepted"}


@pytest.mark.rule("FRM-02", "APP-16")
def test_a_draft_never_holds_the_user_code(a_school_with_oid):
    data = dump_draft(a_school_with_oid(user_code="Secret1!", user_code_again="Secret1!"))
    assert b"Secret1!" not in data
    assert b"user_code" not in data


def a_draft(**changed):
    content = {"format": "guanfang-card-application-draft", "version": 1, "values": {"oid": "2.16.886.111.1"}}
    return json.dumps({**content, **changed}).encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "draft_unreadable"),
        (b"\xff\xfe", "draft_unreadable"),
        (b"[" * 60_000, "draft_unreadable"),
        (b" " * (DRAFT_LARGEST + 1), "draft_too_large"),
        (b"[]", "draft_format"),
        (b'{"format": "a", "format": "b"}', "draft_unreadable"),
        (a_draft(version=2), "draft_version"),
        (a_draft(version=True), "draft_version"),
        (a_draft(values=[]), "draft_format"),
        (a_draft(more=1), "draft_format"),
        (a_draft(values={"user_code": "x"}), "draft_unknown_field"),
        (a_draft(values={"agreement_accepted": "yes"}), "draft_unknown_field"),
        (a_draft(values={"oid": 5}), "draft_value"),
        (a_draft(values={"oid": "1" * 2000}), "draft_value"),
        (a_draft(values={"oid": "\ud800"}), "draft_value"),
    ],
)
def test_a_file_that_is_no_draft_is_refused_in_clear_words(data, code):
    problem = load_draft(data)
    assert isinstance(problem, Problem)
    assert problem.code == code


@given(st.binary(max_size=300))
def test_no_file_breaks_the_loading_of_drafts(data):
    load_draft(data)

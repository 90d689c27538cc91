"""How typed answers are checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.card_application import XCA_KINDS, card_application
from forms.fields import Choice, Field, Form, Section, validate
from forms.kinds import Kind


def a_form(*fields):
    return Form("sample", "範例", "Sample", (Section("all", "全部", "All", fields),))


NAME = Field("name", "姓名", "Name", required=True, max_length=5)


def test_what_was_typed_is_kept_next_to_what_was_understood():
    checked = validate(
        a_form(Field("phone", "電話", "Phone", Kind.PHONE)), {"phone": " ０２－１２３４５６７８ "}
    )
    assert checked.ok
    assert checked.values["phone"] == "02-12345678"
    assert checked.typed["phone"] == " ０２－１２３４５６７８ "


@pytest.mark.parametrize("name", ["𠮷野", "\ufa0a田", "\U0002f804", "王\ue000明", "葛\U000e0101", "Ａlex"])
def test_rare_characters_of_a_name_are_never_altered(name):
    checked = validate(a_form(NAME), {"name": f"　{name} "})
    assert checked.ok
    assert checked.values["name"] == name


def test_accents_are_composed():
    assert validate(a_form(NAME), {"name": "Zoe\u0308"}).values["name"] == "Zo\u00eb"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        ("　", "required"),
        ("王" * 6, "too_long"),
        ("王\x00", "control_character"),
        ("王\u202e明", "control_character"),
        ("王" * 10_000, "too_long"),
    ],
)
def test_a_bad_name_is_refused_with_the_field_named(typed, code):
    (problem,) = validate(a_form(NAME), {"name": typed}).problems
    assert (problem.field, problem.code) == ("name", code)
    assert "姓名" in problem.zh
    assert "Name" in problem.en


def test_a_missing_answer_counts_as_empty_and_an_unknown_one_is_refused():
    assert [p.code for p in validate(a_form(NAME), {}).problems] == ["required"]
    assert [p.code for p in validate(a_form(NAME), {"name": "王", "admin": "1"}).problems] == [
        "unknown_field"
    ]


def test_an_answer_that_is_no_text_is_refused():
    (problem,) = validate(a_form(NAME), {"name": 5}).problems
    assert problem.code == "not_text"


def test_line_breaks_pass_in_long_texts_only():
    remarks = Field("remarks", "備註", "Remarks", Kind.LONG_TEXT)
    assert validate(a_form(remarks), {"remarks": "一\r\n二"}).ok
    assert not validate(a_form(NAME), {"name": "一\n二"}).ok


def test_a_business_number_that_fails_both_rules_is_a_warning_that_may_be_overridden():
    form = a_form(Field("ubn", "統一編號", "UBN", Kind.UBN, max_length=8))
    warned = validate(form, {"ubn": "11223344"})
    assert not warned.ok
    assert not warned.problems
    assert [w.code for w in warned.of("ubn")] == ["ubn_check"]
    confirmed = validate(form, {"ubn": "11223344"}, overridden=frozenset({"ubn"}))
    assert confirmed.ok
    assert confirmed.values["ubn_overridden"] == "ubn_check"


def test_an_override_does_not_excuse_a_wrong_shape_and_is_not_recorded_without_need():
    form = a_form(Field("ubn", "統一編號", "UBN", Kind.UBN, max_length=8))
    assert [p.code for p in validate(form, {"ubn": "1122"}, frozenset({"ubn"})).problems] == ["ubn_shape"]
    assert "ubn_overridden" not in validate(form, {"ubn": "04595257"}, frozenset({"ubn"})).values


@pytest.mark.parametrize(
    ("kind", "good", "understood", "bad"),
    [
        (Kind.DATE, "115年11月20日", "2026-11-20", "115年2月30日"),
        (Kind.YES_NO, "是", "yes", "也許"),
        (Kind.CHECKBOX, "on", "yes", "maybe"),
        (Kind.PERSON_NUMBER, "a123456789", "A123456789", "A123456788"),
        (Kind.OID, "２.16.886.111.100000", "2.16.886.111.100000", "1.2.3"),
        (Kind.CARD_NUMBER, "Xc00000000001168", "Xc00000000001168", "Xc1"),
        (Kind.CASE_NUMBER, "00001 00000 00000 00000 44716", "0000100000000000000044716", "44716"),
        (Kind.POSTAL_CODE, "１００", "100", "1"),
        (Kind.EMAIL, "ａ＠b.tw", "a@b.tw", "王 <a@b.tw>"),
        (Kind.HOUR, "１７", "17", "25"),
        (Kind.AGENCY_CODE, "a09000000e", "A09000000E", "A09"),
        (Kind.UBN, "０４５９５２５７", "04595257", "0459525x"),
    ],
)
def test_each_kind_is_evened_out_and_checked(kind, good, understood, bad):
    form = a_form(Field("it", "欄位", "It", kind))
    assert validate(form, {"it": good}).values["it"] == understood
    assert validate(form, {"it": good}).ok
    (problem,) = validate(form, {"it": bad}).problems
    assert problem.field == "it"
    assert problem.zh != problem.en


def test_a_day_that_was_stored_passes_again_but_other_spellings_do_not():
    form = a_form(Field("day", "日期", "Day", Kind.DATE))
    assert validate(form, {"day": "2026-11-20"}).values["day"] == "2026-11-20"
    assert [p.code for p in validate(form, {"day": "20261120"}).problems] == ["date"]
    assert [p.code for p in validate(form, {"day": "2026-W47-5"}).problems] == ["date"]


def test_a_pick_list_takes_only_its_choices():
    form = a_form(Field("rank", "卡別", "Rank", Kind.CHOICE, choices=(Choice("primary", "正卡", "Primary"),)))
    assert validate(form, {"rank": "primary"}).ok
    assert [p.code for p in validate(form, {"rank": "golden"}).problems] == ["choice"]


def test_a_form_with_two_fields_of_one_name_cannot_be_made():
    with pytest.raises(ValueError, match="two fields"):
        a_form(NAME, NAME)
    with pytest.raises(ValueError, match="choices"):
        a_form(Field("rank", "卡別", "Rank", Kind.CHOICE))


@given(
    st.dictionaries(
        st.sampled_from([f.name for f in card_application(XCA_KINDS, with_oid=False).fields]),
        st.text(max_size=60),
    )
)
def test_no_answers_break_a_form(raw):
    checked = validate(card_application(XCA_KINDS, with_oid=False), raw)
    assert checked.typed == raw
    assert all(problem.zh and problem.en for problem in checked.problems)

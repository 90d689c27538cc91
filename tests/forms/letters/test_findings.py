"""Case numbers and counts of cards in letters."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.letters import read
from forms.letters.findings import Counts, Found, Where, find_case_numbers, read_counts
from forms.letters.letter import Attachment, Paragraph
from forms.letters.numerals import chinese, number_of

A, B, C = "0000100000000000000044716", "0000100000000000000044722", "0400100000000000000015448"


@pytest.fixture
def a_letter(a_parcel):
    """A letter that says nothing but its subject, its explanation and its attachments."""
    blank = replace(read(a_parcel()), paragraphs=(), attachments=())
    return lambda subject="", text="", *attached: replace(
        blank, subject=subject, paragraphs=(Paragraph("說明：", text),), attachments=attached
    )


@pytest.mark.rule("APP-04")
def test_case_numbers_are_found_in_all_the_ways_they_are_written(a_parcel):
    assert [(f.number, f.where) for f in find_case_numbers(read(a_parcel()))] == [
        (A, Where.EXPLANATION),
        (B, Where.EXPLANATION),
        (C, Where.EXPLANATION),
    ]


@pytest.mark.rule("APP-04")
def test_the_model_letter_says_how_many_cards_of_each_rank(a_parcel):
    assert read_counts(read(a_parcel())) == Counts(primary=1, secondary=2, total=3)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (f"流水號{A}號、{B}號", [A, B]),
        (f"{A} {B}", [A, B]),
        ("00001 00000 00000 00000 44716 00001 00000 00000 00000 44722", [A, B]),
        ("00001　00000－00000-00000—44716", [A]),
        (f"3 {A}", [A]),
        (A[:-1], []),
        (A + "1", []),
        (f"3 {A[:-1]}", []),
        ("10058 00001 00000 00000 00000 44716", []),
        ("電話02-12345678", []),
    ],
)
def test_only_digits_that_can_be_cut_in_one_way_are_a_case_number(a_letter, text, numbers):
    assert [found.number for found in find_case_numbers(a_letter("", text))] == numbers


def test_case_numbers_are_found_in_attachments_too(a_letter):
    csv = Attachment("名冊.csv", "text/csv", f"案件\r\n{B}".encode("cp950"))
    pdf = Attachment(f"{A}.pdf", "application/pdf", b"%PDF-")
    found = find_case_numbers(a_letter(A, "", csv, pdf), pdf_text=lambda _: f"案號 {C}")
    assert found == (
        Found(A, Where.SUBJECT),
        Found(B, Where.ATTACHMENT_TEXT, "名冊.csv"),
        Found(A, Where.ATTACHMENT_NAME, f"{A}.pdf"),
        Found(C, Where.ATTACHMENT_TEXT, f"{A}.pdf"),
    )
    assert len(find_case_numbers(a_letter(A, "", csv, pdf))) == 3


@pytest.mark.rule("APP-03")
@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("正卡2張、附卡3張", Counts(2, 3, None)),
        ("申請正卡一張及附卡十二張，共十三份", Counts(1, 12, 13)),
        ("正卡（壹張）、附卡：貳拾張", Counts(1, 20, None)),
        ("２張附卡", Counts(None, 2, None)),
        ("申請書共３份", Counts(None, None, 3)),
        ("正卡□張", Counts(None, None, None)),
        ("正卡1張，另正卡2張", Counts(None, None, None, contradictory=True)),
        ("正卡1張、附卡1張，共5份", Counts(1, 1, 5, contradictory=True)),
        ("附卡4張，共2份", Counts(None, 4, 2, contradictory=True)),
    ],
)
def test_counts_are_read_in_digits_and_numerals_and_contradictions_told(a_letter, text, counts):
    assert read_counts(a_letter("", text)) == counts


def test_the_expected_number_of_forms_is_the_total_or_the_sum():
    assert Counts(1, 2, None).expected == 3
    assert Counts(1, None, 4).expected == 4
    assert Counts(None, None, None).expected is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("十", 10),
        ("二十三", 23),
        ("一百零五", 105),
        ("拾貳", 12),
        ("一〇五", 105),
        ("１２", 12),
        ("兩", 2),
        ("零", 0),
        ("三千", 3000),
    ],
)
def test_numerals_are_read(text, number):
    assert number_of(text) == number


@pytest.mark.parametrize("text", ["", "十百", "二三十", "1十", "張", "十十", "99999", "零十", "²"])
def test_what_is_no_numeral_is_no_number(text):
    assert number_of(text) is None


@given(st.integers(1, 99))
def test_the_numbers_of_items_can_be_read_again(number):
    assert number_of(chinese(number)) == number


def test_items_beyond_ninety_nine_are_refused():
    with pytest.raises(ValueError, match="1 to 99"):
        chinese(100)

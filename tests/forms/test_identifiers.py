"""Golden vectors of Taiwanese identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms import identifiers
from forms.identifiers import PersonNumberKind, UbnVerdict


@pytest.mark.parametrize(
    ("number", "total", "verdict"),
    [
        ("04595257", 40, UbnVerdict.VALID_BOTH),
        ("04595252", 35, UbnVerdict.VALID_NEW_ONLY),
        ("12345675", 39, UbnVerdict.VALID_BOTH),
        ("10458574", 29, UbnVerdict.VALID_BOTH),
        ("82675132", 35, UbnVerdict.VALID_NEW_ONLY),
        ("12345678", 42, UbnVerdict.INVALID),
        ("01234587", 27, UbnVerdict.INVALID),
        ("11223344", 29, UbnVerdict.INVALID),
        ("00000000", 0, UbnVerdict.INVALID),
    ],
)
def test_a_business_number_is_judged_by_both_rules(number, total, verdict):
    assert identifiers.ubn_sum(number) == total
    assert identifiers.ubn_verdict(number) is verdict


@pytest.mark.parametrize("number", ["", "1234567", "123456789", "1234567a", "１２３４５６７５"])
def test_what_is_not_eight_digits_is_no_business_number(number):
    assert identifiers.ubn_verdict(number) is UbnVerdict.INVALID
    with pytest.raises(ValueError, match="eight digits"):
        identifiers.ubn_sum(number)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *(
            (n, PersonNumberKind.NATIONAL)
            for n in ("A123456789", "B123456780", "F131104093", "F123456784", "Z299999992")
        ),
        *((n, PersonNumberKind.RESIDENT) for n in ("A800000014", "A900000016", "A870000015", "A880000018")),
        *(
            (n, PersonNumberKind.RESIDENT_OLD)
            for n in ("AA00000009", "AB12345677", "AC01234567", "BD01234560")
        ),
        ("A123456788", None),
        ("A890000012", None),
        ("A323456789", None),
        ("a123456789", None),
        ("", None),
    ],
)
def test_a_persons_number_is_known_by_shape_and_check_digit(number, kind):
    assert identifiers.person_number_kind(number) is kind


@pytest.mark.rule("OID-07")
@pytest.mark.parametrize(
    "code",
    [
        "A00000000A",
        "301000000A",
        "A01010000C",
        "A09000000E",
        "376410000A",
        "379100000G",
        "397000000A",
        "371020000A",
        "379051000U",
    ],
)
def test_real_agency_codes_have_the_usual_shape(code):
    assert identifiers.is_agency_code(code)
    assert identifiers.is_usual_agency_code(code)


def test_a_company_in_the_exchange_has_an_unusual_code():
    assert identifiers.is_agency_code("EB04595257")
    assert not identifiers.is_usual_agency_code("EB04595257")
    assert not identifiers.is_agency_code("A0000000A")


@pytest.mark.parametrize("oid", ["2.16.886.111.100000", "2.16.886.101.20003.20001", "2.16.886.104.100288"])
def test_an_oid_of_taiwan_is_digits_and_dots_below_its_arc(oid):
    assert identifiers.is_taiwan_oid(oid)


@pytest.mark.parametrize(
    "oid",
    [
        "",
        "2",
        "2.",
        ".2",
        "2.16.886.",
        "2.16..886",
        "3.1",
        "1.40",
        "2.16.0886",
        "2.16.886.臺",
        "2.16.886." + "1" * 200,
    ],
)
def test_what_is_not_digits_and_dots_is_no_oid(oid):
    assert not identifiers.is_oid(oid)


def test_an_oid_of_elsewhere_is_not_of_taiwan():
    assert identifiers.is_oid("1.3.6.1.4.1")
    assert not identifiers.is_taiwan_oid("1.3.6.1.4.1")
    assert not identifiers.is_taiwan_oid("2.16.8861.1")


def test_card_numbers_are_compared_without_regard_to_case():
    assert identifiers.is_card_number("Xc00000000001168")
    assert identifiers.same_card_number("Xc00000000001168", "XC00000000001168")
    assert not identifiers.same_card_number("Xc00000000001168", "Xc00000000001169")
    assert not identifiers.same_card_number("nonsense", "nonsense")


def test_a_case_number_has_twenty_five_digits():
    assert identifiers.is_case_number("0000100000000000000044716")
    assert not identifiers.is_case_number("000010000000000000044716")


@pytest.mark.parametrize("text", ["100", "10058", "100058"])
def test_postal_codes_have_three_five_or_six_digits(text):
    assert identifiers.is_postal_code(text)
    assert not identifiers.is_postal_code(text + "12345")
    assert not identifiers.is_postal_code("1005")


@pytest.mark.parametrize("text", ["123@123.tw", "a.b+c@mail.example.gov.tw", "x@xn--kpry57d.tw"])
def test_a_plain_address_is_an_email(text):
    assert identifiers.is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "@", "a@", "@b.tw", "a@b", "a@@b.tw", "a b@c.tw", ".a@b.tw", "a..b@c.tw", "王<a@b.tw>", "王@b.tw", '"a b"@c.tw',
        "a@[10.0.0.1]", "a@10.0.0.1", "a@-b.tw", "a@b-.tw", "a@b..tw", "a@b.tw\n", "a@b.tw, c@d.tw", "a" * 65 + "@b.tw",
        "a@" + "b." * 130 + "tw", "a@ｂ.tw",
    ],
)  # fmt: skip
def test_anything_but_one_plain_address_is_no_email(text):
    assert not identifiers.is_email(text)


@pytest.mark.parametrize(
    "text", ["02-12345678", "(02)1234-5678#12", "+886 2 1234 5678", "0912345678", "049-2391234轉101"]
)
def test_telephone_numbers_are_taken_as_people_write_them(text):
    assert identifiers.is_phone(text)


@pytest.mark.parametrize("text", ["", "123", "電話", "02-1234567a", "-----------", "1" * 30, "02-12345678#"])
def test_what_is_no_telephone_number_is_refused(text):
    assert not identifiers.is_phone(text)


@given(st.text(max_size=40))
def test_no_text_breaks_a_check(text):
    checks = (
        identifiers.ubn_verdict, identifiers.person_number_kind, identifiers.is_agency_code, identifiers.is_oid,
        identifiers.is_card_number, identifiers.is_case_number, identifiers.is_email, identifiers.is_phone,
    )  # fmt: skip
    for check in checks:
        check(text)


@given(st.integers(min_value=1, max_value=99_999_999))
def test_what_passes_the_old_rule_passes_the_new_one(number):
    text = f"{number:08}"
    if identifiers.ubn_sum(text) % 10 == 0:
        assert identifiers.ubn_verdict(text) is UbnVerdict.VALID_BOTH

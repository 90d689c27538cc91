"""Counties, districts and postal codes."""

import pytest

from forms import postal


def test_the_table_has_22_counties_and_368_districts():
    assert len(postal.counties()) == 22
    assert sum(len(postal.districts(county)) for county in postal.counties()) == 368


@pytest.mark.parametrize(
    ("county", "district", "code"),
    [
        ("基隆市", "七堵區", "206"),
        ("台北市", "士林區", "111"),
        ("臺北市", "士林區", "111"),
        ("台北縣", "板橋市", "220"),
        ("台東縣", "臺東市", "950"),
        ("桃園縣", "平鎮市", "324"),
        ("臺中縣", "豐原市", "420"),
        ("新竹市", "香山區", "300"),
        ("嘉義市", "西區", "600"),
    ],
)
def test_old_names_and_both_spellings_of_tai_are_understood(county, district, code):
    assert postal.code_of(county, district) == code
    assert postal.check(county, district, code) == ()


def test_a_town_of_a_county_is_not_taken_for_a_district():
    with pytest.raises(postal.UnknownPlaceError):
        postal.district_name("新竹縣", "竹北區")


@pytest.mark.parametrize("code", ["11101", "111012", "１１１"])
def test_longer_and_full_width_codes_of_the_district_pass(code):
    assert postal.check("臺北市", "士林區", code) == ()


@pytest.mark.parametrize(
    ("county", "district", "code", "problem"),
    [
        ("東京都", "士林區", "111", "unknown_county"),
        ("臺北市", "七堵區", "206", "unknown_district"),
        ("臺北市", "", "206", "unknown_district"),
        ("臺北市", "士林區", "11", "postal_shape"),
        ("臺北市", "士林區", "206", "postal_mismatch"),
    ],
)
def test_a_wrong_address_is_told_what_would_be_right(county, district, code, problem):
    (found,) = postal.check(county, district, code)
    assert found.code == problem
    assert found.zh
    assert found.en

"""ROC dates on paper."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.rocdate import RocDateError, ShortStyle, parse_roc, roc_compact, roc_long, roc_short, roc_year

DAY = date(2026, 11, 20)


def test_a_letter_writes_the_full_roc_date():
    assert roc_long(DAY) == "中華民國115年11月20日"
    assert roc_short(DAY) == "115年11月20日"
    assert roc_short(DAY, ShortStyle.SLASHES) == "115/11/20"
    assert roc_compact(DAY) == "1151120"
    assert roc_year(DAY) == 115


def test_days_before_the_republic_are_counted_backwards():
    assert roc_long(date(1911, 10, 10)) == "中華民國前1年10月10日"
    assert roc_short(date(1911, 10, 10), ShortStyle.SLASHES) == "民國前1年10月10日"
    with pytest.raises(RocDateError):
        roc_compact(date(1911, 10, 10))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("民國99年6月17日", date(2010, 6, 17)),
        ("中華民國 115 年 11 月 20 日", DAY),
        ("１１５年１１月２０日", DAY),
        ("115/11/20", DAY),
        ("115.11.20", DAY),
        ("１１５／１１／２０", DAY),
        ("1151120", DAY),
        ("990617", date(2010, 6, 17)),
        ("民國前2年1月1日", date(1910, 1, 1)),
        ("民國113年2月29日", date(2024, 2, 29)),
    ],
)
def test_each_shape_of_a_roc_date_is_read(text, day):
    assert parse_roc(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "昨天",
        "115/11-20",
        "2026-11-20",
        "115年2月29日",
        "0年1月1日",
        "000/01/01",
        "9" * 5000,
        "115年13月1日",
        "前9999年1月1日",
    ],
)
def test_a_text_that_is_no_day_is_refused_in_two_languages(text):
    with pytest.raises(RocDateError) as refusal:
        parse_roc(text)
    assert refusal.value.zh
    assert refusal.value.en


@given(st.dates())
def test_any_day_comes_back_from_its_long_form(day):
    assert parse_roc(roc_long(day)) == day


@given(st.dates(min_value=date(1912, 1, 1), max_value=date(2910, 12, 31)))
def test_any_day_of_the_republic_comes_back_from_its_short_forms(day):
    texts = (roc_short(day), roc_short(day, ShortStyle.SLASHES), roc_compact(day))
    assert [parse_roc(text) for text in texts] == [day] * 3


@given(st.text(max_size=80))
def test_any_text_is_a_day_or_refused(text):
    with suppress(RocDateError):
        assert isinstance(parse_roc(text), date)

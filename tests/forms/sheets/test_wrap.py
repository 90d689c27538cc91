import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.sheets.wrap import CLOSING, OPENING, wrap

MIXED = st.text(st.sampled_from("中文字abc12 ，。（）「」@.\n　"), max_size=80)


@given(text=MIXED, width=st.integers(1, 20))
def test_no_line_is_too_wide_and_nothing_but_spaces_is_lost(text, width):
    lines = wrap(text, width, len)
    assert max(map(len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize("width", range(4, 12))
def test_punctuation_stands_on_the_right_side_of_a_break(width):
    lines = wrap("申請書一式兩份，一份（正本）送交窗口，另一份「副本」請自行收執。", width, len)
    assert not any(line[0] in CLOSING for line in lines)
    assert not any(line[-1] in OPENING for line in lines)


def test_a_word_that_fits_a_line_is_not_broken():
    assert wrap("電子郵件 test@test.tw 請查收", 12, len) == ["電子郵件", "test@test.tw", "請查收"]

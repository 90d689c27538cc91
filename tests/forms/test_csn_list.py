"""The card maker's list is read whole, or refused with the lines that are wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.csn_list import MOST, BadList, ListedBox, read_csn_list


def lines_of(text, **given_):
    with pytest.raises(BadList) as caught:
        read_csn_list(text, **given_)
    return {one.line: one.en for one in caught.value.problems}


def test_a_table_names_boxes_by_ranges_and_by_single_cards():
    text = "\ufeff訂單編號,盒號,起號,迄號\r\nA7,1,0000000A,0000000C\r\n# 備註\r\nA7,2,00000010,\r\n\r\nA7,1,0000000d,"
    assert read_csn_list(text) == (
        ListedBox("A7", "1", ((2, "0000000a"), (2, "0000000b"), (2, "0000000c"), (6, "0000000d"))),
        ListedBox("A7", "2", ((4, "00000010"),)),
    )


@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_heads_may_stand_in_any_order_and_between_any_usual_signs(sign):
    text = sign.join(("csn", "note", "box")) + "\n" + sign.join(("aabbccdd", "x", "9"))
    assert read_csn_list(text, order="A7") == (ListedBox("A7", "9", ((2, "aabbccdd"),)),)


def test_a_plain_list_belongs_to_the_box_that_was_given():
    text = "AABBCCDD, 測試\n00000001..00000003\n"
    (box,) = read_csn_list(text, "A7", "B1")
    assert [csn for _line, csn in box.cards] == ["aabbccdd", "00000001", "00000002", "00000003"]


def test_each_bad_line_is_named():
    text = "zz\n00000002..00000001\n00000005\n00000004..00000006\n0000001..00000002\n"
    assert lines_of(text, order="A", box="1") == {
        1: "zz is no serial number of 8 to 64 hex digits",
        2: "first and last differ in length or order",
        4: "00000005 stands in line 3 already",
        5: "0000001 is no serial number of 8 to 64 hex digits",
    }
    assert "order number" in lines_of("aabbccdd")[1]
    assert lines_of("# nothing\n\n", order="A", box="1")[0] == "the list names no card"
    assert str(MOST) in lines_of("00000000..ffffffff", order="A", box="1")[1]


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet="0123456789abcdefZ.,;\t\n\r\"'# \ufeff盒號csnbox訂單", max_size=120)
    | st.text(max_size=60)
)
def test_any_text_is_read_or_refused_by_line(text):
    try:
        boxes = read_csn_list(text, "A7", "B1")
    except BadList as error:
        named = [one.line for one in error.problems]
        boxes = ()
    else:
        named = []
    csns = [csn for box in boxes for _line, csn in box.cards]
    assert bool(csns) != bool(named)
    assert len(set(csns)) == len(csns) <= MOST


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 300), st.integers(11, 20))
def test_a_range_names_each_number_once_in_order(start, count, width):
    (box,) = read_csn_list(f"{start:0{width}x}..{start + count - 1:0{width}x}", "A", "1")
    assert [int(csn, 16) for _line, csn in box.cards] == list(range(start, start + count))

"""Canonical bytes of a value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.canonical import NotCanonicalError, canonical_json, sha256_hex

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def test_keys_are_sorted_and_chinese_is_utf8():
    assert (
        canonical_json({"b": (1, None), "a": {"z": True, "y": "關防"}})
        == '{"a":{"y":"關防","z":true},"b":[1,null]}'.encode()
    )


def test_two_spellings_that_look_alike_are_two_values():
    assert canonical_json("\u00eb") != canonical_json("e\u0308")


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), {1: "a"}, {"a": {1}}, b"x", "\ud800", {"\ud800": 1}, [object()]]
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(NotCanonicalError):
        canonical_json(value)


def test_a_value_that_holds_itself_is_refused():
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(NotCanonicalError):
        canonical_json(ring)


@given(VALUES)
def test_the_bytes_say_the_value_and_the_value_the_bytes(value):
    data = canonical_json(value)
    assert json.loads(data) == value
    assert canonical_json(json.loads(data)) == data


def test_the_digest_is_sha_256():
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

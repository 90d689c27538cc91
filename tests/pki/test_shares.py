"""Secrets shared among people: m of n of them have it, fewer know nothing, and a bad share is called by its name."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pki.errors import ShareRefusedError
from pki.shares import Cost, SealedShare, SplitPlan, combine, open_share, seal, split, wipe

SECRET = b"the PIN of a token"
PASSPHRASE = "a passphrase of one's own"
QUICK = Cost(memory=64, passes=1, lanes=1)


def made(secret: bytes = SECRET, threshold: int = 2, count: int = 3):
    return split(secret, SplitPlan("activation", threshold, count))


def sealed(index: int = 0) -> SealedShare:
    return seal(made()[index], "officer1", PASSPHRASE, QUICK)


def refused(code: str):
    return pytest.raises(ShareRefusedError, match=code)


@given(st.binary(min_size=1, max_size=200), st.integers(2, 5), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_any_m_of_n_shares_make_the_secret(secret, threshold, more):
    shares = split(secret, SplitPlan("activation", threshold, threshold + more))
    for chosen in list(combinations(shares, threshold))[:6]:
        assert combine(chosen) == secret
    with refused("too_few"):
        combine(shares[: threshold - 1])


def test_a_share_goes_through_its_holders_passphrase_and_through_text():
    shares = [
        open_share(SealedShare.from_text(seal(one, "officer", PASSPHRASE, QUICK).to_text()), PASSPHRASE)
        for one in made()
    ]
    assert combine(shares[1:]) == SECRET


def test_the_default_cost_opens_too():
    share = made()[0]
    assert open_share(seal(share, "officer1", PASSPHRASE), PASSPHRASE) == share


def test_another_passphrase_opens_nothing():
    with refused("passphrase"):
        open_share(sealed(), PASSPHRASE + "!")


@pytest.mark.parametrize("passphrase", ["", "short"])
def test_a_share_is_not_sealed_under_a_short_passphrase(passphrase):
    with refused("short"):
        seal(made()[0], "officer1", passphrase, QUICK)


def test_a_share_of_another_set_is_foreign():
    first, other = made(), made()
    with refused("foreign"):
        combine([first[0], other[1]])
    with refused("foreign"):
        combine(first, set_id=other[0].set.id)


def test_the_same_share_twice_is_repeated():
    first = made()[0]
    with refused("repeated"):
        combine([first, first])


def test_a_share_passed_off_under_another_number_makes_no_secret():
    first, second, _ = made()
    with refused("damaged"):
        combine([first, replace(second, words=first.words)])


def test_an_altered_envelope_makes_no_secret():
    shared = replace(made()[0].set, envelope=bytes(100))
    with refused("damaged"):
        combine([replace(one, set=shared) for one in made()])


@pytest.mark.parametrize("field", ["holder", "index", "threshold", "set"])
def test_what_a_share_says_openly_can_not_be_changed(field):
    share = sealed()
    other = {"holder": "officer2", "index": 2}
    shared = {"threshold": 3, "set": "0" * 32}
    if field in other:
        forged = replace(share, **{field: other[field]})
    else:
        forged = replace(share, set=replace(share.set, **{{"set": "id"}.get(field, field): shared[field]}))
    with refused("passphrase"):
        open_share(SealedShare.from_text(forged.to_text()), PASSPHRASE)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damage_is_told_from_a_wrong_passphrase(data):
    place = data.draw(st.integers(0, len(TEXT) - 1).filter(lambda one: TEXT[one].isalnum()))
    character = data.draw(st.sampled_from("0123456789abcdefXYZ").filter(lambda one: one != TEXT[place]))
    with refused("damaged"):
        SealedShare.from_text(TEXT[:place] + character + TEXT[place + 1 :])


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "1", "[" * 9_000, '{"check": 1}', "x" * 20_000])
def test_what_is_no_share_is_damaged(text):
    with refused("damaged"):
        SealedShare.from_text(text)


def test_a_share_does_not_ask_its_reader_for_all_memory():
    dear = seal(made()[0], "officer1", PASSPHRASE, QUICK)
    with refused("damaged"):
        SealedShare.from_text(replace(dear, cost=Cost(memory=1 << 30)).to_text())


@pytest.mark.parametrize(("threshold", "count"), [(1, 1), (1, 3), (3, 2), (2, 17)])
def test_a_secret_is_never_one_persons(threshold, count):
    with refused("plan"):
        SplitPlan("activation", threshold, count)


@pytest.mark.parametrize("secret", [b"", bytes(1025)])
def test_a_secret_has_a_sensible_length(secret):
    with refused("secret"):
        split(secret, SplitPlan("activation"))


def test_no_text_for_people_holds_the_secret():
    share = made()[0]
    shut = seal(share, "officer1", PASSPHRASE, QUICK)
    assert share.words not in repr(share)
    assert share.words not in shut.to_text()
    assert set(json.loads(shut.to_text())) >= {"set", "index", "threshold", "holder", "check"}


def test_a_wiped_secret_is_gone():
    secret = combine(made())
    wipe(secret)
    assert secret == bytes(len(SECRET))


TEXT = sealed().to_text()

from __future__ import annotations

from math import gcd, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pki.batch_gcd import SharedFactor, batch_gcd, shared_factors

PRIMES = (1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051, 1061)
MODULI = st.lists(st.integers(2, 1 << 64), max_size=40)


def test_two_moduli_with_a_common_prime_betray_each_other() -> None:
    p, q, r, s, t = PRIMES[:5]
    assert shared_factors([p * q, r * s, p * t]) == (SharedFactor(0, p), SharedFactor(2, p))


def test_sound_moduli_share_nothing() -> None:
    assert shared_factors([PRIMES[0] * PRIMES[1], PRIMES[2] * PRIMES[3], PRIMES[4] * PRIMES[5]]) == ()


def test_the_same_modulus_twice_is_found() -> None:
    n = PRIMES[0] * PRIMES[1]
    assert shared_factors([n, PRIMES[2] * PRIMES[3], n]) == (SharedFactor(0, n), SharedFactor(2, n))


def test_no_moduli_and_one_modulus_share_nothing() -> None:
    assert shared_factors([]) == ()
    assert shared_factors([15]) == ()


@pytest.mark.parametrize("wrong", [1, 0, -7])
def test_what_is_no_modulus_is_refused(wrong: int) -> None:
    with pytest.raises(ValueError, match="above 1"):
        shared_factors([15, wrong])


@given(MODULI)
def test_the_trees_agree_with_the_definition(moduli: list[int]) -> None:
    expected = tuple(gcd(n, prod(moduli[:place] + moduli[place + 1 :])) for place, n in enumerate(moduli))
    assert batch_gcd(moduli) == (expected if len(moduli) > 1 else tuple(1 for _ in moduli))


def test_one_pair_among_hundreds_of_keys_is_found() -> None:
    # Distinct odd powers of two less one that share no factor stand in for moduli nobody has to generate.
    moduli = [(1 << exponent) - 1 for exponent in range(101, 2000) if _is_prime(exponent)]
    moduli[17] *= 1_000_000_007
    moduli[201] *= 1_000_000_007
    assert [found.place for found in shared_factors(moduli)] == [17, 201]


def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))

"""Find RSA moduli that share a prime: all of them against all others at once.

Keys made with too little randomness share primes, and two moduli that share one are both factored by a greatest
common divisor. In 2013, 184 keys of Taiwanese citizen cards were found so (ePrint 2013/599). Comparing every pair grows with the square of
their number; a tree of products and a tree of remainders (Bernstein, "How to find smooth parts of integers", 2004;
Heninger et al., "Mining your Ps and Qs", 2012) take all at once. Fast multiplication of huge numbers is what makes it
feasible, and comes from GMP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gmpy2

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class SharedFactor:
    """A modulus, by its place in what was given, that shares `factor` with another one.

    The factor is the modulus itself when it shares both primes, as when the same modulus stands twice.
    """

    place: int
    factor: int


def shared_factors(moduli: Sequence[int]) -> tuple[SharedFactor, ...]:
    """Return every modulus that shares a factor with another, in the order given.

    Refuses numbers below 2 with ValueError. Time grows little faster than the number of moduli, memory with their total
    size times the depth of the tree: a hundred thousand of 2048 bits want about half a gigabyte.
    """
    if any(modulus <= 1 for modulus in moduli):
        raise ValueError("a modulus is a number above 1")
    return tuple(SharedFactor(place, factor) for place, factor in enumerate(batch_gcd(moduli)) if factor > 1)


def batch_gcd(moduli: Sequence[int]) -> tuple[int, ...]:
    """Return for each modulus its greatest common divisor with the product of all others; 1 where it shares nothing."""
    if not moduli:
        return ()
    levels = _product_tree(moduli)
    remainders = levels.pop()
    while levels:
        level = levels.pop()
        remainders = [remainders[number // 2] % (product * product) for number, product in enumerate(level)]
    return tuple(
        int(gmpy2.gcd(remainder // modulus, modulus))
        for remainder, modulus in zip(remainders, map(gmpy2.mpz, moduli), strict=True)
    )


def _product_tree(moduli: Sequence[int]) -> list[list[gmpy2.mpz]]:
    """Return the levels of products of pairs, from the moduli to the product of all."""
    levels = [[gmpy2.mpz(modulus) for modulus in moduli]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        odd = below[-1:] if len(below) % 2 else []
        levels.append([*(left * right for left, right in pairs), *odd])
    return levels

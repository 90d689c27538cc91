"""How long it takes to compare 100,000 RSA moduli of 2048 bits with one another for shared primes.

The moduli are random odd numbers: the trees do not look at what they multiply, so the time is that of real ones. The
same run compares a sample pair by pair, as one would without trees, and tells what all pairs would take.
Run: python bench/batch_gcd.py [how many]
"""

import json
import resource
import secrets
import sys
import time
from itertools import combinations
from math import gcd

from pki.batch_gcd import batch_gcd

BITS = 2048
SAMPLE = 400


def seconds(action: object, *arguments: object) -> float:
    """Run something once and return how long it took."""
    begin = time.perf_counter()
    action(*arguments)  # type: ignore[operator]
    return time.perf_counter() - begin


def pair_by_pair(moduli: list[int]) -> None:
    """Compare every pair."""
    for left, right in combinations(moduli, 2):
        gcd(left, right)


def main() -> None:
    """Measure and print one line of JSON a figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    moduli = [secrets.randbits(BITS) | 1 << (BITS - 1) | 1 for _ in range(count)]
    took = seconds(batch_gcd, moduli)
    pairs = seconds(pair_by_pair, moduli[:SAMPLE]) / (SAMPLE * (SAMPLE - 1)) * count * (count - 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = (
        {"name": "batch_gcd", "value": round(took, 1), "unit": "s", "ratio": round(pairs / took, 1)},
        {"name": "batch_gcd_memory", "value": round(peak), "unit": "MB", "ratio": None},
    )
    for figure in figures:
        print(json.dumps(figure | {"against": f"{count} moduli pair by pair, extrapolated from {SAMPLE}"}))


if __name__ == "__main__":
    main()

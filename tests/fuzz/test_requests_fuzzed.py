"""Fifty thousand mutated certification requests; `make fuzz` runs more."""

from __future__ import annotations

import pytest

from tests.fuzz import signing_requests

EACH = 25_000


# Two runs, so that two processes may share them.
@pytest.mark.parametrize("seed", [signing_requests.SEED, signing_requests.SEED + 1])
def test_mutated_requests_are_judged_and_never_break_the_gate(seed: int) -> None:
    tally = signing_requests.run(EACH, seed)
    assert tally.broken == []
    assert sum(tally.codes.values()) >= EACH
    # The mutations reach the far ends of the gate, not only the reader.
    wanted = {
        "accepted", "csr.unreadable", "csr.possession", "csr.ip_address", "csr.name_unreadable", "csr.version",
        "csr.signature_algorithm", "csr.domain_count", "csr.extensions", "key.kind", "key.unreadable", "key.encoding",
    }  # fmt: skip
    assert wanted <= set(tally.codes)


def test_a_seed_gives_the_same_outcomes_again() -> None:
    first, second = signing_requests.run(300, seed=7), signing_requests.run(300, seed=7)
    assert first.codes == second.codes

"""A sample of the fuzzing run: `make fuzz` runs all of it."""

from __future__ import annotations

from tests.fuzz import signing_requests


def test_mutated_requests_are_judged_and_never_break_the_gate() -> None:
    tally = signing_requests.run(2_500)
    assert tally.broken == []
    # The mutations reach the far ends of the gate, not only the reader.
    wanted = {
        "accepted", "csr.unreadable", "csr.possession", "csr.ip_address", "csr.name_unreadable", "csr.version",
        "csr.signature_algorithm", "csr.domain_count", "csr.extensions", "key.kind", "key.unreadable", "key.encoding",
    }  # fmt: skip
    assert wanted <= set(tally.codes)


def test_a_seed_gives_the_same_outcomes_again() -> None:
    first, second = signing_requests.run(300, seed=7), signing_requests.run(300, seed=7)
    assert first.codes == second.codes

"""Fifty thousand mutated OCSP requests, and as many paths; `make fuzz` runs more."""

from __future__ import annotations

import pytest

from tests.fuzz.ocsp_requests import run

REQUESTS = 50_000


@pytest.mark.rule("CRL-05")
def test_every_mutated_request_is_answered():
    judged = run(REQUESTS, seed=20261121)
    assert sum(judged.values()) == 2 * REQUESTS
    assert min(judged[way] for way in ("malformed", "answered", "malformed path", "decoded path")) > 1_000

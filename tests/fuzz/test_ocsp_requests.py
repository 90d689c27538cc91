from __future__ import annotations

import pytest

from tests.fuzz.ocsp_requests import run


@pytest.mark.rule("CRL-05")
def test_every_mutated_request_is_answered():
    judged = run(4_000, seed=20261121)
    assert sum(judged.values()) == 8_000
    assert min(judged[way] for way in ("malformed", "answered", "malformed path", "decoded path")) > 50

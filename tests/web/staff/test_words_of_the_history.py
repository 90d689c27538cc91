"""The history of a case calls every step by words that people use."""

from __future__ import annotations

import pytest

from web.actions import words_of
from workflow.machine import TABLES

TRIGGERS = sorted({row.trigger for table in TABLES.values() for row in table.rows})


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_no_step_is_called_by_its_bare_name(trigger):
    zh, en = words_of(trigger)
    assert zh != trigger
    assert not zh.isascii()
    assert "_" not in en

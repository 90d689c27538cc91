"""The house rules hold in every room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.house import checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Check = Callable[[checks.Source], Iterator[checks.Finding]]

ROOT = Path(__file__).resolve().parents[2]


def _report(findings: list[checks.Finding]) -> str:
    return "\n" + "\n".join(map(str, findings))


@pytest.mark.parametrize("check", checks.PYTHON_CHECKS, ids=lambda check: check.__name__)
def test_the_rooms_keep_the_house_rules(check: Check) -> None:
    findings = [finding for source in checks.python_sources(ROOT) for finding in check(source)]
    assert not findings, _report(findings)


@pytest.mark.parametrize("check", checks.TEMPLATE_CHECKS, ids=lambda check: check.__name__)
def test_the_templates_keep_the_house_rules(check: Check) -> None:
    findings = [finding for source in checks.templates(ROOT) for finding in check(source)]
    assert not findings, _report(findings)


def test_every_exemption_gives_its_reason() -> None:
    lists = (checks.MAY_READ_THE_CLOCK, checks.MAY_COMMIT, checks.MAY_CATCH_EVERYTHING, checks.MAY_BE_LONG)
    assert all(reason for places in lists for reason in places.values())

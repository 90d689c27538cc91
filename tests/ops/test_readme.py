"""The README names every setting, in both languages."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ops.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["README.md", "README.zh-TW.md"])
def test_every_setting_is_explained_in_the_readme(name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    assert [one.name for one in fields(Settings) if f"`GUANFANG_{one.name.upper()}`" not in page] == []

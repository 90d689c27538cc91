"""Add cases: what stood in the house's tables stays, forwards and back."""

from __future__ import annotations

from tests.migrations.added_tables import Downgrade, Upgrade

__all__ = ["Downgrade", "Upgrade"]

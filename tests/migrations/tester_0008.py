"""Add the feed of status changes: all other rows stay as they were, forwards and back."""

from __future__ import annotations

from tests.migrations.added_tables import Downgrade, Upgrade

__all__ = ["Downgrade", "Upgrade"]

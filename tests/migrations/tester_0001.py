"""Begin the registry: from nothing to the first tables, and back to nothing."""

from __future__ import annotations

from tests.migrations.added_tables import Downgrade, Upgrade

__all__ = ["Downgrade", "Upgrade"]

"""Know forms that come twice: everything else stays as it was, forwards and back."""

from __future__ import annotations

from tests.migrations.added_tables import Downgrade, Upgrade

__all__ = ["Downgrade", "Upgrade"]

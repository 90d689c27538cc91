"""How the card stock is kept: no source says more than that the card centre accounts for its cards (CRD-01, CRD-02)."""

from __future__ import annotations

from typing import Final

from workflow.policy import Sourced

UNCLOSED_DAYS: Final = Sourced(3, (), "not said: a weekend and a day may pass before cards are made again")
"""Days for which the account of a place may stay open; after them no card is begun until it is closed."""

"""How long work on a key may take before it must have been broken off."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

KEY_IS_MADE_WITHIN: Final = timedelta(hours=1)
"""From the intent of a key to its record. Ours: a module makes an RSA-4096 key in minutes at worst, its certificate and
record follow within seconds, and a process that can't reach the module gives up well before. What is on no record after
an hour was killed; nobody may take it for dead, and clear it away, before."""

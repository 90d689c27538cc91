"""The shape of what a conversation with a card comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from workflow.errors import Refused


@dataclass(frozen=True)
class Conclusion:
    """The answer, which card and case it is about, and how long it holds beyond the conversation."""

    answer: Mapping[str, Any] = field(repr=False)
    csn: str
    case_id: int | None = None
    holds: timedelta | None = None
    refusal: Refused | None = None
    """What ends the conversation instead; what was counted or audited stays."""

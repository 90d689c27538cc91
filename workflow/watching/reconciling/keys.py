"""Keys of the house that were to be made and came to no record (ROL-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.commands_of_watches import Found
from workflow.policies.key_work import KEY_IS_MADE_WITHIN
from workflow.views.keys import unfinished_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import sqlalchemy as sa


def key_faults(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    """Give every key that was written down and neither came on record nor was cleared away."""
    for one in unfinished_keys(connection, now - KEY_IS_MADE_WITHIN):
        yield Found(
            code="keys.unfinished",
            subject=one.label,
            zh=f"金鑰 {one.label} 未登錄即中斷，可能仍在「{one.place}」，請以 guanfang keys clear {one.number} 清除。",
            en=f"The key {one.label} never came on record and may still lie in {one.place}."
            f" Clear it away with `guanfang keys clear {one.number}`.",
            rows=(f"key_intent:{one.number}",),
        )

"""The clocks: the only module that asks the machine what time it is.

Everything else is given a clock. The demonstration's clock runs ahead by an offset that lies in the database, so that
all processes leap together when somebody moves it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.database import clock_offset

if TYPE_CHECKING:
    from ops.database import Engine
    from workflow.ports import Clock


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.now(UTC)


class DemoClock:
    """Real time and the offset in the database.

    The offset is read each time, not remembered: a moved clock shows at once, and a second clock reading the row costs
    a tenth of a millisecond.
    """

    def __init__(self, engine: Engine, wall: Clock) -> None:
        self._engine = engine
        self._wall = wall

    def now(self) -> datetime:
        """Return the demonstration's moment, aware, in UTC."""
        return self._wall.now() + timedelta(seconds=clock_offset(self._engine))

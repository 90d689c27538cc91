"""The database as the operator sees it: opening, migrating and measuring it, and the first load.

The command line, the worker, the wiring and the tests call it. It is the one place in `ops` that writes SQL. Nothing
of a case is ever changed here: that goes through `workflow.handlers`.
"""

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError as DatabaseError

from ops.database.measures import Measures, clock_offset, measure
from ops.database.migrating import (
    MigrationError,
    current_revision,
    downgrade,
    head_revision,
    is_current,
    pending,
    upgrade,
)
from workflow.store.database import address_with, open_engine

__all__ = [
    "DatabaseError",
    "Engine",
    "Measures",
    "MigrationError",
    "address_with",
    "clock_offset",
    "current_revision",
    "downgrade",
    "head_revision",
    "is_current",
    "measure",
    "open_engine",
    "pending",
    "upgrade",
]

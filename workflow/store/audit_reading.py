"""Reads the audit log, the history and the cases as one consistent whole, row by row, for export and verification."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from workflow.store import schema as t
from workflow.store.sealing import REACH

__all__ = [
    "Engine",
    "Reading",
    "snapshot",
]

_BATCH = 1000
_E, _L, _P, _H, _C = t.audit_entry.c, t.audit_leaf.c, t.audit_checkpoint.c, t.history.c, t.case.c

Rows = Iterator[sa.Row[Any]]


class Reading:
    """One moment of the database. Each method streams its rows, so that a log of any length fits into memory."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._results: list[sa.CursorResult[Any]] = []

    def _rows(self, query: sa.Select[Any]) -> Rows:
        result = self._connection.execute(query)
        self._results.append(result)
        return iter(result)

    def close(self) -> None:
        """Close what was not read to its end."""
        for result in self._results:
            result.close()

    def leaves(self) -> Rows:
        """Return each leaf with its entry, whose `id` is None when it is missing, in the order of the tree."""
        columns = (_L.leaf_index, _L.entry_id, _L.leaf_hash, t.audit_entry)
        joined = t.audit_leaf.outerjoin(t.audit_entry, _E.id == _L.entry_id)
        return self._rows(sa.select(*columns).select_from(joined).order_by(_L.leaf_index))

    def checkpoints(self, above: int = 0) -> Rows:
        """Return the checkpoints of more than `above` entries, smallest first."""
        return self._rows(sa.select(t.audit_checkpoint).where(_P.size > above).order_by(_P.size))

    def checkpoint(self, size: int) -> sa.Row[Any] | None:
        """Return the checkpoint of a size."""
        return self._connection.execute(sa.select(t.audit_checkpoint).where(_P.size == size)).first()

    def unsealed(self) -> Rows:
        """Return the entries without a leaf, oldest id first; `left_behind` tells those that no round will find."""
        highest = self._connection.execute(sa.select(sa.func.max(_L.entry_id))).scalar() or 0
        sealed = sa.select(_L.entry_id).where(_L.entry_id == _E.id).correlate(t.audit_entry)
        behind = (_E.id < highest - REACH).label("left_behind")
        return self._rows(sa.select(t.audit_entry, behind).where(~sealed.exists()).order_by(_E.id))

    def steps(self) -> Rows:
        """Return each row of the history with the entries that bear its case and version, one row an entry."""
        joined = t.history.outerjoin(
            t.audit_entry, sa.and_(_E.case_id == _H.case_id, _E.case_version == _H.version)
        ).outerjoin(t.case, _C.id == _H.case_id)
        columns = (
            t.history, _E.id.label("entry_id"), _E.body.label("body"), _E.kind.label("kind"),
            _C.id.label("case_row"), _C.number.label("number"),
        )  # fmt: skip
        return self._rows(sa.select(*columns).select_from(joined).order_by(_H.case_id, _H.version, _E.id))

    def entries_without_history(self) -> Rows:
        """Return the entries about a version of a case that the history does not know."""
        known = (
            sa.select(_H.id)
            .where(_H.case_id == _E.case_id, _H.version == _E.case_version)
            .correlate(t.audit_entry)
        )
        return self._rows(
            sa.select(t.audit_entry).where(_E.case_id.is_not(None), ~known.exists()).order_by(_E.id)
        )

    def cases_off_their_history(self) -> Rows:
        """Return the cases whose state or version isn't that of their last step, with that step.

        A case without steps is one only when it claims a version; `step_version` and `step_state` are None then.
        """
        last = sa.select(_H.case_id, sa.func.max(_H.version).label("version")).group_by(_H.case_id).subquery()
        joined = t.case.outerjoin(last, last.c.case_id == _C.id).outerjoin(
            t.history, sa.and_(_H.case_id == _C.id, _H.version == last.c.version)
        )
        columns = (
            _C.id, _C.number, _C.state, _C.version,
            last.c.version.label("step_version"), _H.dest.label("step_state"),
        )  # fmt: skip
        off = sa.or_(
            sa.func.coalesce(last.c.version, 0) != _C.version,
            sa.and_(_H.dest.is_not(None), _H.dest != _C.state),
        )
        return self._rows(sa.select(*columns).select_from(joined).where(off).order_by(_C.id))


@contextmanager
def snapshot(engine: Engine) -> Iterator[Reading]:
    """Give a reading in which what others commit meanwhile does not show."""
    options: dict[str, Any] = {"stream_results": True, "yield_per": _BATCH}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect() as connection:
        reading = Reading(connection.execution_options(**options))
        try:
            yield reading
        finally:
            reading.close()

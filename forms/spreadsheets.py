"""Tables for spreadsheet programs: CSV that Excel opens rightly, and OpenDocument.

Texts that a spreadsheet would take for a formula are defused: a table of ours must run nothing on a reader's machine.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from odfdo import Document, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Cell = str | int
CSV_TYPE = "text/csv; charset=utf-8"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
# OWASP's list; a blank before the sign does not stop every program.
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def defused(cell: Cell) -> Cell:
    """Return a cell with an apostrophe before a text that would be a formula; numbers stay numbers."""
    if isinstance(cell, str) and cell.lstrip(" \u3000").startswith(_STARTS_FORMULA):
        return f"'{cell}"
    return cell


def to_csv(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as CSV (RFC 4180) in UTF-8 with the byte-order mark without which Excel guesses Big5."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def to_ods(title: str, rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as the one sheet of an OpenDocument spreadsheet; the title names the sheet."""
    document = Document("spreadsheet")
    document.body.clear()
    table = Table(title)
    for cells in rows:
        row = Row()
        row.set_values([defused(cell) for cell in cells])
        table.append_row(row)
    document.body.append(table)
    document.meta.title = title
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()

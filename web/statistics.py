"""Statistics of issued certificates (簽發統計資料, PUB-01): charts with their table, and the same as CSV and ODS.

Counting all certificates takes long on a large registry, so an answer is kept for some minutes in each process.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, current_app, render_template, request

from forms.spreadsheets import CSV_TYPE, ODS_TYPE, to_csv, to_ods
from web.access import public
from web.bars import stacked
from web.language import say, t
from web.ports import office
from web.published import Publication, send
from web.security import limited
from workflow.views import statistics as view
from workflow.views.statistics import COLUMN_WORDS, COLUMNS, Statistics
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from flask import Response

    from forms.spreadsheets import Cell

blueprint = Blueprint("statistics", __name__)
KEPT = timedelta(minutes=10)
MONTHS = 24
_EXTENSION = "guanfang-statistics"


def current() -> Statistics:
    """Return the statistics, counted anew when the last count is older than ten minutes."""
    now = office().clock.now()
    kept: Statistics | None = current_app.extensions.get(_EXTENSION)
    if kept is None or not kept.at <= now < kept.at + KEPT:
        with office().reading() as connection:
            kept = view.statistics(connection, now)
        current_app.extensions[_EXTENSION] = kept
    return kept


def _asked() -> Ca | None:
    asked = request.args.get("ca", "")
    return Ca(asked) if asked in list(Ca) else None


@blueprint.get("/statistics/")
@public
@limited("60 per minute", "GET")
def index() -> str:
    """Show the charts and the table."""
    ca = _asked()
    chosen = current().of(ca)
    monthly = chosen.issued_by_month(MONTHS)
    cas = tuple(one for one, _counts in chosen.by_ca())
    standing = [column for column in COLUMNS if column != "issued"]
    return render_template(
        "repository/statistics.html",
        ca=ca,
        cas=tuple(Ca),
        shown=cas,
        statistics=chosen,
        monthly=monthly,
        issued=stacked([(month, [number for _ca, number in row]) for month, row in monthly]),
        standing=stacked(
            [(one.name, [getattr(counts, name) for name in standing]) for one, counts in chosen.by_ca()]
        ),
        standing_columns=standing,
        columns=COLUMNS,
        words=COLUMN_WORDS,
    )


@blueprint.get("/statistics.<any(csv, ods):form>")
@public
@limited("20 per minute", "GET")
def export(form: str) -> Response:
    """Send the table to a spreadsheet program."""
    ca = _asked()
    chosen = current().of(ca)
    name = f"guanfang-statistics{f'-{ca}' if ca else ''}.{form}"
    if form == "csv":
        return send(Publication(to_csv(_rows(chosen)), CSV_TYPE, chosen.at, 600, file_name=name))
    content = to_ods(t("簽發統計", "Statistics"), _rows(chosen))
    return send(Publication(content, ODS_TYPE, chosen.at, 600, file_name=name))


def _rows(chosen: Statistics) -> list[list[Cell]]:
    head = [t("月份", "Month"), t("憑證機構", "CA"), t("用戶類別", "Kind")]
    rows: list[list[Cell]] = [[*head, *(t(*COLUMN_WORDS[name]) for name in COLUMNS)]]
    rows += [
        [
            line.month,
            say(line.ca),
            say(line.kind) or t("非IC卡", "Not on a card"),
            *(getattr(line.counts, name) for name in COLUMNS),
        ]
        for line in chosen.lines
    ]
    return rows

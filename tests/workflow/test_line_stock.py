"""The line and the books of the stock: what lies elsewhere is put aside, and an overdue account makes it wait."""

from __future__ import annotations

import pytest

from ops.worker import seal_all
from tests.workflow.line_rig import READERS, CardLine
from tests.workflow.stock_rig import K, Stock
from workflow.performers.line import Turn
from workflow.policies.card_stock import UNCLOSED_DAYS
from workflow.store import schema as t


@pytest.fixture
def line(sqlite_url, tmp_path):
    made = CardLine(sqlite_url, tmp_path, blanks=2)
    yield made
    made.registry.close()


@pytest.mark.rule("CRD-02")
def test_a_card_that_the_books_have_elsewhere_is_taken_out_and_no_failure_of_the_reader(line):
    stock = Stock(line.registry)
    line.batch(1)
    line.feed(READERS[0])
    (csn,) = (one.csn for one in line.station.readers() if one.name == READERS[0])
    here = line.rows(t.card, K.csn == csn)[0].place_id
    stock.move(here, stock.vault, (csn,))
    report = line.turn()
    assert report.turn is Turn.TAKE_OUT
    assert "庫房" in report.said
    stock.move(stock.vault, stock.line, (csn,))
    assert line.turn().turn is Turn.MADE


@pytest.mark.rule("CRD-02")
def test_the_line_waits_for_an_overdue_account_and_goes_on_by_itself(line):
    stock = Stock(line.registry)
    stock.at_line(1)
    line.registry.clock.move(days=UNCLOSED_DAYS.value + 1)
    line.batch(1)
    line.feed(READERS[0])
    report = line.turn()
    assert report.turn is Turn.NO_ACCOUNT
    assert stock.registry.rows(t.line_job)[0].state == "waiting"
    for place in (stock.vault, stock.line):
        stock.close(place)
    seal_all(line.office)
    assert line.turn().turn is Turn.MADE

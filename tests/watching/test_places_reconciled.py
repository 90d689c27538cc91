"""Each disagreement that is planted between cards, places, accounts and certificates is found and named."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.workflow.registry import Registry
from tests.workflow.stock_rig import Stock
from workflow import commands as c
from workflow.commands_of_line import SettleQuarantined
from workflow.store import schema as t
from workflow.watching.reconciling.card_certificates import pairing_faults
from workflow.watching.reconciling.places import place_faults

K, C, E, A = t.card.c, t.certificate.c, t.stock_entry.c, t.stock_account.c


@pytest.fixture
def stock(sqlite_url):
    registry = Registry(sqlite_url)
    found = Stock(registry)
    found.at_line(3)
    found.close(found.line)
    for state in ("activated", "mail_returned"):
        registry.a_case(state)
    spoiled = registry.a_case("manufacturing")
    csn = registry.begin_card(spoiled)
    registry.issue(spoiled, csn, "signature")
    found.do(c.RecordCardSpoiled(case_id=spoiled, reason="無回應"))
    found.do(SettleQuarantined(csn=csn, release=False, reason="檢查"))
    registry.make_card(_again(registry, spoiled))
    yield found
    registry.close()


def _again(registry, case_id):
    registry.do(c.OrderManufacture(case_id=case_id, reader="reader 1"), registry.centre)
    return case_id


def found(stock, *statements):
    """Return what is found once these were planted, and take them back."""
    with stock.registry.engine.connect() as connection, connection.begin() as planted:
        for statement in statements:
            connection.execute(statement)
        codes = {one.code for one in (*place_faults(connection), *pairing_faults(connection))}
        planted.rollback()
    return codes


@pytest.mark.rule("CRD-02")
def test_books_that_agree_have_no_findings_and_each_planted_fault_has_its_own(stock):
    assert found(stock) == set()
    blank = stock.registry.rows(t.card, K.state == "blank")[0]
    active = stock.registry.rows(t.card, K.state == "active")[0]
    signature = stock.registry.rows(t.certificate, C.csn == active.csn, C.purpose == "signature")[0]
    card, account = sa.update(t.card), sa.update(t.stock_account)
    first = sa.select(sa.func.min(E.id)).where(E.csn == blank.csn).scalar_subquery()
    faults = (
        ({"stock.state"}, card.where(K.id == blank.id).values(state="quarantined")),
        ({"stock.state"}, card.where(K.id == active.id).values(state="spoiled")),
        ({"stock.entries"}, sa.update(t.stock_entry).where(E.id == first).values(to_id=stock.line)),
        ({"stock.no_card"}, sa.delete(t.card).where(K.id == blank.id)),
        ({"stock.account"}, account.values(closing=A.closing + 1)),
        ({"stock.account"}, account.values(opening=A.opening - 1)),
        (
            {"card.certificates"},
            sa.update(t.certificate).where(C.id == signature.id).values(csn="00"),
        ),
        (
            {"card.two_certificates"},
            sa.update(t.certificate).where(C.csn == active.csn).values(purpose="signature"),
        ),
        (
            {"certificate.card_number"},
            sa.update(t.certificate).where(C.id == signature.id).values(card_number="Xc9"),
        ),
    )
    for expected, statement in faults:
        assert found(stock, statement) == expected, str(statement)

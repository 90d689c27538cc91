"""The sheets of the card stock: an account and a destruction on paper, and an account as a table. Nothing is changed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forms.rocdate import roc_long
from forms.sheets.stock_account import StockRecord, stock_record
from forms.sheets.table import Field
from forms.spreadsheets import CSV_TYPE, Cell, to_csv
from workflow.days import TAIPEI, taipei_day
from workflow.paper import PDF, Sheet, printed
from workflow.views import stock, stock_accounts
from workflow.views.accounts import names_of

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.facts import Actor
    from workflow.office import Office


def account_sheet(office: Office, actor: Actor, account_id: int) -> Sheet:
    """Return an account as PDF; it says so while it is not closed. Refused while its numbers are withheld."""
    with office.reading() as connection:
        account, numbers = stock_accounts.told_account(connection, actor, account_id)
        figures = stock_accounts.figures(connection, account_id)
        names = names_of(connection, (account.counted_by, account.confirmed_by))
    rows = (
        Field("存放處", f"{account.place}　{account.place_english}", "Place"),
        Field("狀態", f"{account.state.zh}　{account.state.en}", "State"),
        Field("期初", str(numbers.opening), "Opening"),
        *(Field(one.kind.zh, f"{one.cards:+d}", one.kind.en) for one in figures),
        Field("期末", "—" if numbers.closing is None else str(numbers.closing), "Closing"),
        Field("帳上應有", str(numbers.expected), "Expected by the books"),
        Field("盤點數", str(numbers.counted), "Counted"),
        Field("盤點時間", _on_paper(account.counted_at), "Counted at"),
        Field("確認時間", _on_paper(account.confirmed_at), "Confirmed at"),
    )
    record = StockRecord(
        title="空白卡庫存日結表",
        english="Account of Blank Cards at the End of a Day",
        number=str(account.id),
        day=roc_long(account.day),
        rows=rows,
        cards_title="",
        cards=(),
        people=(
            ("盤點人員 Counted by", names[account.counted_by]),
            ("確認人員 Confirmed by", names.get(account.confirmed_by, "—")),
        ),
    )
    return Sheet(f"stock-account-{account_id}.pdf", PDF, printed(stock_record, record, office))


def account_table(office: Office, actor: Actor, account_id: int) -> Sheet:
    """Return an account as CSV: the figures, then each card's step. Refused while its numbers are withheld."""
    with office.reading() as connection:
        account, numbers = stock_accounts.told_account(connection, actor, account_id)
        figures = stock_accounts.figures(connection, account_id)
        moved = stock_accounts.moved(connection, account_id)
        people = (account.counted_by, account.confirmed_by, *(one.by_name for one in moved))
        names = names_of(connection, people)
    rows: list[tuple[Cell, ...]] = [
        ("存放處 Place", account.place, account.place_english),
        ("日期 Day", account.day.isoformat(), ""),
        ("狀態 State", account.state.zh, account.state.en),
        ("期初 Opening", numbers.opening, ""),
        *((f"{one.kind.zh} {one.kind.en}", one.cards, "") for one in figures),
        (
            "期末 Closing",
            "" if numbers.closing is None else numbers.closing,
            names.get(account.confirmed_by, ""),
        ),
        ("帳上應有 Expected", numbers.expected, ""),
        ("盤點數 Counted", numbers.counted, names[account.counted_by]),
        ("", "", ""),
        ("晶片序號 Chip serial", "事由 Step", "張數 Cards", "時間 At", "經手 By"),
    ]
    rows += [
        (one.csn, f"{one.kind.zh} {one.kind.en}", 1 if one.came else -1, _moment(one.at), names[one.by_name])
        for one in moved
    ]
    return Sheet(f"stock-account-{account_id}.csv", CSV_TYPE, to_csv(rows))


def destruction_sheet(office: Office, destruction_id: int) -> Sheet:
    """Return the record of destroyed cards as PDF."""
    with office.reading() as connection:
        found = stock.destruction(connection, destruction_id)
        names = names_of(connection, (found.proposed_by, found.witnessed_by))
    rows = (
        Field("銷毀方式", found.method, "Method"),
        Field("張數", str(len(found.csns)), "Cards"),
        Field("提報時間", _on_paper(found.proposed_at), "Proposed at"),
        Field("見證時間", _on_paper(found.witnessed_at), "Witnessed at"),
    )
    record = StockRecord(
        title="廢卡銷毀紀錄",
        english="Record of Cards Destroyed",
        number=str(found.id),
        day=roc_long(taipei_day(found.witnessed_at or found.proposed_at)),
        rows=rows,
        cards_title="晶片序號　Chip serial numbers",
        cards=found.csns,
        people=(
            ("執行人員 Destroyed by", names[found.proposed_by]),
            ("見證人員 Witnessed by", names.get(found.witnessed_by, "—")),
        ),
    )
    return Sheet(f"destruction-{destruction_id}.pdf", PDF, printed(stock_record, record, office))


def _on_paper(moment: datetime | None) -> str:
    """Write a moment as all papers write days, with the time in Taipei."""
    if moment is None:
        return "—"
    there = moment.astimezone(TAIPEI)
    return f"{roc_long(there.date())} {there:%H:%M}"


def _moment(moment: datetime) -> str:
    """Write a moment as a table for programs has it, in Taipei's time."""
    return moment.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M")

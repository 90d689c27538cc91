from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odfdo import Document

from forms.spreadsheets import defused, to_csv, to_ods
from web.bars import HEIGHT, WIDTH, stacked
from workflow.store import schema as s


def a_case(house, number, kind="school"):
    now = house.office.clock.now()
    return house.insert(
        s.case, number=number, ca="xca", kind="card_application", state="activated", version=1, policy_version="xca-1",
        subject_name="x", subscriber_kind=kind, snapshot_sha256="", contact_name="", contact_email="", data={},
        opened_at=now, queued_at=now, state_since=now,
    )  # fmt: skip


@pytest.fixture
def issued(house):
    case = a_case(house, "1")
    for status in ("valid", "valid", "revoked", "suspended", "issued"):
        house.published(status=status, case_id=case)
    house.published(ca="moica", case_id=a_case(house, "2", kind=None))
    # One of the registry's own, which no subscriber asked for.
    house.published(ca="gca")


@pytest.mark.usefixtures("issued")
def test_the_statistics_count_by_ca_kind_and_month(visitor):
    page = visitor.get("/statistics/").text
    assert page.count("<svg role=") == 2
    csv = visitor.get("/statistics.csv")
    assert csv.data.startswith(b"\xef\xbb\xbf")
    assert csv.mimetype == "text/csv"
    assert csv.data.decode("utf-8-sig").splitlines() == [
        "月份,憑證機構,用戶類別,簽發,待開卡,有效,停用,廢止,到期",
        "2026-11,內政部憑證管理中心,非IC卡,1,0,1,0,0,0",
        "2026-11,組織及團體憑證管理中心,學校,5,1,2,1,1,0",
    ]
    assert len(visitor.get("/statistics.csv?ca=moica").data.splitlines()) == 2


@pytest.mark.usefixtures("issued")
def test_the_same_table_opens_as_a_spreadsheet(visitor):
    answer = visitor.get("/statistics.ods")
    assert answer.mimetype == "application/vnd.oasis.opendocument.spreadsheet"
    table = Document(io.BytesIO(answer.data)).body.tables[0]
    assert table.get_row_values(2)[:5] == ["2026-11", "組織及團體憑證管理中心", "學校", 5, 1]


@pytest.mark.usefixtures("issued")
def test_a_month_ends_at_midnight_in_taipei(visitor, house):
    from datetime import UTC, datetime

    house.update(s.certificate, 1, created_at=datetime(2026, 10, 31, 16, 30, tzinfo=UTC))
    house.update(s.certificate, 2, created_at=datetime(2026, 10, 31, 15, 30, tzinfo=UTC))
    months = [line[:7] for line in visitor.get("/statistics.csv?ca=xca").data.decode("utf-8-sig").split()[1:]]
    assert months == ["2026-10", "2026-11"]


@pytest.mark.usefixtures("issued")
def test_what_is_over_is_counted_as_expired(visitor, clock):
    clock.move(days=6 * 365)
    assert "5,0,0,0,1,4" in visitor.get("/statistics.csv?ca=xca").data.decode()


def test_a_count_is_kept_for_ten_minutes(visitor, house, clock):
    def lines():
        return len(visitor.get("/statistics.csv").data.splitlines())

    case = a_case(house, "1")
    house.published(case_id=case)
    assert lines() == 2
    house.published(ca="gca", case_id=case)
    assert lines() == 2
    clock.move(minutes=10)
    assert lines() == 3


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_no_cell_is_a_formula(text):
    assert defused(text) == f"'{text}"
    assert to_csv([[text]]).decode("utf-8-sig").lstrip('"').startswith("'")
    table = Document(io.BytesIO(to_ods("x", [[text, 7]]))).body.tables[0]
    assert table.get_row_values(0)[1] == 7
    assert defused("農會") == "農會"
    assert defused(-1) == -1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=5), st.lists(st.integers(0, 10**9), min_size=3, max_size=3)), max_size=40
    )
)
def test_no_bar_leaves_the_paper(groups):
    chart = stacked(groups)
    for one in chart.segments:
        assert one.x >= 0
        assert one.y >= 0
        assert one.x + one.width <= WIDTH
        assert one.y + one.height <= HEIGHT + 0.1
    tops = [int(label.text.replace(",", "")) for label in chart.beside]
    assert tops == sorted(set(tops))
    assert tops[-1] >= max((sum(values) for _label, values in groups), default=0)

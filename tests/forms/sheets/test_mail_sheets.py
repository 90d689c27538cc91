from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.sheets import AddressLabel, LabelSheet, MailItem, MailList, TextTooLong, address_labels, mail_list

ITEM = MailItem("10000121003118", "林𠮷峯", "206基隆市七堵區明德一路1號", return_receipt=True)
POSTING = MailList(
    sender="數位發展部卡管中心",
    sender_address="100臺北市中正區延平南路143號",
    sender_phone="02-2380-0411",
    posted_on="中華民國115年11月20日",
    list_number="115-0123",
    items=(ITEM,),
)
LABEL = AddressLabel(
    "206",
    "基隆市七堵區明德一路1號",
    "財團法人堃喆峯基金會\n林𠮷峯",
    "0400100000000000000015448",
    "E11500000001",
)
ADDRESS = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=100)


def items(count: int) -> tuple[MailItem, ...]:
    return tuple(replace(ITEM, registered_number=f"{100001 + place}21003118") for place in range(count))


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (20, 1), (21, 2), (40, 2), (41, 3)])
def test_twenty_items_stand_on_a_page(fonts, reader, count, pages):
    printed = reader.pages(mail_list(replace(POSTING, items=items(count)), fonts))
    on_pages = [page.count("林𠮷峯") for page in printed]
    assert len(printed) == pages
    assert sum(on_pages) == count
    assert max(on_pages) <= 20
    assert f"第 {pages} 頁 共 {pages} 頁" in " ".join(printed[-1].split())


def test_the_list_shows_its_columns_sender_and_date(fonts, reader):
    text = reader.squeezed(mail_list(POSTING, fonts), "-raw")
    for words in (
        *["掛號號碼", "收件人姓名", "收件地址", "回執", "航空", "印刷", "重量", "郵資", "備考"],
        *(
            "大宗限時掛號函件執據",
            POSTING.sender,
            POSTING.posted_on,
            POSTING.list_number,
            ITEM.address,
            "總計1件",
        ),
    ):
        assert words in text


def test_registered_numbers_of_twenty_digits_stay_on_one_line(fonts, reader):
    number = "10000121003118206004"
    assert number in reader.text(
        mail_list(replace(POSTING, items=(replace(ITEM, registered_number=number),)), fonts)
    )


def test_an_unknown_class_of_mail_is_refused(fonts):
    with pytest.raises(ValueError, match="平信"):
        mail_list(replace(POSTING, mail_class="平信"), fonts)


def test_an_address_beyond_reason_is_refused_and_not_cut(fonts):
    with pytest.raises(TextTooLong) as refusal:
        mail_list(replace(POSTING, items=(replace(ITEM, address="路" * 400),)), fonts)
    assert refusal.value.where == "收件地址"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=ADDRESS)
def test_a_hundred_characters_of_address_are_on_list_and_label(fonts, reader, address):
    on_list = mail_list(replace(POSTING, items=(replace(ITEM, address=address, name=address),)), fonts)
    on_label = address_labels(
        LabelSheet("卡管中心", (replace(LABEL, address=address, addressee=address),)), fonts
    )
    assert reader.squeezed(on_list, "-raw").count(address) >= 2
    assert reader.squeezed(on_label, "-raw").count(address) >= 2


def test_a_label_shows_the_mark_the_addressee_and_both_numbers(fonts, reader):
    pdf = address_labels(LabelSheet("卡管中心", (LABEL,)), fonts)
    text = reader.squeezed(pdf)
    for words in ("限時掛號", "206", LABEL.address, "林𠮷峯", "收", LABEL.case_number, LABEL.envelope_number):
        assert words in text
    assert reader.marks(pdf) == [f"CODE-128:{LABEL.envelope_number}"]


def test_eight_labels_fill_a_sheet_and_used_places_are_skipped(fonts, reader):
    nine = tuple(replace(LABEL, envelope_number=f"E{number:011d}") for number in range(9))
    pdf = address_labels(LabelSheet("卡管中心", nine, skip=7), fonts)
    assert [page.count("限時掛號") for page in reader.pages(pdf)] == [1, 8]
    assert reader.marks(pdf) == [f"CODE-128:{label.envelope_number}" for label in nine]


def test_more_places_than_a_sheet_has_cannot_be_skipped(fonts):
    with pytest.raises(ValueError, match="8 places"):
        address_labels(LabelSheet("卡管中心", (LABEL,), skip=8), fonts)

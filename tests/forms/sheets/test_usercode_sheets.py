from dataclasses import replace

import pytest

from forms.sheets import (
    SealBox,
    UserCodeLetter,
    UserCodeReset,
    application_form,
    usercode_letter,
    usercode_reset,
)

LETTER = UserCodeLetter(
    authority="組織及團體憑證管理中心",
    case_number="0400100000000000000015448",
    user_code="l1IO0o@aZ#9",
    hotline="02-7738-8066",
    hours="開放時間 08:00-18:00，例假日暫停服務",
    printed_on="中華民國115年11月20日",
)
RESET = UserCodeReset(
    authority="組織及團體憑證管理中心",
    applied_on="中華民國115年11月20日",
    card_number="XC00000000001168",
    organisation="財團法人堃喆峯𤧟𡍼𠮷龘文教基金會",
    contact_name="林𠮷峯",
    contact_title="組長",
    phone="(02)1234-5678",
    extension="123",
    reachable="11月21日 09:00-17:00",
    email="test@test.tw",
    fax="(02)8765-4321",
    locked=True,
    seals=(SealBox("設立登記印鑑（圖記）"), SealBox("負責人印鑑")),
)


@pytest.mark.rule("APP-18")
def test_the_letter_shows_case_number_code_warning_and_hotline(fonts, reader):
    text = reader.squeezed(usercode_letter(LETTER, fonts), "-layout")
    for words in (
        LETTER.case_number,
        LETTER.user_code,
        "無法提供查詢用戶代碼之功能",
        "02-7738-8066",
        "例假日暫停服務",
    ):
        assert words.replace(" ", "") in text


def test_each_character_of_the_code_is_told_apart_in_words(fonts, reader):
    lines = reader.text(usercode_letter(LETTER, fonts), "-layout").splitlines()
    kinds = [line.split() for line in lines if line.split()[:1] == ["小寫"]]
    assert kinds == [["小寫", "數字", "大寫", "大寫", "數字", "小寫", "符號", "小寫", "大寫", "符號", "數字"]]


def test_the_code_is_not_in_the_title_nor_in_the_scanner_mark_nor_in_a_log(fonts, reader):
    pdf = usercode_letter(LETTER, fonts)
    assert reader.marks(pdf) == [f"QR-Code:{LETTER.case_number}"]
    assert LETTER.user_code.encode() not in pdf
    assert LETTER.user_code.encode("utf-16-be") not in pdf
    assert LETTER.user_code not in repr(LETTER)


def test_only_the_letter_holds_the_code(fonts, reader, a_form):
    others = (application_form(a_form(), fonts), usercode_reset(RESET, fonts))
    assert not any(LETTER.user_code in reader.squeezed(pdf) for pdf in others)


def test_a_code_of_a_hundred_characters_is_printed_in_full(fonts, reader):
    code = "aB3$" * 25
    assert code in reader.squeezed(usercode_letter(replace(LETTER, user_code=code), fonts), "-raw")


@pytest.mark.rule("UCR-04")
def test_the_reset_form_asks_for_every_field_and_both_seals(fonts, reader):
    pdf = usercode_reset(RESET, fonts)
    text = reader.squeezed(pdf, "-layout")
    labels = (
        "IC卡卡號",
        "組織（團體）名稱",
        "聯絡人姓名",
        "聯絡人職稱",
        "公務聯絡電話",
        "可聯絡時間",
        "電子郵件信箱",
        "聯絡人傳真",
    )
    values = (RESET.card_number, RESET.organisation, RESET.contact_name, RESET.email, "分機123", "■是□否")
    for words in (*labels, *values, "設立登記印鑑（圖記）", "負責人印鑑", "申請日期：中華民國115年11月20日"):
        assert words in text
    assert [row[-5:-2] for row in reader.fonts(pdf)] == [["yes", "yes", "yes"]]


@pytest.mark.parametrize(("locked", "boxes"), [(True, "■是□否"), (False, "□是■否"), (None, "□是□否")])
def test_the_answer_about_wrong_entries_is_ticked_or_left_open(fonts, reader, locked, boxes):
    assert boxes in reader.squeezed(usercode_reset(replace(RESET, locked=locked), fonts), "-layout")

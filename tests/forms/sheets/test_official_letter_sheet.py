from dataclasses import replace

import pytest

from forms.fonts import UncoveredCharacter
from forms.sheets import LetterItem, LetterSection, OfficialLetter, official_letter
from forms.sheets.numerals import chinese_number, item_mark

LETTER = OfficialLetter(
    agency="數位發展部",
    date="中華民國115年11月20日",
    number="數授憑字第1150000123號",
    recipient="財團法人堃喆峯𤧟𡍼𠮷龘文教基金會",
    subject="貴會申請組織及團體憑證正卡1張一案，請查照。",
    sections=(
        LetterSection(
            "說明",
            (
                LetterItem("復貴會來函。"),
                LetterItem(
                    "注意事項：",
                    (LetterItem("開卡期限。", (LetterItem("九十日。", (LetterItem("曆日。"),)),)),),
                ),
            ),
        ),
    ),
    originals=("財團法人堃喆峯𤧟𡍼𠮷龘文教基金會",),
    copies=("教育部",),
    signature="部長　王大明",
    mark="正本",
    file_number="0115/010203/1",
    retention="10年",
    address="100臺北市中正區延平南路143號",
    contact=(
        ("承辦人", "陳大文"),
        ("電話", "02-2380-0411"),
        ("傳真", "02-2380-0412"),
        ("電子信箱", "a@example.tw"),
    ),
    attachments="如文",
)


@pytest.mark.rule("LTR-03")
def test_a_letter_holds_every_part_in_the_official_order(fonts, reader):
    text = reader.squeezed(official_letter(LETTER, fonts), "-raw")
    parts = (
        "檔號：0115/010203/1 保存年限：10年 數位發展部函 地址：100 承辦人：陳大文 電話： 傳真： 電子信箱： "
        f"受文者：{LETTER.recipient} 發文日期：{LETTER.date} 發文字號：{LETTER.number} 速別：普通件 密等及解密條件或保密期限： "
        "附件：如文 主旨：貴會 說明： 正本：財團法人 副本：教育部 部長王大明"
    ).split()
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_items_are_numbered_on_four_levels(fonts, reader):
    text = reader.squeezed(official_letter(LETTER, fonts), "-raw")
    for line in ("一、復貴會來函。", "二、注意事項：", "（一）開卡期限。", "1、九十日。", "(1)曆日。"):
        assert line in text


def test_a_long_letter_runs_over_numbered_pages_and_loses_nothing(fonts, reader):
    items = tuple(LetterItem(f"第{number}點" + "依電子簽章法及相關規定辦理，" * 9) for number in range(30))
    pdf = official_letter(replace(LETTER, sections=(LetterSection("說明", items),)), fonts)
    pages = reader.pages(pdf)
    assert len(pages) > 3
    assert all(f"第 {at} 頁 共 {len(pages)} 頁" in " ".join(page.split()) for at, page in enumerate(pages, 1))
    assert all(mark in page for page in pages for mark in "裝訂線")
    text = reader.squeezed(pdf, "-raw")
    # A page may end within a sentence, so characters are counted and not words.
    assert text.count("簽") == 30 * 9
    assert "三十、第29點" in text


def test_the_same_letter_gives_the_same_bytes(fonts):
    assert official_letter(LETTER, fonts) == official_letter(LETTER, fonts)


def test_an_uncovered_character_deep_in_a_letter_is_refused(fonts):
    sections = (LetterSection("說明", (LetterItem("上", (LetterItem("下😀"),)),)),)
    with pytest.raises(UncoveredCharacter) as refusal:
        official_letter(replace(LETTER, sections=sections), fonts)
    assert refusal.value.where == "sections[1].items[1].children[1].text"


@pytest.mark.parametrize(
    ("number", "written"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九")]
)
def test_items_are_counted_in_chinese(number, written):
    assert chinese_number(number) == written


@pytest.mark.parametrize("impossible", [(1, 0), (1, 100), (5, 1)])
def test_a_number_that_a_letter_cannot_have_is_refused(impossible):
    with pytest.raises(ValueError):
        item_mark(*impossible)

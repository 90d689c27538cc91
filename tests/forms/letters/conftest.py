"""A letter as an exchange program writes it, with line breaks and indents, and a builder of letters to send."""

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest

from forms.letters.letter import Attachment, DocumentNumber, Party, PartyKind
from forms.letters.models import CardsAskedFor, LetterHead

PDF = b"%PDF-1.7\n%sample\n"
DI = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE 函 SYSTEM "104_2_utf8.dtd" [
<!ENTITY 表單 SYSTEM "1150000123.sw" NDATA DI>
<!ENTITY ATTCH1 SYSTEM "1150000123_ATTCH1.pdf" NDATA _X>
<!NOTATION DI SYSTEM "">
<!NOTATION _X SYSTEM "">
]>
<函>
  <發文機關><全銜>新竹縣政府</全銜><機關代碼>376440000A</機關代碼></發文機關>
  <函類別 代碼="函"/>
  <地址>302099新竹縣竹北市光明六路10號</地址>
  <聯絡方式>承辦人：王小明</聯絡方式>
  <聯絡方式>電話：03-5518101#1234</聯絡方式>
  <聯絡方式>電子信箱：ming@example.gov.tw</聯絡方式>
  <受文者><交換表 交換表單="表單">如正、副本</交換表></受文者>
  <發文日期><年月日>中華民國115年11月20日</年月日></發文日期>
  <發文字號><字>府教</字><文號><年度>115</年度><流水號>0000123</流水號><支號></支號></文號></發文字號>
  <速別 代碼="普通件"/>
  <密等及解密條件或保密期限><密等/><解密條件或保密期限></解密條件或保密期限></密等及解密條件或保密期限>
  <附件><文字>如文</文字><附件檔名 附件名="ATTCH1"/></附件>
  <主旨><文字>為利辦理公文電子交換作業相關事宜，擬申請組織或團體憑證（正卡1張、附卡2張），
    隨文檢送申請書共3份，請查照。</文字></主旨>
  <段落 段名="說明："><文字></文字>
    <條列 序號="一、"><文字>擬申請正卡壹張，案件流水號為0000100000000000000044716號。</文字></條列>
    <條列 序號="二、"><文字>擬申請附卡２張：</文字>
      <條列 序號="(一)"><文字>案件流水號為00001 00000 00000 00000 44722號</文字></條列>
      <條列 序號="(二)"><文字>０４００１-00000-00000-00000-15448</文字></條列>
    </條列>
  </段落>
  <正本><全銜>數位發展部</全銜></正本>
  <副本><全銜>新竹縣竹東國民小學</全銜><含附件>含附件</含附件></副本>
  <署名>縣長 楊○○</署名>
</函>
"""
SW = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE 交換表單 SYSTEM "104_roster_utf8.dtd">
<交換表單>
  <全銜>數位發展部</全銜><機關代碼>A21000000I</機關代碼><含附件>含附件</含附件><本別><收發處理本別 代碼="正本"/></本別>
  <全銜>新竹縣竹東國民小學</全銜><機關代碼>376447700Y</機關代碼><本別><收發處理本別 代碼="副本"/></本別>
</交換表單>
"""

Files = dict[str, bytes]


@pytest.fixture
def a_parcel() -> Callable[..., Files]:
    """The files of the sample letter; `edit` changes the text of the .di file, `more` adds or replaces files."""

    def build(edit: Callable[[str], str] = str, more: Files | None = None) -> Files:
        files = {
            "1150000123.di": edit(DI).encode(),
            "1150000123.sw": SW.encode(),
            "1150000123_ATTCH1.pdf": PDF,
        }
        return {**files, **(more or {})}

    return build


@pytest.fixture
def an_archive() -> Callable[..., bytes]:
    """A ZIP archive of files."""

    def build(files: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", compression) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return target.getvalue()

    return build


@pytest.fixture
def a_head() -> LetterHead:
    """The head of a letter by a school to its first-review window."""
    return LetterHead(
        sender=Party(PartyKind.AGENCY, "新竹縣竹東國民小學", "376447700Y"),
        address="310新竹縣竹東鎮中山路68號",
        contact_lines=("承辦人：林小胖", "電話：03-5961160"),
        date=date(2026, 11, 20),
        number=DocumentNumber.of("竹國總", "115", "0000045"),
        receiver=Party(PartyKind.AGENCY, "新竹縣政府", "376440000A"),
        signature="校長 陳○○",
    )


@pytest.fixture
def three_cards() -> CardsAskedFor:
    """One primary and two secondary cards."""
    return CardsAskedFor(
        "組織或團體憑證",
        ("0000100000000000000044716",),
        ("0000100000000000000044722", "0400100000000000000015448"),
    )


@pytest.fixture
def a_form_sheet() -> Attachment:
    """A filled-in form as a PDF."""
    return Attachment("申請書.pdf", "application/pdf", PDF)

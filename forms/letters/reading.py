"""From the files of a letter to what it says."""

import datetime as dt
from collections.abc import Mapping

from lxml import etree

from forms.letters import parcel
from forms.letters.errors import LetterError, refuse
from forms.letters.letter import (
    Attachment,
    DocumentNumber,
    IncomingLetter,
    Item,
    Paragraph,
    Party,
    PartyKind,
    Receiver,
    Secrecy,
    Speed,
    tidy,
)
from forms.letters.markup import Markup, parse
from forms.rocdate import RocDateError, parse_roc

_PARTY_KINDS = {kind.value: kind for kind in PartyKind}


def open_upload(files: Mapping[str, bytes]) -> IncomingLetter:
    """Read what a clerk handed in: one ZIP archive, or the loose files of one letter; LetterError says what is wrong."""
    if len(files) == 1:
        name, content = next(iter(files.items()))
        if parcel.suffix(name) == ".zip" or parcel.is_zip(content):
            return read_zip(content)
    return read(files)


def read_zip(data: bytes) -> IncomingLetter:
    """Read a letter whose files are in one ZIP archive; folders in it are ignored."""
    return read(parcel.unzipped(data))


def read(files: Mapping[str, bytes]) -> IncomingLetter:
    """Read a letter: one .di file, the .sw file it names, and the attachments; LetterError says what is wrong."""
    named = parcel.gathered(files)
    letter_name = parcel.letter_name(named)
    markup = parse(named[letter_name], "函")
    root = markup.root
    roster_name = _roster_name(markup, named)
    try:
        return IncomingLetter(
            senders=tuple(_party(list(sender)) for sender in root.findall("發文機關")),
            kind=_required(root, "函類別").get("代碼", "函"),
            address=_text(root, "地址"),
            contact_lines=tuple(tidy(line.text or "") for line in root.findall("聯絡方式")),
            addressee=None if roster_name else _receivers(_required(root, "受文者"))[0],
            date=_date(_text(root, "發文日期/年月日")),
            numbers=tuple(_number(number) for number in root.findall("發文字號")),
            speed=Speed(code) if (code := _code(root, "速別")) else None,
            secrecy=Secrecy(code) if (code := _code(root, "密等及解密條件或保密期限/密等")) else None,
            secrecy_condition=_text(root, "密等及解密條件或保密期限/解密條件或保密期限"),
            attachment_note=_text(root, "附件/文字"),
            subject=_text(root, "主旨/文字"),
            paragraphs=tuple(_paragraph(paragraph) for paragraph in root.findall("段落")),
            originals=_receivers(_required(root, "正本")),
            copies=_receivers(copies) if (copies := root.find("副本")) is not None else (),
            signatures=tuple(tidy(signature.text or "") for signature in root.findall("署名")),
            exchange=_receivers(parse(named[roster_name], "交換表單").root) if roster_name else (),
            attachments=_attachments(markup, named, {letter_name, roster_name}),
            grammar=markup.dtd,
        )
    except RecursionError as error:
        raise LetterError("invalid", "items are nested too deeply") from error


def _required(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path)
    return found if found is not None else refuse("invalid", path)


def _text(root: etree._Element, path: str) -> str:
    return tidy(root.findtext(path) or "")


def _code(root: etree._Element, path: str) -> str:
    found = root.find(path)
    return "" if found is None else found.get("代碼", "")


def _date(text: str) -> dt.date:
    try:
        return parse_roc(text)
    except RocDateError as error:
        raise LetterError("date", text) from error


def _number(element: etree._Element) -> DocumentNumber:
    whole = element.findtext("文字")
    if whole is not None:
        return DocumentNumber.parse(tidy(whole))
    parts = [_text(element, path) for path in ("字", "文號/年度", "文號/流水號", "文號/支號")]
    return DocumentNumber.of(*parts)


def _paragraph(element: etree._Element) -> Paragraph:
    items = tuple(_item(item) for item in element.findall("條列"))
    return Paragraph(tidy(element.get("段名", "")), _text(element, "文字"), items)


def _item(element: etree._Element) -> Item:
    items = tuple(_item(item) for item in element.findall("條列"))
    return Item(tidy(element.get("序號", "")), _text(element, "文字"), items)


def _receivers(element: etree._Element) -> tuple[Receiver, ...]:
    """Cut a flat list of elements into receivers; each begins with the element that names its party."""
    groups: list[list[etree._Element]] = []
    for child in element:
        if child.tag in _PARTY_KINDS:
            groups.append([])
        if groups:
            groups[-1].append(child)
    return tuple(_receiver(group) for group in groups)


def _receiver(group: list[etree._Element]) -> Receiver:
    found = {str(child.tag): child for child in group}
    copy = _code(found["本別"], "收發處理本別") if "本別" in found else ""
    note = tidy(found["含附件"].text or "") if "含附件" in found else ""
    return Receiver(_party(group), copy, note)


def _party(group: list[etree._Element]) -> Party:
    texts = {str(child.tag): tidy(child.text or "") for child in group}
    kind = _PARTY_KINDS[str(group[0].tag)]
    return Party(
        kind, texts[kind.value], texts.get("機關代碼", ""), texts.get("單位代碼", ""), texts.get("職稱", "")
    )


def _roster_name(markup: Markup, named: Mapping[str, bytes]) -> str:
    table = markup.root.find("受文者/交換表")
    if table is None:
        return ""
    return parcel.find(named, markup.files.get(table.get("交換表單", ""), ""), "roster_missing")


def _attachments(markup: Markup, named: Mapping[str, bytes], own: set[str]) -> tuple[Attachment, ...]:
    """Return the attachments in the letter's order, then files that came along without being named."""
    entities = [
        entity for file in markup.root.findall("附件/附件檔名") for entity in file.get("附件名", "").split()
    ]
    wanted = [parcel.find(named, markup.files.get(entity, ""), "attachment_missing") for entity in entities]
    declared = list(dict.fromkeys(wanted))
    others = [name for name in named if name not in own and name not in declared]
    return tuple(
        Attachment(name, parcel.media_type(name, named[name]), named[name], name in declared)
        for name in (*declared, *others)
    )

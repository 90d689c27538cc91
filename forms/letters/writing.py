"""From what a letter says to its files: .di, .sw and attachments, named by ROC year and serial number."""

import re
from collections.abc import Iterable
from typing import Final

from lxml import etree

from forms.letters import parcel
from forms.letters.errors import LetterError, refuse
from forms.letters.letter import (
    DocumentNumber,
    Item,
    OutgoingLetter,
    Paragraph,
    Party,
    PartyKind,
    Receiver,
    tidy,
)
from forms.letters.markup import parse
from forms.rocdate import roc_long

_ROSTER_ENTITY: Final = "表單"
_YEAR: Final = re.compile(r"[0-9]{3}")
_SERIAL: Final = re.compile(r"[0-9]{7}")
_BRANCH: Final = re.compile(r"[0-9A-Z]{0,4}")


def file_stem(number: DocumentNumber) -> str:
    """Return the name of the files without extension: three digits of the ROC year, seven of the serial, the branch."""
    shaped = (
        _YEAR.fullmatch(number.year) and _SERIAL.fullmatch(number.serial) and _BRANCH.fullmatch(number.branch)
    )
    if not shaped:
        refuse("write", f"document number {number.raw}")
    return f"{number.year}{number.serial}{number.branch}"


def attachment_names(letter: OutgoingLetter) -> tuple[str, ...]:
    """Return the names that the attachments get on writing, in their order."""
    stem = file_stem(letter.number)
    return tuple(
        f"{stem}_ATTCH{place}{parcel.suffix(attachment.name)}"
        for place, attachment in enumerate(letter.attachments, start=1)
    )


def write(letter: OutgoingLetter) -> dict[str, bytes]:
    """Return the files of a letter by name; they are valid against the DTDs, else LetterError is raised.

    Receivers of the exchange go into a .sw file; a letter without them names its one addressee in the .di file.
    """
    stem = file_stem(letter.number)
    names = attachment_names(letter)
    files = {name: attachment.content for name, attachment in zip(names, letter.attachments, strict=True)}
    for name, content in files.items():
        parcel.media_type(name, content)
    try:
        root = _letter(letter, len(names))
        roster = _roster(letter.exchange) if letter.exchange else None
    except (ValueError, RecursionError) as error:
        raise LetterError("write_character", str(error)) from error
    entities = {f"ATTCH{place}": (name, "_X") for place, name in enumerate(names, start=1)}
    if roster is not None:
        files[f"{stem}.sw"] = _document(roster, "104_roster_utf8.dtd", {})
        entities[_ROSTER_ENTITY] = (f"{stem}.sw", "DI")
    files[f"{stem}.di"] = _document(root, "104_2_utf8.dtd", entities)
    parcel.gathered(files)
    return files


def _document(root: etree._Element, dtd: str, entities: dict[str, tuple[str, str]]) -> bytes:
    declared = [f'<!ENTITY {name} SYSTEM "{file}" NDATA {kind}>' for name, (file, kind) in entities.items()]
    kinds = dict.fromkeys(kind for _, kind in entities.values())
    subset = "\n".join([*declared, *(f'<!NOTATION {kind} SYSTEM "">' for kind in kinds)])
    doctype = f'<!DOCTYPE {root.tag} SYSTEM "{dtd}"' + (f" [\n{subset}\n]>" if subset else ">")
    data = etree.tostring(root, encoding="UTF-8", xml_declaration=True, doctype=doctype)
    # What leaves the house was read by the same eyes that read what comes in.
    parse(data, str(root.tag))
    return data


def _leaf(parent: etree._Element, tag: str, text: str = "", **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, tag, attributes)
    child.text = tidy(text) or None
    return child


def _letter(letter: OutgoingLetter, attachments: int) -> etree._Element:
    root = etree.Element("函")
    _head(root, letter)
    if letter.attachment_note or attachments:
        block = etree.SubElement(root, "附件")
        _leaf(block, "文字", letter.attachment_note)
        for place in range(1, attachments + 1):
            _leaf(block, "附件檔名", 附件名=f"ATTCH{place}")
    _leaf(etree.SubElement(root, "主旨"), "文字", letter.subject)
    for paragraph in letter.paragraphs:
        _body(etree.SubElement(root, "段落", 段名=tidy(paragraph.name)), paragraph)
    _printed(etree.SubElement(root, "正本"), letter.originals)
    if letter.copies:
        _printed(etree.SubElement(root, "副本"), letter.copies)
    for signature in letter.signatures:
        _leaf(root, "署名", signature)
    return root


def _head(root: etree._Element, letter: OutgoingLetter) -> None:
    for sender in letter.senders:
        _party(etree.SubElement(root, "發文機關"), sender)
    _leaf(root, "函類別", 代碼=letter.kind)
    _leaf(root, "地址", letter.address)
    for line in letter.contact_lines:
        _leaf(root, "聯絡方式", line)
    _addressee(etree.SubElement(root, "受文者"), letter)
    _leaf(etree.SubElement(root, "發文日期"), "年月日", roc_long(letter.date))
    for number in letter.numbers:
        _number(etree.SubElement(root, "發文字號"), number)
    if letter.speed:
        _leaf(root, "速別", 代碼=letter.speed.value)
    if letter.secrecy or letter.secrecy_condition:
        block = etree.SubElement(root, "密等及解密條件或保密期限")
        _leaf(block, "密等", **({"代碼": letter.secrecy.value} if letter.secrecy else {}))
        _leaf(block, "解密條件或保密期限", letter.secrecy_condition)


def _addressee(block: etree._Element, letter: OutgoingLetter) -> None:
    if letter.exchange:
        _leaf(block, "交換表", "如正、副本", 交換表單=_ROSTER_ENTITY)
    elif letter.addressee:
        _party(block, letter.addressee.party)
        if letter.addressee.attachment_note:
            _leaf(block, "含附件", letter.addressee.attachment_note)
    else:
        refuse("write", "neither receivers of the exchange nor an addressee")


def _number(block: etree._Element, number: DocumentNumber) -> None:
    if not number.serial:
        _leaf(block, "文字", number.raw)
        return
    _leaf(block, "字", number.word)
    parts = etree.SubElement(block, "文號")
    _leaf(parts, "年度", number.year)
    _leaf(parts, "流水號", number.serial)
    if number.branch:
        _leaf(parts, "支號", number.branch)


def _body(block: etree._Element, part: Paragraph | Item) -> None:
    if part.text:
        _leaf(block, "文字", part.text)
    for item in part.items:
        _body(etree.SubElement(block, "條列", 序號=tidy(item.number)), item)


def _party(block: etree._Element, party: Party) -> None:
    """Write a party with its codes, as the head and the exchange list want it."""
    _leaf(block, party.kind.value, party.name)
    if party.kind is PartyKind.PERSON and party.title:
        _leaf(block, "職稱", party.title)
    _leaf(block, "機關代碼", party.agency_code)
    if party.kind is PartyKind.UNIT or (party.kind is PartyKind.PERSON and party.unit_code):
        _leaf(block, "單位代碼", party.unit_code)


def _printed(block: etree._Element, receivers: Iterable[Receiver]) -> None:
    """Write receivers as they are printed below the body, without codes."""
    for receiver in receivers:
        _leaf(block, receiver.party.kind.value, receiver.party.name)
        if receiver.party.kind is PartyKind.PERSON and receiver.party.title:
            _leaf(block, "職稱", receiver.party.title)
        if receiver.attachment_note:
            _leaf(block, "含附件", receiver.attachment_note)


def _roster(receivers: Iterable[Receiver]) -> etree._Element:
    root = etree.Element("交換表單")
    for receiver in receivers:
        _party(root, receiver.party)
        if receiver.attachment_note:
            _leaf(root, "含附件", receiver.attachment_note)
        if receiver.copy:
            _leaf(etree.SubElement(root, "本別"), "收發處理本別", 代碼=receiver.copy)
    return root

"""The record of a key ceremony (金鑰產製典禮紀錄): what was done, which keys there are, and who signed it."""

from dataclasses import dataclass

from forms.fonts import KaiFonts
from forms.sheets.page import QUIET, SMALL, Paper, millimetres, require_printable
from forms.sheets.record import Heads, head_rows, record_column, signing_frames
from forms.sheets.table import Field, Flow, field_rows

LABEL_WIDTH = millimetres(46)
SIGNING_HEIGHT = millimetres(15)


@dataclass(frozen=True, slots=True)
class Witness:
    """One person who signed: name, role in both languages, login, and the digest of the electronic signature."""

    name: str
    role: str
    login: str
    signature: str


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What stands on the record. `digest` is the SHA-256 of the signed statement, which is kept beside this paper."""

    number: str
    held_on: str
    steps: tuple[Field, ...]
    keys: tuple[Field, ...]
    backup: tuple[Field, ...]
    witnesses: tuple[Witness, ...]
    digest: str


def key_record(record: KeyRecord, fonts: KaiFonts) -> bytes:
    """Return the PDF of the record; the forms' refusal for a character without a glyph."""
    require_printable(record, fonts)
    paper = Paper(fonts, "金鑰產製典禮紀錄")
    flow = Flow(paper, record_column(), record_column)
    head_rows(flow, Heads("金鑰產製典禮紀錄", "Record of a Key Ceremony", record.number, record.held_on))
    flow.y += 4
    for title, english, rows in (
        ("一、作業步驟", "Steps", record.steps),
        ("二、金鑰與憑證", "Keys and certificates", record.keys),
        ("三、備援", "Backup", record.backup),
    ):
        _title(flow, title, english)
        field_rows(flow, rows, LABEL_WIDTH)
    _title(flow, "四、在場人員簽署", "Signed by those present")
    for one in record.witnesses:
        _signing_row(flow, one)
    flow.y += 8
    flow.lines(f"聲明內容之 SHA-256（SHA-256 of the signed statement）：{record.digest}", SMALL, 12)
    flow.lines(
        "電子簽章另存於同名 JSON 檔及稽核紀錄。 The signatures stand in the JSON file and the audit log.",
        SMALL,
        12,
    )
    return paper.finish()


def _title(flow: Flow, title: str, english: str) -> None:
    flow.need(millimetres(20))
    flow.y += 22
    flow.paper.text(flow.column.left, flow.y, f"{title}　{english}", 13)
    flow.y += 6


def _signing_row(flow: Flow, one: Witness) -> None:
    """Draw a row with the person on the left and room for the pen on the right."""
    flow.need(SIGNING_HEIGHT)
    signing_frames(flow, SIGNING_HEIGHT)
    left = flow.column.left
    flow.paper.text(left + 4, flow.y + 16, f"{one.name}（{one.login}）　{one.role}", 11)
    flow.paper.text(left + 4, flow.y + 32, f"簽章 SHA-256：{one.signature}", 6.5, shade=QUIET)
    flow.y += SIGNING_HEIGHT

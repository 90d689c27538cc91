"""The user-code letter (用戶代碼函): the one sheet on which the user code stands (APP-16, APP-18)."""

import unicodedata
from dataclasses import dataclass

from forms.fonts import KaiFonts
from forms.sheets.codes import qr_code
from forms.sheets.page import BODY, PAGE_WIDTH, QUIET, SMALL, Box, Paper, millimetres, require_printable
from forms.sheets.table import LABEL_GROUND, Field, Flow, field_rows

MARGIN = millimetres(22)
WIDTH = PAGE_WIDTH - 2 * MARGIN
LABEL_WIDTH = millimetres(42)
CELL_WIDTH = 30.0
CELL_HEIGHT = 42.0
KIND_HEIGHT = 15.0
CODE_SIZE = 26.0
CELLS_IN_A_ROW = int(WIDTH // CELL_WIDTH)
KINDS = {"N": "數字", "Lu": "大寫", "Ll": "小寫"}
"""What stands under each character, so that 0 and O, or 1, l and I, cannot be taken for one another."""

WARNING = "※此用戶代碼日後將為您日後進行該憑證相關事宜之用，本憑證管理中心無法提供查詢用戶代碼之功能，請務必妥善保存！"
WARNING_ENGLISH = "Your user code cannot be looked up by anyone, not even by the certification authority. Keep this letter safe."


@dataclass(frozen=True, slots=True)
class UserCodeLetter:
    """What stands on the letter; the user code is what the applicant has just typed again."""

    authority: str
    case_number: str
    user_code: str
    hotline: str
    hours: str
    printed_on: str

    def __repr__(self) -> str:
        """Name the case only: a code in a log would be a code lost."""
        return f"UserCodeLetter(case_number={self.case_number!r})"


def usercode_letter(letter: UserCodeLetter, fonts: KaiFonts) -> bytes:
    """Return the PDF of the letter; the machine-readable mark and the title carry the case number alone."""
    require_printable(letter, fonts)
    paper = Paper(fonts, f"用戶代碼函 {letter.case_number}")
    flow = Flow(paper, _column(), _column)
    _head(flow, letter)
    flow.lines(WARNING, 13, 21)
    flow.lines(WARNING_ENGLISH, SMALL + 0.5, 13, shade=QUIET)
    flow.y += 16
    rows = (
        Field("案件流水號", letter.case_number, "Case number"),
        Field("用戶代碼", letter.user_code, "User code"),
    )
    field_rows(flow, rows, LABEL_WIDTH)
    flow.y += 18
    flow.lines("逐字對照（請區分大小寫）　Character by character; case matters", 11, 18)
    flow.y += 4
    _cells(flow, letter.user_code)
    flow.y += 18
    flow.lines(f"憑證申請諮詢服務專線：{letter.hotline}", 13, 21)
    flow.lines(f"（{letter.hours}）", BODY, 18)
    flow.lines(f"列印日期：{letter.printed_on}", BODY, 24, shade=QUIET)
    return paper.finish()


def _column() -> Box:
    return Box(MARGIN, millimetres(22), WIDTH, millimetres(250))


def _head(flow: Flow, letter: UserCodeLetter) -> None:
    paper, side = flow.paper, millimetres(27)
    qr_code(paper, letter.case_number, PAGE_WIDTH - MARGIN - side + 8, millimetres(14), side)
    for text, size, leading, shade in (
        (letter.authority, 13.0, 18.0, QUIET),
        ("用戶代碼函", 24.0, 34.0, 0.0),
        ("User Code Letter", SMALL + 1, 15.0, QUIET),
    ):
        for line in paper.wrap(text, WIDTH - 2 * side, size):
            flow.y += leading
            paper.centred(PAGE_WIDTH / 2, flow.y, line, size, shade=shade)
    flow.y += 24
    paper.rule((MARGIN, flow.y), (PAGE_WIDTH - MARGIN, flow.y))
    flow.y += 12


def _cells(flow: Flow, code: str) -> None:
    for start in range(0, len(code), CELLS_IN_A_ROW):
        flow.need(CELL_HEIGHT + KIND_HEIGHT)
        for place, char in enumerate(code[start : start + CELLS_IN_A_ROW]):
            _cell(flow, char, MARGIN + place * CELL_WIDTH)
        flow.y += CELL_HEIGHT + KIND_HEIGHT + 6


def _cell(flow: Flow, char: str, left: float) -> None:
    paper, middle = flow.paper, left + CELL_WIDTH / 2
    paper.frame(Box(left, flow.y, CELL_WIDTH, CELL_HEIGHT))
    paper.frame(Box(left, flow.y + CELL_HEIGHT, CELL_WIDTH, KIND_HEIGHT), fill=LABEL_GROUND)
    paper.centred(middle, flow.y + CELL_HEIGHT * 0.68, char, CODE_SIZE)
    category = unicodedata.category(char)
    kind = KINDS.get(category) or KINDS.get(category[0], "符號")
    paper.centred(middle, flow.y + CELL_HEIGHT + KIND_HEIGHT * 0.72, kind, 9)

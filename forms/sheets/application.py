"""The application form (申請書): every field as typed, seal boxes, case number for eye and scanner (APP-08…10, 14, 15).

One form asks for one card (APP-02). The form has no place for the user code, so none can be printed on it.
"""

from dataclasses import dataclass

from forms.fonts import KaiFonts
from forms.sheets.codes import bar_code, qr_code
from forms.sheets.page import (
    BODY,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    QUIET,
    SMALL,
    Box,
    Paper,
    millimetres,
    require_printable,
)
from forms.sheets.seals import SealBox, seal_boxes
from forms.sheets.table import Field, Flow, field_rows

MARGIN = millimetres(20)
WIDTH = PAGE_WIDTH - 2 * MARGIN
QR_SIDE = millimetres(27)
FOOT_TOP = PAGE_HEIGHT - millimetres(27)
LABEL_WIDTH = millimetres(52)
TITLE_SIZE = 20.0
TITLE_ROOM = WIDTH - 2 * QR_SIDE
DIGEST_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of rows, such as 組織與團體資料 or 憑證聯絡人資料."""

    title: str
    fields: tuple[Field, ...]
    english: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationForm:
    """What stands on an application form; dates and rank come as the words to print.

    `revision` counts the applicant's edits, and `sha256` is the digest of the revision, in hexadecimal: together they
    tell the reviewer whether this very paper is the one on the screen. Each entry of `copies` is printed as a
    set of its own (XCA: 一式兩份, APP-09).
    """

    authority: str
    title: str
    english_title: str
    case_number: str
    filled_on: str
    rank: str
    sections: tuple[Section, ...]
    revision: int
    sha256: str
    seals: tuple[SealBox, ...] = ()
    notes: tuple[str, ...] = ()
    copies: tuple[str, ...] = ("第一聯　送件", "第二聯　自存")


def application_form(form: ApplicationForm, fonts: KaiFonts) -> bytes:
    """Return the PDF of all copies; `UncoveredCharacter` before anything is drawn."""
    require_printable(form, fonts)
    paper = Paper(fonts, f"{form.title} {form.case_number}")
    for place, mark in enumerate(form.copies):
        if place:
            paper.new_page()
        _copy(paper, form, mark)
    return paper.finish()


def _copy(paper: Paper, form: ApplicationForm, mark: str) -> None:
    first = paper.page_count - 1

    def begin_page() -> Box:
        top = _head(paper, form, mark)
        return Box(MARGIN, top, WIDTH, FOOT_TOP - millimetres(4) - top)

    flow = Flow(paper, begin_page(), begin_page)
    for section in form.sections:
        _section(flow, section)
    seal_boxes(flow, form.seals)
    flow.y += 5
    for note in form.notes:
        flow.lines(f"※{note}", 10, 14)
    for page in range(first, paper.page_count):
        paper.turn_to(page)
        _foot(paper, form, page - first + 1, paper.page_count - first)


def _section(flow: Flow, section: Section) -> None:
    flow.need(millimetres(20))
    flow.y += 18
    flow.paper.text(flow.column.left, flow.y - 5, section.title, 13)
    after = flow.column.left + flow.paper.width(section.title, 13) + 8
    flow.paper.text(after, flow.y - 5, section.english, SMALL, shade=QUIET)
    field_rows(flow, section.fields, LABEL_WIDTH)
    flow.y += 6


def _head(paper: Paper, form: ApplicationForm, mark: str) -> float:
    middle, y = PAGE_WIDTH / 2, millimetres(17)
    mark_box = Box(MARGIN, millimetres(12), paper.width(mark, 11) + 12, 19)
    if mark:
        paper.frame(mark_box)
        paper.text(mark_box.left + 6, mark_box.bottom - 5.5, mark, 11)
    for text, size, leading, shade in (
        (form.authority, 13.0, 18.0, QUIET),
        (form.title, TITLE_SIZE, 26.0, 0.0),
        (form.english_title, SMALL + 1, 14.0, QUIET),
    ):
        for line in paper.wrap(text, TITLE_ROOM, size):
            y += leading
            paper.centred(middle, y, line, size, shade=shade)
    qr_code(paper, form.case_number, PAGE_WIDTH - MARGIN - QR_SIDE + 8, millimetres(10), QR_SIDE)
    return _particulars(paper, form, max(y + 22, millimetres(42)))


def _particulars(paper: Paper, form: ApplicationForm, y: float) -> float:
    """Write case number, date and rank; return where the rows may begin."""
    for left, right in (
        (f"申請案號：{form.case_number}", f"填寫日期：{form.filled_on}"),
        (f"卡別：{form.rank}", ""),
    ):
        paper.flush_right(PAGE_WIDTH - MARGIN, y, right)
        for line in paper.wrap(left, WIDTH - paper.width(right, BODY) - 10, BODY):
            paper.text(MARGIN, y, line)
            y += 17
    return y - 9


def _foot(paper: Paper, form: ApplicationForm, page: int, pages: int) -> None:
    right = PAGE_WIDTH - MARGIN
    paper.rule((MARGIN, FOOT_TOP), (right, FOOT_TOP), 0.4)
    bar_code(paper, form.case_number, Box(MARGIN - 8, FOOT_TOP + 7, WIDTH * 0.62, millimetres(10)))
    paper.text(MARGIN, FOOT_TOP + 7 + millimetres(10) + 10, form.case_number, SMALL)
    paper.flush_right(right, FOOT_TOP + 15, f"第 {page} 頁　共 {pages} 頁", 10)
    paper.flush_right(
        right, FOOT_TOP + 28, f"第 {form.revision} 版 Revision {form.revision}", SMALL, shade=QUIET
    )
    digest = form.sha256[:DIGEST_SHOWN]
    grouped = " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))
    paper.flush_right(right, FOOT_TOP + 40, f"SHA-256 {grouped}…", SMALL, shade=QUIET)

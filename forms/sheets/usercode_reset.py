"""The user-code reset form (用戶代碼重設申請書), with the rows that UCR-04 asks for."""

from dataclasses import dataclass

from forms.fonts import KaiFonts
from forms.sheets.page import BODY, PAGE_WIDTH, QUIET, SMALL, Box, Paper, millimetres, require_printable
from forms.sheets.seals import SealBox, seal_boxes
from forms.sheets.table import Field, Flow, field_rows

MARGIN = millimetres(20)
WIDTH = PAGE_WIDTH - 2 * MARGIN
LABEL_WIDTH = millimetres(58)
TICKED, EMPTY = "■", "□"


@dataclass(frozen=True, slots=True)
class UserCodeReset:
    """What stands on the form; an empty value leaves room for the pen.

    `reachable` says when the new code can be told by telephone (24 小時制). `locked` is the answer to whether the code
    was mistyped three times, or None where the applicant is to tick it by hand.
    """

    authority: str
    applied_on: str
    card_number: str
    organisation: str
    contact_name: str
    contact_title: str
    phone: str
    extension: str
    reachable: str
    email: str
    fax: str
    locked: bool | None
    seals: tuple[SealBox, ...] = ()
    notes: tuple[str, ...] = ()

    def rows(self) -> tuple[Field, ...]:
        """Return the rows in the order of the printed form; an asterisk marks what must be given."""
        phone = f"{self.phone}　分機 {self.extension}" if self.extension else self.phone
        yes, no = TICKED if self.locked else EMPTY, TICKED if self.locked is False else EMPTY
        return (
            Field("*IC 卡卡號", self.card_number, "Card number"),
            Field("*組織（團體）名稱", self.organisation, "Organisation"),
            Field("*聯絡人姓名", self.contact_name, "Contact"),
            Field("聯絡人職稱", self.contact_title, "Title"),
            Field("*公務聯絡電話", phone, "Office telephone"),
            Field("*可聯絡時間（24 小時制）", self.reachable, "Reachable at"),
            Field("*聯絡人電子郵件信箱", self.email, "E-mail"),
            Field("*聯絡人傳真", self.fax, "Fax"),
            Field(
                "*用戶代碼是否輸入錯誤 3 次以上", f"{yes} 是　{no} 否", "Locked after three wrong entries?"
            ),
        )


def usercode_reset(form: UserCodeReset, fonts: KaiFonts) -> bytes:
    """Return the PDF of the form."""
    require_printable(form, fonts)
    paper = Paper(fonts, "用戶代碼重設申請書")
    flow = Flow(paper, _column(), _column)
    _head(flow, form)
    field_rows(flow, form.rows(), LABEL_WIDTH)
    flow.y += 12
    seal_boxes(flow, form.seals)
    flow.y += 6
    for note in form.notes:
        flow.lines(f"※{note}", 11, 16)
    return paper.finish()


def _column() -> Box:
    return Box(MARGIN, millimetres(18), WIDTH, millimetres(261))


def _head(flow: Flow, form: UserCodeReset) -> None:
    for text, size, leading, shade in (
        (form.authority, 14.0, 20.0, 0.0),
        ("憑證 IC 卡用戶代碼重設申請書", 20.0, 30.0, 0.0),
        ("Application to Reset a User Code", SMALL + 1, 15.0, QUIET),
    ):
        for line in flow.paper.wrap(text, WIDTH, size):
            flow.y += leading
            flow.paper.centred(PAGE_WIDTH / 2, flow.y, line, size, shade=shade)
    flow.y += 24
    flow.paper.flush_right(PAGE_WIDTH - MARGIN, flow.y, f"申請日期：{form.applied_on}", BODY)
    flow.y += 8

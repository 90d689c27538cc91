"""Address labels on A4: eight of 105 by 74 mm, which also show through a window envelope.

A label says where the envelope goes and which one it is. Nothing of what the envelope holds stands on it.
"""

from dataclasses import dataclass

from forms.fonts import KaiFonts
from forms.sheets.codes import bar_code
from forms.sheets.fit import fit, write_fitted
from forms.sheets.page import PAGE_HEIGHT, PAGE_WIDTH, SMALL, Box, Paper, millimetres, require_printable

ACROSS, DOWN = 2, 4
LABELS_A_SHEET = ACROSS * DOWN
LABEL_WIDTH, LABEL_HEIGHT = PAGE_WIDTH / ACROSS, PAGE_HEIGHT / DOWN
INSET = millimetres(7)
BAR_HEIGHT = millimetres(9)
MARK_WIDTH, MARK_HEIGHT = millimetres(24), 20.0
POSTAL_SIZE, ADDRESS_SIZE, NAME_SIZE = 17.0, 13.0, 17.0


@dataclass(frozen=True, slots=True)
class AddressLabel:
    """One envelope; the envelope number is what the scanner reads.

    The addressee may hold a line feed between organisation and person; `honorific` (啟, 收, 君收) follows it.
    """

    postal_code: str
    address: str
    addressee: str
    case_number: str
    envelope_number: str
    honorific: str = "收"
    mark: str = "限時掛號"


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """The labels of one run with their common sender; `skip` leaves places free that are already used up."""

    sender: str
    labels: tuple[AddressLabel, ...]
    skip: int = 0


def address_labels(sheet: LabelSheet, fonts: KaiFonts) -> bytes:
    """Return the PDF of label sheets; `TextTooLong` where an address cannot be printed in readable type."""
    if not 0 <= sheet.skip < LABELS_A_SHEET:
        raise ValueError(f"a sheet has {LABELS_A_SHEET} places, {sheet.skip} of them cannot be skipped")
    require_printable(sheet, fonts)
    paper = Paper(fonts, "郵寄標籤")
    for place, label in enumerate(sheet.labels, sheet.skip):
        if place and place % LABELS_A_SHEET == 0:
            paper.new_page()
        row, column = divmod(place % LABELS_A_SHEET, ACROSS)
        _label(paper, sheet.sender, label, (column * LABEL_WIDTH + INSET, row * LABEL_HEIGHT + INSET))
    return paper.finish()


def _label(paper: Paper, sender: str, label: AddressLabel, corner: tuple[float, float]) -> None:
    left, top = corner
    width, bottom = LABEL_WIDTH - 2 * INSET, top + LABEL_HEIGHT - 2 * INSET
    _head(paper, sender, label, Box(left, top, width, MARK_HEIGHT))
    paper.text(left, top + 43, label.postal_code, POSTAL_SIZE)
    address = Box(left, top + 49, width, 44)
    write_fitted(paper, fit(paper, label.address, address, ADDRESS_SIZE, "address"), address)
    _addressee(paper, label, Box(left, address.bottom + 2, width, 36))
    bar_code(paper, label.envelope_number, Box(left - 8, bottom - BAR_HEIGHT - 10, width * 0.7, BAR_HEIGHT))
    paper.text(left, bottom, label.envelope_number, SMALL)
    paper.flush_right(left + width, bottom, f"案號 {label.case_number}", SMALL)


def _addressee(paper: Paper, label: AddressLabel, box: Box) -> None:
    """Write the name with its honorific at the end of the place, so that 收 never falls alone on a line."""
    room = Box(box.left, box.top, box.width - paper.width(label.honorific, NAME_SIZE) - 8, box.height)
    write_fitted(paper, fit(paper, label.addressee, room, NAME_SIZE, "addressee"), room)
    paper.flush_right(box.right, box.top + box.height / 2 + NAME_SIZE * 0.35, label.honorific, NAME_SIZE)


def _head(paper: Paper, sender: str, label: AddressLabel, box: Box) -> None:
    mark = Box(box.right - MARK_WIDTH, box.top, MARK_WIDTH, MARK_HEIGHT)
    paper.frame(mark, 1.2)
    write_fitted(paper, fit(paper, label.mark, mark, 13, "mark"), mark, centred=True)
    room = Box(box.left, box.top, box.width - MARK_WIDTH - 8, MARK_HEIGHT)
    fitted = fit(paper, f"寄件人：{sender}", room, SMALL, "sender")
    write_fitted(paper, fitted, room)
    paper.rule((box.left, box.bottom + 5), (box.right, box.bottom + 5), 0.3)

"""The change of a card's contact (憑證IC卡連絡人修改, CTC-01), made on the screen with card and PIN."""

from typing import Final

from forms.contacts import CONTACT_LINES, CONTACT_PERSON
from forms.fields import Form, Section

CONTACT_CHANGE: Final = Form(
    name="contact_change",
    title_zh="憑證 IC 卡連絡人修改",
    title_en="Change of a card's contact",
    sections=(
        Section(
            "contact",
            "憑證連絡人",
            "Certificate contact",
            (*CONTACT_PERSON, *CONTACT_LINES),
        ),
    ),
)

"""The change of a card's contact (憑證IC卡連絡人修改, CTC-01), made on the screen with card and PIN."""

from typing import Final

from forms.fields import Field, Form, Section
from forms.kinds import Kind

CONTACT_CHANGE: Final = Form(
    name="contact_change",
    title_zh="憑證 IC 卡連絡人修改",
    title_en="Change of a card's contact",
    sections=(
        Section(
            "contact",
            "憑證連絡人",
            "Certificate contact",
            (
                Field("contact_name", "姓名", "Name", required=True, max_length=50),
                Field("contact_title", "職稱", "Title", max_length=50),
                Field("contact_email", "電子郵件信箱", "E-mail", Kind.EMAIL, required=True, max_length=254),
                Field("contact_phone", "電話", "Telephone", Kind.PHONE, required=True, max_length=32),
                Field("contact_fax", "傳真", "Fax", Kind.PHONE, max_length=32),
            ),
        ),
    ),
)

"""The contact of a card (憑證聯絡人): the same person in an application and in a change of contact (APP-14, CTC-01)."""

from typing import Final

from forms.fields import Field
from forms.kinds import Kind

CONTACT_PERSON: Final = (
    Field("contact_name", "姓名", "Name", required=True, max_length=50),
    Field("contact_title", "職稱", "Title", max_length=50),
    Field("contact_email", "電子郵件信箱", "E-mail", Kind.EMAIL, required=True, max_length=254),
)
CONTACT_LINES: Final = (
    Field("contact_phone", "電話", "Telephone", Kind.PHONE, required=True, max_length=32),
    Field("contact_fax", "傳真", "Fax", Kind.PHONE, max_length=32),
)

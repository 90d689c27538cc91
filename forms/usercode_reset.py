"""The application to reset a user code (用戶代碼重設申請書, UCR-04): faxed or mailed first, then sent on paper.

The two seals are stamped on the paper and are no fields.
"""

from collections.abc import Mapping
from typing import Final

from forms.fields import Field, Form, Section
from forms.kinds import Kind
from forms.problems import Problem


def _reachable_hours(values: Mapping[str, str]) -> tuple[Problem, ...]:
    first, last = values["reachable_from"], values["reachable_until"]
    if not first or not last or int(first) < int(last):
        return ()
    return (
        Problem(
            "reachable_until",
            "reachable_hours",
            "可聯絡的結束時間應晚於開始時間（24 小時制）。",
            "The last hour must be later than the first (24-hour clock).",
        ),
    )


def _reachable_day(values: Mapping[str, str]) -> tuple[Problem, ...]:
    # Both are ISO days after normalisation, which sort as text.
    if not values["reachable_date"] or values["reachable_date"] >= values["application_date"]:
        return ()
    return (
        Problem(
            "reachable_date",
            "reachable_day",
            "可聯絡日期不能早於申請日期。",
            "The day you can be reached cannot be before the day of the application.",
        ),
    )


USERCODE_RESET: Final = Form(
    name="usercode_reset",
    title_zh="憑證 IC 卡用戶代碼重設申請書",
    title_en="Application to reset the user code of a card",
    sections=(
        Section(
            "card",
            "卡片資料",
            "Card",
            (
                Field(
                    "application_date",
                    "申請日期",
                    "Date of application",
                    Kind.DATE,
                    required=True,
                    max_length=20,
                ),
                Field(
                    "card_number", "IC 卡卡號", "Card number", Kind.CARD_NUMBER, required=True, max_length=16
                ),
                Field(
                    "organisation_name",
                    "組織（團體）名稱",
                    "Name of the organisation",
                    required=True,
                    max_length=120,
                ),
                Field(
                    "wrong_code_over_three",
                    "用戶代碼是否輸入錯誤 3 次以上",
                    "Was a wrong user code entered 3 times or more?",
                    Kind.YES_NO,
                    required=True,
                ),
            ),
        ),
        Section(
            "contact",
            "聯絡人資料",
            "Contact",
            (
                Field("contact_name", "聯絡人姓名", "Name", required=True, max_length=50),
                Field("contact_title", "聯絡人職稱", "Title", max_length=50),
                Field(
                    "contact_phone",
                    "公務聯絡電話",
                    "Office telephone",
                    Kind.PHONE,
                    required=True,
                    max_length=32,
                    help_zh="分機以 # 表示。",
                    help_en="Put # before the extension.",
                ),
                Field(
                    "reachable_date",
                    "可聯絡日期",
                    "Day you can be reached",
                    Kind.DATE,
                    required=True,
                    max_length=20,
                ),
                Field(
                    "reachable_from",
                    "可聯絡時間（起）",
                    "From (hour)",
                    Kind.HOUR,
                    required=True,
                    max_length=2,
                ),
                Field(
                    "reachable_until",
                    "可聯絡時間（迄）",
                    "Until (hour)",
                    Kind.HOUR,
                    required=True,
                    max_length=2,
                ),
                Field(
                    "contact_email", "聯絡人電子郵件信箱", "E-mail", Kind.EMAIL, required=True, max_length=254
                ),
                Field("contact_fax", "聯絡人傳真", "Fax", Kind.PHONE, required=True, max_length=32),
            ),
        ),
    ),
    rules=(_reachable_hours, _reachable_day),
)

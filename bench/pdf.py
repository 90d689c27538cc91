"""How many application forms a second one process sets, with common and with rare characters.

The machine's own limit is measured in the same run: the same pages, drawn by bare reportlab in its built-in
Helvetica, where no font is cut or embedded. A ratio of 0.5 means half of that speed. Run: python bench/pdf.py
"""

import io
import json
import time
from collections.abc import Callable
from dataclasses import replace

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from forms.fonts import KaiFonts
from forms.sheets import ApplicationForm, Field, SealBox, Section, application_form

SECONDS = 4.0
COMMON_NAMES = (
    "國立臺灣大學",
    "財團法人大明文教基金會",
    "社團法人中華民國軟體協會",
    "陳林黃張李聯合律師事務所",
)
RARE_START, RARE_END = 0x20000, 0x2A6D6
RARE_STEP = 7
LINES_A_PAGE = 45


def a_form(number: int, name: str) -> ApplicationForm:
    """Build a form as an organisation without an OID fills it in."""
    organisation = (
        Field("全名", name, "Full name"),
        Field("統一編號", f"{number:08d}", "Unified business number"),
        Field("地址", "206基隆市七堵區明德一路一百二十三巷四弄五號六樓之七", "Address"),
        Field("組織團體代表電子郵件信箱", "office@foundation.example.org", "E-mail"),
        Field("電話", "02-12345678", "Telephone"),
        Field("傳真", ""),
        Field("備註", ""),
    )
    contact = (Field("姓名", name[-3:], "Name"), Field("職稱", "組長"), Field("電話", "02-12345678"))
    return ApplicationForm(
        authority="組織及團體憑證管理中心",
        title="組織與團體IC卡憑證申請書",
        english_title="Application for an Organisation Certificate",
        case_number=f"{number:025d}",
        filled_on="中華民國115年11月20日",
        rank="正卡 Primary card",
        sections=(Section("組織與團體資料", organisation), Section("憑證聯絡人資料", contact)),
        revision=1,
        sha256=f"{number:064x}",
        seals=(SealBox("設立登記印鑑（圖記）"), SealBox("負責人印鑑")),
    )


def per_second(draw: Callable[[int], bytes]) -> float:
    """Call for a few seconds with rising numbers, after one call that fills caches, and return calls a second."""
    draw(0)
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < SECONDS:
        done += 1
        draw(done)
    return done / spent


def bare(number: int) -> bytes:
    """Draw two pages of as many lines as an application has, with nothing to embed."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1)
    for _ in range(2):
        for line in range(LINES_A_PAGE):
            canvas.setFont("Helvetica", 12)
            canvas.drawString(60, 780 - 16 * line, f"Application {number} line {line} of the form")
            canvas.rect(55, 775 - 16 * line, 480, 16)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def main() -> None:
    """Measure and print."""
    fonts = KaiFonts.find()
    rare = [char for code in range(RARE_START, RARE_END, RARE_STEP) if not fonts.uncovered(char := chr(code))]
    blank = a_form(0, COMMON_NAMES[0])

    def common_form(number: int) -> bytes:
        return application_form(a_form(number, COMMON_NAMES[number % len(COMMON_NAMES)]), fonts)

    def rare_form(number: int) -> bytes:
        # Eight rare characters that are new in each form: the worst that a name can do to a cache.
        name = "".join(rare[(number * 8 + place) % len(rare)] for place in range(8))
        return application_form(a_form(number, name), fonts)

    def single_copy(number: int) -> bytes:
        return application_form(replace(blank, case_number=f"{number:025d}", copies=("",)), fonts)

    limit = per_second(bare)
    print(f"bare reportlab, Helvetica, 2 pages: {limit:.0f} a second (the limit of this machine)")
    for name, draw in (
        ("application_pdf_common", common_form),
        ("application_pdf_rare", rare_form),
        ("application_pdf_single_copy", single_copy),
    ):
        value = per_second(draw)
        print(
            f"{name}: {value:.0f} a second, {len(draw(1)) / 1000:.0f} kB each, {value / limit:.2f} of the limit"
        )
        figure = {
            "name": name,
            "value": round(value, 1),
            "unit": "documents/s",
            "ratio": round(value / limit, 3),
        }
        print(json.dumps(figure | {"against": "bare reportlab, Helvetica, 2 pages"}))


if __name__ == "__main__":
    main()

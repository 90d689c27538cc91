"""Builders of sheets, and readers that look at a PDF as other programs see it: poppler and zbar."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from forms.fonts import KaiFonts
from forms.sheets import ApplicationForm, Field, SealBox, Section

RARE_NAME = "堃喆峯𤧟𡍼𠮷龘"
CASE_NUMBER = "0400100000000000000015448"


@dataclass(frozen=True)
class Reader:
    """Reads a PDF back with the tools that anyone has."""

    folder: Path

    def _run(self, *command: str) -> str:
        return subprocess.run(command, check=True, capture_output=True, cwd=self.folder).stdout.decode()

    def text(self, pdf: bytes, *options: str) -> str:
        (self.folder / "sheet.pdf").write_bytes(pdf)
        return self._run("pdftotext", *options, "sheet.pdf", "-")

    def squeezed(self, pdf: bytes, *options: str) -> str:
        return "".join(self.text(pdf, *options).split())

    def pages(self, pdf: bytes) -> list[str]:
        return self.text(pdf, "-layout").split("\f")[:-1]

    def fonts(self, pdf: bytes) -> list[list[str]]:
        (self.folder / "sheet.pdf").write_bytes(pdf)
        return [line.split() for line in self._run("pdffonts", "sheet.pdf").splitlines()[2:]]

    def marks(self, pdf: bytes) -> list[str]:
        """Return the sorted distinct bar codes on all pages, scanned at 150 dots an inch."""
        (self.folder / "sheet.pdf").write_bytes(pdf)
        self._run("pdftoppm", "-r", "150", "-gray", "-png", "sheet.pdf", "scan")
        images = [path.name for path in sorted(self.folder.glob("scan*.png"))]
        return sorted(set(self._run("zbarimg", "-q", *images).splitlines()))


@pytest.fixture(scope="session")
def fonts() -> KaiFonts:
    return KaiFonts.find()


@pytest.fixture
def reader(tmp_path) -> Reader:
    return Reader(tmp_path)


@pytest.fixture(scope="session")
def a_form() -> Callable[..., ApplicationForm]:
    def build(**changes: object) -> ApplicationForm:
        name = str(changes.pop("name", f"財團法人{RARE_NAME}文教基金會"))
        facts: dict[str, object] = {
            "authority": "組織及團體憑證管理中心",
            "title": "組織與團體IC卡憑證申請書",
            "english_title": "Application for an Organisation Certificate",
            "case_number": CASE_NUMBER,
            "filled_on": "中華民國115年11月20日",
            "rank": "正卡 Primary card",
            "sections": (
                Section("組織與團體資料", (Field("全名", name, "Full name"), Field("統一編號", "11223344"))),
                Section("憑證聯絡人資料", (Field("姓名", "林𠮷峯"), Field("電話", "02-12345678"))),
            ),
            "revision": 3,
            "sha256": "1f2e3d4c5b6a7988" + "0" * 48,
            "seals": (SealBox("設立登記印鑑（圖記）"), SealBox("負責人印鑑")),
        }
        return ApplicationForm(**{**facts, **changes})

    return build

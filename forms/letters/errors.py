"""The refusals of letters: a stable code, and a sentence for the letter clerk in zh-TW and English."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NoReturn

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "no_files": ("沒有收到檔案，請選擇公文檔。", "No file was received; choose the files of the letter."),
        "no_letter": ("找不到公文本文（.di 檔）。", "There is no letter (.di file) among the files."),
        "two_letters": (
            "一次只能匯入一份公文（.di 檔）。",
            "Only one letter (.di file) can be read at a time.",
        ),
        "too_many_files": ("檔案超過 50 個，請分次匯入。", "There are more than 50 files."),
        "too_large": ("檔案合計超過 20 MB。", "The files together exceed 20 MB."),
        "letter_too_large": (
            "公文本文或交換表單超過 1 MB，不是一般公文。",
            "Letter or receivers exceed 1 MB.",
        ),
        "file_name": ("檔名不能使用，請改名後再試。", "A file name cannot be used; rename the file."),
        "duplicate_name": ("有兩個檔名相同的檔案。", "Two files have the same name."),
        "zip_unreadable": ("壓縮檔損壞或不是 ZIP 檔。", "The archive is damaged or is no ZIP file."),
        "zip_encrypted": ("壓縮檔有密碼，請解除後再試。", "The archive is encrypted; remove the password."),
        "zip_bomb": (
            "壓縮檔解開後異常龐大，已拒絕。",
            "The archive unpacks to an abnormal size and was refused.",
        ),
        "file_type": (
            "附件類型不接受；可用 PDF、ODT、ODS、DOC(X)、XLS(X)、JPG、PNG、TIF、TXT、CSV。",
            "An attachment has a type that is not accepted (PDF, ODT, ODS, DOC(X), XLS(X), JPG, PNG, TIF, TXT, CSV are).",
        ),
        "disguised": (
            "附件內容與副檔名不符。",
            "The content of an attachment does not fit its file extension.",
        ),
        "attachment_missing": (
            "公文列出的附件沒有一起上傳。",
            "An attachment that the letter names was not sent along.",
        ),
        "roster_missing": (
            "公文的交換表單（.sw 檔）沒有一起上傳。",
            "The receivers (.sw file) that the letter names are missing.",
        ),
        "encoding": (
            "公文的文字編碼不接受或有錯；只接受 UTF-8，99 版另可用 Big5。",
            "The encoding is not accepted or faulty: UTF-8, and Big5 for version 99 only.",
        ),
        "not_xml": ("公文不是正確的 XML 檔。", "The letter is not well-formed XML."),
        "doctype": (
            "公文的文件類型宣告（DOCTYPE）不正確。",
            "The document type declaration is missing or not acceptable.",
        ),
        "entity": (
            "公文宣告了文字或外部實體，可能是攻擊，已拒絕。",
            "The letter declares text or external entities, as attacks do, and was refused.",
        ),
        "dtd_unknown": (
            "公文版本不支援；只接受 104 版與 99 版的函。",
            "The version is not supported; only 104 and 99 are.",
        ),
        "wrong_root": (
            "這個檔案不是函或交換表單。",
            "The file is not a letter (函) or its receivers (交換表單).",
        ),
        "invalid": ("公文的欄位不符合規定的格式。", "The letter does not conform to its grammar."),
        "date": ("發文日期不是正確的民國日期。", "The date of the letter is not an ROC date."),
        "write": ("公文內容不完整，無法產生檔案。", "The letter is incomplete and cannot be written."),
        "write_character": (
            "公文含有不能寫入檔案的控制字元。",
            "The letter holds a control character that cannot be written.",
        ),
    }
)


class LetterError(Exception):
    """A letter that cannot be read or written: `code` is stable, `zh` and `en` are for the clerk, `detail` for the log."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.zh, self.en = _SENTENCES[code]
        self.detail = detail[:500]
        super().__init__(f"{code}: {self.en} {self.detail}".strip())


def refuse(code: str, detail: object = "") -> NoReturn:
    """Raise the LetterError of this code."""
    raise LetterError(code, str(detail))

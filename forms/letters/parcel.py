"""The files of a letter as they were handed in: counted, weighed, named and typed before anything is read."""

import io
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from forms.letters.errors import refuse

MOST_FILES: Final = 50
LARGEST_TOTAL: Final = 20 * 1024 * 1024
LARGEST_LETTER: Final = 1024 * 1024
_LONGEST_NAME: Final = 200
_LARGEST_RATIO: Final = 200
# Small files may shrink a great deal without harm.
_RATIO_MATTERS_FROM: Final = 1024 * 1024
_UTF8_NAME: Final = 0x800
_ENCRYPTED: Final = 0x1
_PK: Final = (b"PK\x03\x04",)
_OLE: Final = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPEN: Final = "application/vnd.oasis.opendocument."
# Extension -> media type and the first bytes that such a file must have; no bytes means plain text.
_TYPES: Final[Mapping[str, tuple[str, tuple[bytes, ...]]]] = MappingProxyType(
    {
        ".pdf": ("application/pdf", (b"%PDF-",)),
        ".odt": (_OPEN + "text", _PK),
        ".ods": (_OPEN + "spreadsheet", _PK),
        ".docx": (_OFFICE + "wordprocessingml.document", _PK),
        ".xlsx": (_OFFICE + "spreadsheetml.sheet", _PK),
        ".doc": ("application/msword", _OLE),
        ".xls": ("application/vnd.ms-excel", _OLE),
        ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
        ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
        ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
        ".tif": ("image/tiff", (b"II*\x00", b"MM\x00*")),
        ".tiff": ("image/tiff", (b"II*\x00", b"MM\x00*")),
        ".txt": ("text/plain", ()),
        ".csv": ("text/csv", ()),
    }
)
_ZIP_FAULTS: Final = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, OverflowError, zlib.error,
)  # fmt: skip


def plain_name(name: str) -> str:
    """Return the last part of a path written for any system; refuse what cannot be a file name."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    bad = not last.strip(".") or len(last) > _LONGEST_NAME or set(last) & set(':*?"<>|')
    if bad or any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in last):
        refuse("file_name", repr(name[:100]))
    return last


def gathered(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files by plain names after the limits on count, size and names were kept."""
    if not files:
        refuse("no_files")
    if len(files) > MOST_FILES:
        refuse("too_many_files", len(files))
    total = sum(len(content) for content in files.values())
    if total > LARGEST_TOTAL:
        refuse("too_large", total)
    named: dict[str, bytes] = {}
    for name, content in files.items():
        plain = plain_name(name)
        if plain.casefold() in {known.casefold() for known in named}:
            refuse("duplicate_name", plain)
        named[plain] = content
    return named


def letter_name(files: Mapping[str, bytes]) -> str:
    """Return the name of the one .di file."""
    found = [name for name in files if suffix(name) == ".di"]
    if len(found) > 1:
        refuse("two_letters", found)
    return found[0] if found else refuse("no_letter", sorted(files))


def suffix(name: str) -> str:
    """Return the extension in small letters, with its dot."""
    return PurePosixPath(name).suffix.casefold()


def find(files: Mapping[str, bytes], wanted: str, code: str) -> str:
    """Return the name of the file that a letter means, whatever path and capitals it writes; refuse with `code`."""
    plain = plain_name(wanted).casefold()
    for name in files:
        if name.casefold() == plain:
            return name
    return refuse(code, wanted)


def media_type(name: str, content: bytes) -> str:
    """Return the media type of an attachment; refuse types that are not listed and contents that are not of the type."""
    if suffix(name) not in _TYPES:
        refuse("file_type", name)
    kind, beginnings = _TYPES[suffix(name)]
    fits = content.startswith(beginnings) if beginnings else b"\x00" not in content
    if not fits:
        refuse("disguised", name)
    return kind


def is_zip(content: bytes) -> bool:
    """Say whether the bytes begin like a ZIP archive, an empty one too."""
    return content.startswith((*_PK, b"PK\x05\x06"))


def unzipped(data: bytes) -> dict[str, bytes]:
    """Return the files of an archive, read within the limits; archives in archives are refused later by their type."""
    if len(data) > LARGEST_TOTAL:
        refuse("too_large", len(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _unpacked(archive)
    except _ZIP_FAULTS as error:
        refuse("zip_unreadable", error)


def _unpacked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(archive.infolist()) > 2 * MOST_FILES or len(entries) > MOST_FILES:
        refuse("too_many_files", len(entries))
    for entry in entries:
        _weighed(entry)
    if sum(entry.file_size for entry in entries) > LARGEST_TOTAL:
        refuse("zip_bomb", "declared total")
    files: dict[str, bytes] = {}
    room = LARGEST_TOTAL
    for entry in entries:
        name = plain_name(_entry_name(entry))
        if name in files:
            refuse("duplicate_name", name)
        with archive.open(entry) as stream:
            # The declared sizes may lie; one byte more than allowed is enough to know.
            files[name] = stream.read(room + 1)
        room -= len(files[name])
        if room < 0:
            refuse("zip_bomb", "actual total")
    return files


def _weighed(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        refuse("zip_encrypted", entry.filename)
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        refuse("zip_unreadable", f"compression {entry.compress_type}")
    heavy = entry.file_size >= _RATIO_MATTERS_FROM
    if heavy and entry.file_size > _LARGEST_RATIO * max(entry.compress_size, 1):
        refuse("zip_bomb", f"{entry.filename}: {entry.compress_size} -> {entry.file_size}")


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """Read a name that does not say it is UTF-8 as what Taiwanese systems write: UTF-8 nevertheless, or Big5."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    raw = entry.filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "cp950"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename

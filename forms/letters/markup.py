"""XML of letters, parsed without trust.

The prolog is read by hand against a list of what may stand there — a packaged DTD, files declared as NDATA, notations —
and written anew for the parser. So libxml2 never sees a text entity, an external entity, a parameter entity or a
declaration of the sender's own, and the resolver knows nothing but the packaged DTDs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

from forms.letters.errors import refuse
from forms.letters.parcel import LARGEST_LETTER

# The grammar of version 99 is read by that of version 104, which only added to it.
_PACKAGED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "104_2_utf8.dtd": "104_2_utf8.dtd",
        "104_roster_utf8.dtd": "104_roster_utf8.dtd",
        "99_2_utf8.dtd": "104_2_utf8.dtd",
        "99_2_big5.dtd": "104_2_utf8.dtd",
        "99_roster_utf8.dtd": "104_roster_utf8.dtd",
        "99_roster_big5.dtd": "104_roster_utf8.dtd",
    }
)
_BIG5: Final = frozenset({"big5", "big-5", "cp950", "ms950"})
_MOST_ENTITIES: Final = 200
_PROLOG_READ: Final = 64 * 1024
_DECLARATION: Final = re.compile(
    r"<\?xml\s+version\s*=\s*[\"']1\.0[\"'](?:\s+encoding\s*=\s*[\"'](?P<encoding>[A-Za-z][A-Za-z0-9._-]*)[\"'])?"
    r"(?:\s+standalone\s*=\s*[\"'](?:yes|no)[\"'])?\s*\?>"
)
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_COMMENT: Final = re.compile(r"<!--(?:(?!--)[\s\S])*-->")
_INSTRUCTION: Final = re.compile(r"<\?(?![Xx][Mm][Ll][\s?])[\w.-]+(?:\s(?:(?!\?>)[\s\S])*)?\?>")
_NAME: Final = r"[^\W\d][\w.-]{0,100}"
_SYSTEM: Final = r"(?:\"[^\"'<>&%]*\"|'[^\"'<>&%]*')"
_DOCTYPE: Final = re.compile(rf"<!DOCTYPE\s+(?P<root>{_NAME})\s+SYSTEM\s+(?P<dtd>{_SYSTEM})\s*(?P<open>\[|>)")
_NDATA: Final = re.compile(
    rf"<!ENTITY\s+(?P<name>{_NAME})\s+SYSTEM\s+(?P<file>{_SYSTEM})\s+NDATA\s+(?P<notation>{_NAME})\s*>"
)
_NOTATION: Final = re.compile(
    rf"<!NOTATION\s+(?P<name>{_NAME})\s+(?:SYSTEM\s+{_SYSTEM}|PUBLIC\s+{_SYSTEM}(?:\s+{_SYSTEM})?)\s*>"
)
_CLOSE: Final = re.compile(r"\]\s*>")


@dataclass(frozen=True, slots=True)
class Markup:
    """A valid document: its root, the file that each declared entity means, and the DTD it named."""

    root: etree._Element
    files: Mapping[str, str]
    dtd: str


@dataclass(slots=True)
class _Prolog:
    """What the document type declaration said, and where the root element begins."""

    root: str
    dtd: str
    files: dict[str, tuple[str, str]]
    notations: list[str]
    end: int

    def rewritten(self) -> str:
        notations = [f'<!NOTATION {name} SYSTEM "">' for name in self.notations]
        entities = [
            f'<!ENTITY {name} SYSTEM "{file}" NDATA {notation}>'
            for name, (file, notation) in self.files.items()
        ]
        return f'<!DOCTYPE {self.root} SYSTEM "{self.dtd}" [{"".join(notations + entities)}]>'


class _PackagedOnly(etree.Resolver):
    """Answers with packaged DTDs; anything else that the parser asks for is an attack or a fault."""

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]  # noqa: ARG002 - lxml calls with a context, which its stubs leave out
        packaged = _PACKAGED.get(system_url or "")
        if packaged is None:
            refuse("entity", system_url)
        content = files("forms.letters").joinpath("dtd", packaged).read_bytes()
        return self.resolve_string(content, context, base_url=packaged)


def parse(data: bytes, root: str) -> Markup:
    """Return the document if it is valid XML of this root element under a packaged DTD; else raise LetterError."""
    if len(data) > LARGEST_LETTER:
        refuse("letter_too_large", len(data))
    text = _decoded(data)
    prolog = _prolog(text)
    if prolog.root != root:
        refuse("wrong_root", prolog.root)
    element = _validated(prolog.rewritten() + text[prolog.end :])
    return Markup(element, {name: file for name, (file, _) in prolog.files.items()}, prolog.dtd)


def _decoded(data: bytes) -> str:
    plain = data.removeprefix(b"\xef\xbb\xbf")
    if not plain.lstrip(b" \t\r\n").startswith(b"<"):
        refuse("not_xml", repr(plain[:20]))
    head = plain[:200].decode("ascii", errors="replace")
    declaration = _DECLARATION.match(head)
    declared = ((declaration and declaration["encoding"]) or "utf-8").casefold()
    if declared not in {"utf-8", "utf8", *_BIG5}:
        refuse("encoding", declared)
    try:
        text = plain.decode("cp950" if declared in _BIG5 else "utf-8")
    except UnicodeDecodeError as error:
        refuse("encoding", error)
    if declared in _BIG5 and not re.search(r"[\"']99_\w+\.dtd[\"']", text[:_PROLOG_READ]):
        refuse("encoding", f"{declared} without a DTD of version 99")
    return text[declaration.end() :] if declaration else text


def _skipped(text: str, at: int) -> int:
    """Return the place after spaces, comments and processing instructions."""
    while at < _PROLOG_READ:
        found = _SPACE.match(text, at) or _COMMENT.match(text, at) or _INSTRUCTION.match(text, at)
        if not found:
            return at
        at = found.end()
    return refuse("doctype", "the prolog is too long")


def _prolog(text: str) -> _Prolog:
    found = _DOCTYPE.match(text, _skipped(text, 0))
    if not found:
        refuse("doctype", text[:80])
    dtd = found["dtd"][1:-1]
    if dtd not in _PACKAGED:
        refuse("dtd_unknown", dtd)
    prolog = _Prolog(found["root"], dtd, {}, [], found.end())
    if found["open"] == "[":
        _subset(text, prolog)
    prolog.end = _skipped(text, prolog.end)
    return prolog


def _subset(text: str, prolog: _Prolog) -> None:
    """Read the internal subset up to its end; only files declared as NDATA and notations may stand there."""
    while True:
        at = _skipped(text, prolog.end)
        if close := _CLOSE.match(text, at):
            prolog.end = close.end()
            return
        if entity := _NDATA.match(text, at):
            if entity["name"] in prolog.files or len(prolog.files) >= _MOST_ENTITIES:
                refuse("doctype", f"entity {entity['name']} is one too many")
            prolog.files[entity["name"]] = (entity["file"][1:-1], entity["notation"])
            prolog.end = entity.end()
        elif notation := _NOTATION.match(text, at):
            if notation["name"] not in prolog.notations:
                prolog.notations.append(notation["name"])
            prolog.end = notation.end()
        else:
            refuse("entity" if text.startswith("<!ENTITY", at) else "doctype", text[at : at + 80])


def _validated(text: str) -> etree._Element:
    parser = etree.XMLParser(
        dtd_validation=True,
        load_dtd=True,
        attribute_defaults=True,
        no_network=True,
        resolve_entities=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
        encoding="utf-8",
    )
    parser.resolvers.add(_PackagedOnly())
    try:
        element = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        fault = error.msg or ""
        domain = parser.error_log.last_error
        valid = domain is not None and domain.domain_name == "VALID"
        refuse("invalid" if valid else "not_xml", fault)
    if next(element.iter(etree.Entity), None) is not None:
        refuse("entity", "entity reference in the text")
    return element

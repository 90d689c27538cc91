"""The subject of a request, read leniently: other tools write other string types and attributes than we do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pki import der
from pki.csr.findings import Finding, Verdict
from pki.errors import DerRefusedError, NameRefusedError
from pki.names import NameAttribute, check_value

if TYPE_CHECKING:
    from pki.profiles import NameRules

_ENCODINGS: Final = {
    der.UTF8_STRING: "utf-8",
    0x12: "ascii",
    der.PRINTABLE_STRING: "ascii",
    # TeletexString is written as Latin-1 by everybody.
    0x14: "latin-1",
    0x16: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_BY_OID: Final = {kind.oid: kind for kind in NameAttribute}
_LABELS: Final = {
    "1.2.840.113549.1.9.1": "emailAddress",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.12": "title",
    "2.5.4.17": "postalCode",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}
COUNTRY: Final = "TW"


@dataclass(frozen=True, slots=True)
class ProposedSubject:
    """What the subject of a request says: attributes that our names have, with their texts, and what we remark on."""

    pairs: tuple[tuple[NameAttribute, str], ...]
    refusals: tuple[Finding, ...]
    remarks: tuple[Finding, ...]

    @property
    def common_names(self) -> tuple[str, ...]:
        """Every CN in the order of the request."""
        return tuple(text for kind, text in self.pairs if kind is NameAttribute.COMMON_NAME)


def read_subject(encoded: bytes, naming: NameRules) -> ProposedSubject:
    """Return the proposed subject, judged by the profile's rules for names; never raises."""
    try:
        rdns = der.read(encoded).expect(der.SEQUENCE).children()
        found = [_read(pair) for rdn in rdns for pair in rdn.expect(der.SET).children()]
    except (DerRefusedError, UnicodeDecodeError):
        return ProposedSubject((), (Verdict.NAME_UNREADABLE.at(),), ())
    pairs = tuple(
        (kind, text) for oid, text in found if (kind := _BY_OID.get(oid)) in naming.allowed and kind
    )
    ignored = dict.fromkeys(
        _label(oid) for oid, _ in found if (kind := _BY_OID.get(oid)) is None or kind not in naming.allowed
    )
    refusals = [finding for kind, text in pairs if (finding := _fault(kind, text)) is not None]
    return ProposedSubject(
        pairs,
        tuple(dict.fromkeys(refusals)),
        tuple(Verdict.NAME_IGNORED.at(label) for label in ignored),
    )


def _read(pair: der.Element) -> tuple[str, str]:
    oid, value = pair.fields(2)
    encoding = _ENCODINGS.get(value.tag)
    if encoding is None:
        raise DerRefusedError("pki.csr.string", "no string type for names", tag=value.tag)
    return oid.as_oid(), value.content.decode(encoding)


def _label(oid: str) -> str:
    kind = _BY_OID.get(oid)
    return _LABELS.get(oid, oid) if kind is None else kind.label


def _fault(kind: NameAttribute, text: str) -> Finding | None:
    if kind is NameAttribute.COUNTRY:
        return None if text == COUNTRY else Verdict.NAME_COUNTRY.at("C")
    try:
        check_value(kind, text)
    except NameRefusedError:
        return Verdict.NAME_VALUE.at(kind.label)
    return None

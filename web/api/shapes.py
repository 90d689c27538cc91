"""The answers of the programming interface: frozen values that know their JSON and their JSON Schema.

The schema is read off the same declarations that are sent, so the two can't part.
"""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from workflow.vocabulary import Ca  # noqa: TC001 - `get_type_hints` looks it up when it runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.vocabulary import Word

Schema = dict[str, Any]
MOST_IN_AN_ARRAY = 5000
"""How long an array in a body may be; those of answers are as long as what they tell."""
_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


@dataclass(frozen=True, slots=True)
class Named:
    """A word of the registry: its lasting code, and what people call it."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a name, such as O or CN."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """A published certificate and how it stands now."""

    ca: str
    serial: str
    subject: str
    purpose: str
    status: Named
    status_since: datetime
    reason: Named | None
    not_before: datetime
    not_after: datetime
    card_number: str | None
    url: str


@dataclass(frozen=True, slots=True)
class CertificatePage:
    """Certificates, newest first; `next` is the value of `after` that continues, null at the end."""

    items: tuple[Certificate, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class CertificateDetail:
    """A published certificate with its content."""

    certificate: Certificate
    subject: tuple[Term, ...]
    issuer: tuple[Term, ...]
    key: str
    signature_algorithm: str
    sha256: str
    issued_at: datetime
    published_at: datetime
    policy_version: str
    practice_statement: str | None
    der: str


@dataclass(frozen=True, slots=True)
class Crl:
    """The newest list of an authority's partition; partition 0 is the complete one."""

    authority: str
    partition: int
    number: int
    entries: int
    size: int
    this_update: datetime
    next_update: datetime
    url: str


@dataclass(frozen=True, slots=True)
class CrlList:
    """The newest lists."""

    items: tuple[Crl, ...]


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority; `der` is its certificate in base64."""

    name: str
    zh: str
    en: str
    state: Named
    sha256: str
    url: str
    bundle_url: str
    der: str


@dataclass(frozen=True, slots=True)
class AuthorityList:
    """The roots and the CAs."""

    items: tuple[Authority, ...]


@dataclass(frozen=True, slots=True)
class RootLink:
    """A root's name and key, certified by another root; `der` is in base64, the revocation null for one that stands."""

    name: str
    subject: str
    signer: str
    sha256: str
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None
    reason: Named | None
    url: str
    der: str


@dataclass(frozen=True, slots=True)
class RootLinkList:
    """The links between roots."""

    items: tuple[RootLink, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A published document, such as a CPS; `ca` is null for one that holds for all CAs."""

    kind: Named
    ca: str | None
    title: str
    version: str
    in_force_from: date
    in_force: bool
    size: int
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class DocumentList:
    """The published documents."""

    items: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class StatisticsRow:
    """Certificates of one CA, kind of subscriber and month of issue, as they stand now."""

    month: str
    ca: str
    kind: Named | None
    issued: int
    waiting: int
    valid: int
    suspended: int
    revoked: int
    expired: int


@dataclass(frozen=True, slots=True)
class StatisticsTable:
    """The statistics and when they were counted."""

    at: datetime
    rows: tuple[StatisticsRow, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask about a request, and who is told of its certificates."""

    contact_name: str
    contact_email: str
    contact_phone: str = ""


@dataclass(frozen=True, slots=True)
class RequestSubject:
    """What a certificate shall say beyond the organisation's registered name."""

    common_name: str | None = None
    dns_names: tuple[str, ...] = ()
    email: str | None = None


@dataclass(frozen=True, slots=True)
class RequestItem:
    """One signing request (PKCS#10), as PEM or as base64 of its DER; `label` is the caller's own name for it."""

    label: str
    csr: str
    subject: RequestSubject = RequestSubject()


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A batch of signing requests of one organisation, all for the same kind of certificate."""

    ca: Ca
    profile: str
    organisation_oid: str
    contact: Contact
    items: tuple[RequestItem, ...]
    user_code: str = ""
    """Chosen by the subscriber, who accepts the certificates with it; needed for the CA `xca`."""


@dataclass(frozen=True, slots=True)
class SubmittedItem:
    """What became of one signing request; `certificate` is the address of its certificate once it is published."""

    position: int
    label: str
    state: Named
    findings: tuple[FieldProblem, ...]
    serial: str | None
    certificate: str | None


@dataclass(frozen=True, slots=True)
class Submission:
    """A batch that was put on file under a case number; two people approve it before anything is issued."""

    number: str
    ca: str
    state: Named
    opened_at: datetime
    url: str
    items: tuple[SubmittedItem, ...]


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field or parameter."""

    field: str
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem (RFC 9457); `detail` speaks the language asked for, the other two both."""

    type: str
    title: str
    status: int
    detail: str
    detail_zh: str
    detail_en: str
    code: str
    instance: str
    errors: tuple[FieldProblem, ...]


def named(word: Word) -> Named:
    """Return a word of the registry for an answer."""
    return Named(str(word), word.zh, word.en)


def to_json(value: Any) -> Any:
    """Return an answer as plain JSON values; moments in UTC."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_json(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def schemas(answers: Iterable[type[Any]], bodies: Iterable[type[Any]]) -> dict[str, Schema]:
    """Return the JSON Schemas of some answers and bodies, and of all that they hold, by name."""
    found: dict[str, Schema] = {}
    for shape in answers:
        _gather(shape, found, {})
    for shape in bodies:
        _gather(shape, found, {"maxItems": MOST_IN_AN_ARRAY})
    return dict(sorted(found.items()))


def _gather(shape: type[Any], found: dict[str, Schema], of_arrays: Schema) -> None:
    if shape.__name__ in found:
        return
    hints = typing.get_type_hints(shape)
    found[shape.__name__] = {
        "type": "object",
        "description": " ".join((shape.__doc__ or "").split()),
        "properties": {name: _schema(hint, found, of_arrays) for name, hint in hints.items()},
        "required": [item.name for item in fields(shape) if item.default is MISSING],
        "additionalProperties": False,
    }


def _schema(hint: Any, found: dict[str, Schema], of_arrays: Schema) -> Schema:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(typing.get_args(hint)[0], found, of_arrays)} | of_arrays
    if isinstance(hint, types.UnionType):
        kinds = [_schema(one, found, of_arrays) for one in typing.get_args(hint) if one is not type(None)]
        return {"oneOf": [*kinds, {"type": "null"}]}
    if issubclass(hint, Enum):
        return {"type": "string", "enum": list(map(str, hint))}
    _gather(hint, found, of_arrays)
    return {"$ref": f"#/components/schemas/{hint.__name__}"}

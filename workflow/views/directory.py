"""The directory of published certificates: looked up by any one thing, case-sensitive, newest first (STA-02).

Only what was published and not withdrawn by its holder is ever found here. Every look-up starts at an index; one that
would have to read too much is given up and refused, so that a stranger's search never slows the registry down.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from workflow import policies
from workflow.days import taipei_day
from workflow.errors import BadInput, FieldProblem, Refused
from workflow.store import schema as t
from workflow.store.directory import COUNTRY, EMAIL, OID, grams, normal
from workflow.vocabulary import Ca, CertificateStatus, RevocationReason, ShownStatus, Word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

C, P = t.certificate.c, t.certificate_part.c
PAGE = 20
SHORTEST_NAME = 2
LONGEST = 200
MOST_PARTS = 6
MOST_GRAMS = 6
"""Pairs of characters that a search begins with; the rest of a long name is checked on what they find."""
SEARCH_MILLISECONDS = 3000
_TYPED_PART = re.compile(r"(CN|C|L|OU|O|ST|serialNumber|DNS)\s*=\s*(.*)", re.DOTALL)
_SERIAL = re.compile(r"[0-9a-f]{1,40}")
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]{0,30})){1,40}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_CARD = re.compile(r"[A-Za-z]{2}[0-9]{14}")
_CANCELLED = "57014"


class SearchBy(Word):
    """What a certificate is looked up by."""

    NAME = "name", "名稱", "Name"
    OID = "oid", "物件識別碼（OID）", "OID"
    EMAIL = "email", "電子郵件", "E-mail address"
    CARD = "card", "卡號", "Card number"
    SERIAL = "serial", "憑證序號", "Certificate serial"


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """A certificate in a list of results. `serial` is 32 lower-case hexadecimal digits."""

    id: int
    ca: Ca
    authority: str
    """The name of the generation of the CA's key that signed it."""
    serial: str
    subject: str
    purpose: str
    status: ShownStatus
    status_at: datetime
    reason: RevocationReason | None
    not_before: datetime
    not_after: datetime
    card_number: str


@dataclass(frozen=True, slots=True)
class FoundPage:
    """One page of results; `after` continues it, None at the end."""

    lines: tuple[CertificateLine, ...]
    after: int | None


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """A published certificate with what hangs on it."""

    line: CertificateLine
    der: bytes
    published_at: datetime
    issued_at: datetime
    policy_version: str
    """The version of the registry's rules under which it was issued."""
    practice_statement: tuple[str, str, str] | None
    """Title, version and SHA-256 of the CPS in force on the day of issue, when it has been placed here."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One part that a name is sought by: its label, empty for any, and its text."""

    label: str
    text: str


def find(
    connection: sa.Connection, by: SearchBy, text: str, now: datetime, after: int | None = None
) -> FoundPage:
    """Return published certificates, newest first, at most a page; `after` is where the last page ended.

    Raises BadInput (field `q`) for text that can't be looked up so, and Refused for a search that is too wide.
    """
    query = _sought(by, text).order_by(C.id.desc()).limit(PAGE + 1)
    if after is not None:
        query = query.where(C.id < after)
    rows = _bounded(connection, query)
    more = len(rows) > PAGE
    lines = tuple(_line(row, now) for row in rows[:PAGE])
    return FoundPage(lines, lines[-1].id if more else None)


def published(connection: sa.Connection, ca: Ca, serial: str, now: datetime) -> CertificateSeen | None:
    """Return one published certificate, or None where there is none or its holder withdrew it."""
    serial = _plain_serial(serial)
    if not _SERIAL.fullmatch(serial):
        return None
    k = t.case.c
    query = _lines(C.ca == str(ca), C.serial == serial.zfill(32)).add_columns(
        C.der,
        C.published_at,
        C.created_at,
        sa.select(k.policy_version).where(k.id == C.case_id).scalar_subquery().label("policy_version"),
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return CertificateSeen(
        line=_line(row, now),
        der=bytes(row.der),
        published_at=row.published_at,
        issued_at=row.created_at,
        policy_version=row.policy_version or policies.in_force(ca, taipei_day(row.created_at)).version,
        practice_statement=_practice_statement(connection, ca, row.created_at),
    )


def standing(status: str, not_before: datetime, not_after: datetime, now: datetime) -> ShownStatus:
    """Return how a certificate stands now, in the words of the public query (STA-05)."""
    if status == CertificateStatus.REVOKED:
        return ShownStatus.REVOKED
    if not_after <= now:
        return ShownStatus.EXPIRED
    if status == CertificateStatus.SUSPENDED:
        return ShownStatus.SUSPENDED
    return ShownStatus.NOT_YET if not_before > now else ShownStatus.VALID


def _lines(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    card = t.card.c
    return (
        sa.select(
            C.id, C.ca, C.authority, C.serial, C.subject, C.purpose, C.status, C.status_at, C.reason, C.not_before, C.not_after,
            card.number.label("card_number"),
        )
        .outerjoin(t.card, card.csn == C.csn)
        .where(C.published_at.is_not(None), C.withdrawn_at.is_(None), C.der.is_not(None), *where)
    )  # fmt: skip


def _line(row: Any, now: datetime) -> CertificateLine:
    status = standing(row.status, row.not_before, row.not_after, now)
    tells = status in {ShownStatus.SUSPENDED, ShownStatus.REVOKED} and row.reason
    return CertificateLine(
        id=row.id,
        ca=Ca(row.ca),
        authority=row.authority,
        serial=row.serial,
        subject=row.subject,
        purpose=row.purpose,
        status=status,
        status_at=row.status_at if status is not ShownStatus.EXPIRED else row.not_after,
        reason=RevocationReason(row.reason) if tells else None,
        not_before=row.not_before,
        not_after=row.not_after,
        card_number=row.card_number or "",
    )


def _practice_statement(
    connection: sa.Connection, ca: Ca, issued_at: datetime
) -> tuple[str, str, str] | None:
    """Return the CPS that was in force on the day of issue; one for the CA itself before one for all."""
    d = t.published_document.c
    row = connection.execute(
        sa.select(d.title, d.version, d.sha256)
        .where(
            d.kind == "cps",
            d.ca.in_((str(ca), "")),
            d.withdrawn_at.is_(None),
            d.in_force_from <= taipei_day(issued_at),
        )
        .order_by((d.ca == "").asc(), d.in_force_from.desc(), d.id.desc())
        .limit(1)
    ).first()
    return None if row is None else (row.title, row.version, row.sha256)


@contextmanager
def _savepoint(connection: sa.Connection) -> Iterator[None]:
    """Run within a savepoint that is always gone back to."""
    savepoint = connection.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


def _bounded(connection: sa.Connection, query: sa.Select[Any]) -> list[Any]:
    """Run a public search, giving it up when it takes too long (PostgreSQL)."""
    if connection.dialect.name != "postgresql":
        return list(connection.execute(query))
    # Going back to the savepoint takes the time limit back, too.
    with _savepoint(connection):
        connection.execute(sa.text(f"SET LOCAL statement_timeout = {SEARCH_MILLISECONDS}"))
        try:
            return list(connection.execute(query))
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == _CANCELLED:
                raise Refused("search.too_wide") from error
            raise


# --- What was typed -----------------------------------------------------------------------------------------------


def _sought(by: SearchBy, text: str) -> sa.Select[Any]:
    typed = normal(unicodedata.normalize("NFC", text))
    if not typed:
        raise _problem("required", "請輸入要查詢的內容。", "Type what you look for.")
    if len(typed) > LONGEST or any(unicodedata.category(one) in {"Cc", "Cs"} for one in typed):
        raise _problem(
            "characters",
            f"查詢內容最多 {LONGEST} 個字，且不得含控制字元。",
            f"Type at most {LONGEST} characters, none of them a control character.",
        )
    match by:
        case SearchBy.NAME:
            return _by_name(typed)
        case SearchBy.SERIAL:
            return _by_serial(typed)
        case SearchBy.CARD:
            return _by_card(typed)
        case SearchBy.OID:
            return _by_term(OID, typed, _OID, "例如 2.16.886.111.7", "such as 2.16.886.111.7")
        case SearchBy.EMAIL:
            return _by_term(
                EMAIL, typed, _EMAIL, "須完整，例如 name@example.tw", "complete, such as name@example.tw"
            )


def _problem(code: str, zh: str, en: str) -> BadInput:
    return BadInput(FieldProblem("q", code, zh, en))


def _plain_serial(text: str) -> str:
    return re.sub(r"[\s:-]", "", text).lower().removeprefix("0x")


def _by_serial(typed: str) -> sa.Select[Any]:
    serial = _plain_serial(typed)
    if not _SERIAL.fullmatch(serial):
        raise _problem(
            "serial",
            "憑證序號為 16 進位數字（0-9、a-f），請核對。",
            "A serial is hexadecimal (0-9, a-f). Please check it.",
        )
    return _lines(C.serial == serial.zfill(32))


def _by_card(typed: str) -> sa.Select[Any]:
    if not _CARD.fullmatch(typed):
        raise _problem(
            "card",
            "卡號為 2 個英文字母加 14 位數字（區分大小寫），請核對卡片正面。",
            "A card number is two letters and 14 digits, exactly as on the card's face.",
        )
    number = t.card.c.number
    return _lines(C.csn == sa.select(t.card.c.csn).where(number == typed).scalar_subquery())


def _by_term(kind: str, typed: str, shape: re.Pattern[str], zh: str, en: str) -> sa.Select[Any]:
    if not shape.fullmatch(typed):
        raise _problem(kind, f"格式不正確：{zh}。", f"Not of the right shape: {en}.")
    return _lines(C.id.in_(sa.select(P.certificate_id).where(P.kind == kind, P.value == typed)))


def _parts(typed: str) -> tuple[_Part, ...]:
    """Split `O=農會, L=金門縣` into its parts; a text without a label is sought in all of them."""
    pieces = re.split(r"[,，、;；+](?=\s*(?:CN|C|L|OU|O|ST|serialNumber|DNS)\s*=)", typed)
    found = []
    for piece in pieces:
        labelled = _TYPED_PART.fullmatch(piece.strip())
        label, text = labelled.groups() if labelled else ("", piece)
        found.append(_Part(label, text.strip()))
    return tuple(found)


def _by_name(typed: str) -> sa.Select[Any]:
    parts = tuple(part for part in _parts(typed) if part.label != COUNTRY)
    if not parts or any(len(part.text) < SHORTEST_NAME for part in parts):
        raise _problem(
            "short",
            f"名稱的每一部分至少 {SHORTEST_NAME} 個字，例如「農會」或「O=農會, L=金門縣」。",
            f"Give at least {SHORTEST_NAME} characters of each part of the name, such as 農會 or O=農會, L=金門縣.",
        )
    if len(parts) > MOST_PARTS:
        raise _problem("parts", f"最多 {MOST_PARTS} 個部分。", f"Give at most {MOST_PARTS} parts.")
    pairs = sorted({gram for part in parts for gram in grams(part.text)})
    # Pairs spread over the whole name tell more than its first ones.
    step = -(-len(pairs) // MOST_GRAMS)
    query = _lines(*(_has(part) for part in parts))
    for gram in pairs[::step]:
        led = t.certificate_gram.alias()
        query = query.join(led, sa.and_(led.c.certificate_id == C.id, led.c.gram == gram))
    return query


def _has(part: _Part) -> sa.ColumnElement[bool]:
    """Check the whole part on a certificate that its pairs of characters led to; capitals count (STA-02)."""
    mine = sa.and_(P.certificate_id == C.id, _PlaceWithin(P.value, part.text) > 0)
    return sa.exists().where(
        mine, P.kind == part.label if part.label else P.kind.not_in((EMAIL, OID, COUNTRY))
    )


class _PlaceWithin(sa.sql.functions.GenericFunction[int]):
    """The place of a text within another, counted from 1; 0 when it isn't there. LIKE ignores capitals on SQLite."""

    inherit_cache = True
    type = sa.Integer()
    name = "strpos"


@compiles(_PlaceWithin, "sqlite")
def _instr(element: _PlaceWithin, compiler: Any, **more: Any) -> str:
    return f"instr{compiler.process(element.clause_expr, **more)}"

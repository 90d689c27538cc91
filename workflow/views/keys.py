"""What the registry knows of keys, for operators: live certificates over bad keys, and the keys themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki import der
from pki.certificates import read_certificate
from pki.issuing import serial_text
from pki.names import describe_name
from workflow.store import schema as t
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

A, C, K, N = t.authority.c, t.certificate.c, t.compromised_key.c, t.key_intent.c


@dataclass(frozen=True)
class KeyHolder:
    """A certificate as far as its key is concerned; `ca` is who issued it, or the name of the authority whose own it is."""

    ca: str
    serial: str
    subject: str
    status: str
    tbs: bytes


def _holders(
    connection: sa.Connection, query: sa.Select[tuple[str, str, str, str, bytes]]
) -> Iterator[KeyHolder]:
    # Streamed: an authority has certificates by the hundred thousand.
    for row in connection.execution_options(stream_results=True, max_row_buffer=1000).execute(query):
        yield KeyHolder(row.ca, row.serial, row.subject, row.status, bytes(row.tbs))


_COLUMNS = (C.ca, C.serial, C.subject, C.status, C.tbs)


def all_keys(connection: sa.Connection) -> Iterator[KeyHolder]:
    """Return the authorities, their responders, and every certificate that was ever prepared, the oldest first.

    A factored key betrays its siblings at any age. A serial that was revoked without any record of its certificate has
    no key to look at.
    """
    yield from _authorities(connection)
    yield from _holders(connection, sa.select(*_COLUMNS).where(C.tbs != b"").order_by(C.id))


def _authorities(connection: sa.Connection) -> Iterator[KeyHolder]:
    for row in connection.execute(sa.select(A.name, A.state, A.certificate).order_by(A.id)):
        certificate = bytes(row.certificate)
        fields = read_certificate(certificate)
        subject, tbs = describe_name(fields.subject_name), der.read(certificate).fields(3)[0].encoded
        yield KeyHolder(row.name, serial_text(fields.serial), subject, row.state, tbs)


def endangered(connection: sa.Connection) -> list[KeyHolder]:
    """Return the certificates not yet revoked whose key stands on the list of compromised keys."""
    query = (
        sa.select(*_COLUMNS)
        .join(t.compromised_key, K.spki_sha256 == C.spki_sha256)
        .where(C.status != str(CertificateStatus.REVOKED))
        .order_by(C.id)
    )
    return list(_holders(connection, query))


def listed_count(connection: sa.Connection) -> int:
    """Return how many keys stand on the list."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(t.compromised_key)).scalar_one())


@dataclass(frozen=True, slots=True)
class UnfinishedKey:
    """A key that was to be made and is on no record: its number, label and place, and since when."""

    number: int
    label: str
    place: str
    at: datetime


def unfinished_keys(connection: sa.Connection, before: datetime | None = None) -> tuple[UnfinishedKey, ...]:
    """Return keys that were to be made, perhaps are being made now, and are on no record; of before a time if asked."""
    query = sa.select(t.key_intent).where(N.ended_at.is_(None)).order_by(N.id)
    if before is not None:
        query = query.where(N.at < before)
    return tuple(UnfinishedKey(row.id, row.label, row.place, row.at) for row in connection.execute(query))


_MASTER_KEYS_ON_RECORD = ("master_key_made", "master_key_back", "master_key_found")


def master_key_on_record(connection: sa.Connection, name: str) -> bool:
    """Tell whether the audit log says where a master key of cards came from, by its label and check value."""
    e = t.audit_entry.c
    told = connection.execute(sa.select(e.body).where(e.kind.in_(_MASTER_KEYS_ON_RECORD))).scalars()
    return any(json.loads(body).get("name") == name for body in told)

"""Reading the statuses of certificates, many at once, straight through the database's driver.

An answer reads twice (see `answering`), so the reading is on the path of every signature: one statement for each
authority that is asked about, prepared once a connection, in a snapshot of its own.
"""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.issuing import serial_text
from pki.ocsp import NotRevoked, Revoked, Status
from workflow.acts.crls import LISTED, crl_reason
from workflow.store.roots import is_root, signer_of
from workflow.vocabulary import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Key: TypeAlias = tuple[str, int]
"""A certificate: the name of the authority that issued it, and its serial."""
Row: TypeAlias = tuple[Any, ...]
"""Status, version, moment and reason as the database has them; two readings of an unchanged status are equal."""

ISSUED: Final = (str(CertificateStatus.ISSUED), str(CertificateStatus.VALID))
_POSTGRESQL = "SELECT serial, status, status_version, status_at, reason FROM certificate WHERE authority = %s AND serial = ANY(%s)"
_SQLITE = (
    "SELECT serial, status, status_version, status_at, reason FROM certificate"
    " WHERE authority = ? AND serial IN (SELECT value FROM json_each(?))"
)
_AUTHORITIES = (
    "SELECT a.name, a.certificate, r.at, r.reason FROM authority AS a"
    " LEFT JOIN authority_revocation AS r ON r.authority = a.name"
)
# A link's name is made of those of its two roots (`store.roots.link_name`).
_LINKS = (
    "SELECT l.signer, l.certificate, r.at, r.reason FROM root_link AS l"
    " LEFT JOIN authority_revocation AS r ON r.authority = l.subject || '-by-' || l.signer"
)
_NOT_SUBORDINATE = "ocsp:"


class UnreachableError(Exception):
    """The database does not say how a certificate stands; whoever asks has to try later."""


class StatusReader:
    """Reads statuses through one driver's connection; each reading sees all that was committed before it began."""

    def __init__(self, engine: sa.Engine, connection: Any) -> None:
        self._connection = connection
        self._errors: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._postgresql = engine.dialect.name == "postgresql"

    def read(self, asked: Mapping[str, Collection[int]]) -> dict[Key, Row]:
        """Return the rows of those certificates that exist; UnreachableError when the database does not answer."""
        found: dict[Key, Row] = {}
        try:
            for authority, serials in asked.items():
                found.update(self._of(authority, serials))
        except self._errors as error:
            raise UnreachableError(type(error).__name__) from error
        return found

    def _of(self, authority: str, serials: Collection[int]) -> Iterator[tuple[Key, Row]]:
        if is_root(authority):
            yield from self._subordinates(authority, serials)
            return
        texts = {serial_text(serial): serial for serial in serials if serial >= 0}
        for text, *row in self._rows(authority, list(texts)):
            yield (authority, texts[text]), tuple(row)

    def _rows(self, authority: str, texts: list[str]) -> list[Row]:
        if self._postgresql:
            return list(self._connection.execute(_POSTGRESQL, (authority, texts), prepare=True).fetchall())
        # Serials are hexadecimal digits, which need no escape.
        written = "[" + ",".join(f'"{text}"' for text in texts) + "]"
        return list(self._connection.execute(_SQLITE, (authority, written)).fetchall())

    def _subordinates(self, root: str, serials: Collection[int]) -> Iterator[tuple[Key, Row]]:
        """Give the certificates that a root issued to authorities and to other roots; there are few, and few ask."""
        rows = self._connection.execute(_AUTHORITIES).fetchall()
        signer = {name: bytes(certificate) for name, certificate, *_ in rows if name == root}
        for name, certificate, revoked_at, reason in rows:
            if name.startswith(_NOT_SUBORDINATE) or is_root(name):
                continue
            serial = read_certificate(bytes(certificate)).serial
            if serial in serials and signer_of(bytes(certificate), signer) is not None:
                yield (root, serial), _certified(revoked_at, reason)
        for signed_by, certificate, revoked_at, reason in self._connection.execute(_LINKS).fetchall():
            serial = read_certificate(bytes(certificate)).serial
            if signed_by == root and serial in serials:
                yield (root, serial), _certified(revoked_at, reason)


def _certified(revoked_at: Any, reason: Any) -> Row:
    """Return the row of a certificate that a root signed; it is revoked or it stands, and changes once."""
    if revoked_at is None:
        return str(CertificateStatus.VALID), 0, None, None
    return str(CertificateStatus.REVOKED), 1, revoked_at, reason


@contextmanager
def reader(engine: sa.Engine) -> Iterator[StatusReader]:
    """Lend a reader over a connection of the pool; UnreachableError when there is none to be had."""
    with closing(_pooled(engine)) as connection:
        yield StatusReader(engine, connection.driver_connection)


class SteadyReader:
    """A reader with a connection of its own, for a thread that reads all the time; a lost one is opened again."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    def read(self, asked: Mapping[str, Collection[int]]) -> dict[Key, Row]:
        """Return the rows of those certificates that exist; UnreachableError when the database does not answer."""
        if self._connection is not None:
            try:
                return StatusReader(self._engine, self._connection).read(asked)
            except UnreachableError:
                # The database may have been away for a while; a new connection tells whether it still is.
                self.close()
        self._connection = own_connection(self._engine)
        try:
            return StatusReader(self._engine, self._connection).read(asked)
        except UnreachableError:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection up; the next reading opens another."""
        if self._connection is not None:
            with suppress(self._engine.dialect.loaded_dbapi.Error):
                self._connection.close()
            self._connection = None


def own_connection(engine: sa.Engine) -> Any:
    """Return a driver's connection outside the pool, each of whose statements is a transaction of its own."""
    pooled = _pooled(engine)
    connection: Any = pooled.driver_connection
    pooled.detach()
    if engine.dialect.name == "postgresql":
        connection.autocommit = True
    return connection


def _pooled(engine: sa.Engine) -> sa.PoolProxiedConnection:
    try:
        return engine.raw_connection()
    except (engine.dialect.loaded_dbapi.Error, sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        raise UnreachableError(type(error).__name__) from error


def meaning(row: Row | None) -> Status:
    """Return what OCSP says of a row; no row, or a signature that is not recorded yet, is unknown and never good."""
    if row is None:
        return NotRevoked.UNKNOWN
    status, _version, at, reason = row
    if status in LISTED:
        return Revoked(_moment(at), crl_reason(reason))
    return NotRevoked.GOOD if status in ISSUED else NotRevoked.UNKNOWN


def _moment(stored: Any) -> datetime:
    """Return a stored moment; SQLite keeps it as text in UTC."""
    moment = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Answers in real time: none that is signed after a change of status has committed says the old one (SUS-10).

The argument. An answer is made in this order:

1. read the rows of the certificates asked about: status, version, moment and reason;
2. sign what they say;
3. read the rows again, in a snapshot that begins after the signature was made;
4. release the answer only if each row is what it was; else sign again over what step 3 read, and go back to 3.

Say a change commits at C and the answer released does not know it. The snapshot of the last step 3 does not know it
either, or the rows would differ, so that snapshot was taken before C; the signature was made before the snapshot, so
before C as well. Hence whatever was signed after C knows the change. The order is that of the database's commits and
of `status_version`, which every change raises: no clock has a say, neither the machines' nor the database's. A row
that went there and back between the readings (suspended and resumed) has another version and is signed anew.

The readings of many requests are shared: a batch has one of each, whatever its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from pki.errors import KeyRefusedError, ResponderRefusedError
from pki.ocsp import (
    NotRevoked,
    OcspError,
    Responder,
    Status,
    error_response,
    issuer_hashes,
    next_update,
    respond,
)
from workflow.ocsp.statuses import Key, Row, meaning

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pki.ocsp import CertId, OcspRequest
    from workflow.ports import Clock

ROUNDS: Final = 5
"""Signatures tried for an answer whose status changes all the while; then the client is asked to try later."""
LIFE: Final = timedelta(hours=1)
"""How long an answer may be believed by those who keep it. The seeds don't say; the status itself is always asked anew."""


class Reads(Protocol):
    """What reads statuses."""

    def read(self, asked: Mapping[str, Collection[int]]) -> dict[Key, Row]:
        """Return the rows of those certificates that exist."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer ready to be sent, and what a cache has to know of it.

    `subject` is the certificate of an answer that holds for anyone who asks about it alone and without a nonce;
    None for all others.
    """

    der: bytes
    error: OcspError | None = None
    subject: Key | None = None
    made: datetime | None = None
    ends: datetime | None = None
    statuses: tuple[str, ...] = ()
    signatures: int = 0


class Desk:
    """The responders at work, each for its authority; an authority whose responder is missing asks to try later."""

    def __init__(
        self,
        issuers: Mapping[str, bytes],
        responders: Mapping[str, Responder],
        gone: frozenset[str] = frozenset(),
    ) -> None:
        """Take the authorities' certificates, their responders, and the names of those that nobody answers for again."""
        self.responders = dict(responders)
        self.missing = sorted(set(issuers) - set(responders) - gone)
        self._authorities = {
            (hash_name, *hashes): name
            for name, certificate in issuers.items()
            for hash_name, hashes in issuer_hashes(certificate).items()
        }

    def authority_of(self, certificate: CertId) -> str | None:
        """Return the authority that a CertID names, None for a stranger."""
        return self._authorities.get(
            (certificate.hash_name or "", certificate.issuer_name_hash, certificate.issuer_key_hash)
        )

    def authority_for(self, request: OcspRequest) -> str | None:
        """Return who answers a request: the first of ours that it names; for strangers any, since all is unknown."""
        for certificate in request.certificates:
            if (found := self.authority_of(certificate)) is not None:
                return found
        return next(iter(self.responders), None)


class _Pending:
    """One request of a batch on its way to its answer."""

    def __init__(self, desk: Desk, request: OcspRequest) -> None:
        self.request = request
        self.authority = desk.authority_for(request) or ""
        self.responder = desk.responders.get(self.authority)
        self.keys: tuple[Key | None, ...] = tuple(
            (self.authority, one.serial) if desk.authority_of(one) == self.authority else None
            for one in request.certificates
        )
        """The certificates that the responder may speak of; None for those of others."""
        self.answer: Answer | None = None
        self._said: tuple[Row | None, ...] | None = None
        self._signatures = 0

    def rows(self, found: Mapping[Key, Row]) -> tuple[Row | None, ...]:
        """Return the rows of the certificates asked about, in their order."""
        return tuple(found.get(key) if key is not None else None for key in self.keys)

    def is_still_so(self, found: Mapping[Key, Row]) -> bool:
        """Tell whether the answer says what a later reading says."""
        return self._said == self.rows(found)

    def sign(self, found: Mapping[Key, Row], now: datetime, life: timedelta) -> None:
        """Make the answer that the rows call for."""
        self._said = self.rows(found)
        if self.responder is None:
            self.answer = try_later()
            return
        statuses = [meaning(row) for row in self._said]
        said = {key[1]: status for key, status in zip(self.keys, statuses, strict=True) if key is not None}
        try:
            der = respond(self.request, said.__getitem__, self.responder, now, life)
        except (ResponderRefusedError, KeyRefusedError):
            # Past its life, or its key is not activated or not reached now.
            self.answer = try_later()
            return
        self._signatures += 1
        ends = next_update(self.responder, now, life)
        words = tuple(map(_word, statuses))
        self.answer = Answer(der, None, self._subject(statuses), now, ends, words, self._signatures)

    def _subject(self, statuses: Sequence[Status]) -> Key | None:
        # Unknown serials are without number: keeping their answers would only drive out those that are asked for.
        if self.request.nonce is not None or len(statuses) > 1 or statuses[0] is NotRevoked.UNKNOWN:
            return None
        return self.keys[0]


def answer_all(
    desk: Desk, reader: Reads, clock: Clock, requests: Sequence[OcspRequest], life: timedelta = LIFE
) -> list[Answer]:
    """Return the answers to a batch of requests, in their order.

    UnreachableError when the database does not tell; a request whose status does not rest is told to try later.
    """
    batch = [_Pending(desk, request) for request in requests]
    todo = batch
    found = reader.read(_asked(todo))
    for _round in range(ROUNDS):
        # The moment is taken after the reading, so that no status is younger than the answer that tells it.
        now = clock.now()
        for one in todo:
            one.sign(found, now, life)
        found = reader.read(_asked(todo))
        todo = [one for one in todo if not one.is_still_so(found)]
        if not todo:
            break
    restless = set(map(id, todo))
    return [one.answer if one.answer and id(one) not in restless else try_later() for one in batch]


def try_later() -> Answer:
    """Return the answer of a responder that can't say now."""
    return refusal(OcspError.TRY_LATER)


def refusal(error: OcspError) -> Answer:
    """Return an answer without a status."""
    return Answer(error_response(error), error)


def _asked(batch: Sequence[_Pending]) -> dict[str, set[int]]:
    asked: dict[str, set[int]] = {}
    for one in batch:
        if one.responder is not None:
            for authority, serial in filter(None, one.keys):
                asked.setdefault(authority, set()).add(serial)
    return asked


def _word(status: Status) -> str:
    return status.value if isinstance(status, NotRevoked) else "revoked"

"""Making an authority's lists: which are wanted, what stands on them, and the look at each before it is published.

All of one run carry one number and say the same, for they are made of one reading of the entries.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from pki.crl import LONGEST_LIFE, CrlExpectation, CrlPlan, check_crl, sign_list
from pki.errors import CrlRefusedError
from workflow.authorities import Working, crl_path
from workflow.crl_scope import COMPLETE, PARTITIONS
from workflow.store import schema as t
from workflow.store.authority_revocations import read_revocations
from workflow.store.crl_entries import drop_expired, read, take_changes
from workflow.store.crl_lists import newest_lists
from workflow.store.numbers import lift, take
from workflow.store.roots import certified_by, is_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from workflow.office import Office
    from workflow.store.crl_entries import Piece, Standing
    from workflow.store.crl_lists import PublishedList

ROOT_LIFE: Final = timedelta(days=180)
CLOCKS_APART: Final = timedelta(minutes=5)
"""How far the clocks of two machines may differ before an entry from the future stops the lists."""

ENTRIES_WRONG: Final = "crl.entries"
"""The code of a refusal because the kept entries are not those that the statuses ask for."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a run published: the number of its lists, how many entries the complete one has, and which there are."""

    number: int
    entries: int
    partitions: tuple[int, ...]


@dataclass(slots=True)
class Gathered:
    """Entries by partition, as they were read; `latest` is the newest of their dates."""

    pieces: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    current: int = 0
    id_sum: int = 0
    latest: datetime | None = None

    def add(self, piece: Piece) -> None:
        """Put a piece to its partition."""
        self.pieces[piece.partition].append(piece.der)
        self.entries[piece.partition] += piece.entries
        self.current += piece.current
        self.id_sum += piece.id_sum
        if piece.latest is not None and (self.latest is None or piece.latest > self.latest):
            self.latest = piece.latest


def scopes_of(authority: str) -> range:
    """Return the lists that an authority has: the complete one, and partitions unless it is a root."""
    return range(1) if is_root(authority) else range(PARTITIONS + 1)


def is_due(newest: Iterable[PublishedList], authority: str, now: datetime) -> bool:
    """Tell whether a list is missing or past half its life (CRL-01)."""
    found = {one.partition: one for one in newest}
    return any(scope not in found or now >= found[scope].half_life for scope in scopes_of(authority))


def next_number(connection: sa.Connection, authority: str) -> int:
    """Return the number of the lists to be made. Whoever has it keeps others waiting until the commit."""
    return take(connection, f"crl:{authority}")


def lift_number(connection: sa.Connection, authority: str, above: int) -> int:
    """Let an authority's next lists come after a number; returns the number that they come after."""
    return lift(connection, f"crl:{authority}", above)


def make_lists(
    office: Office,
    connection: sa.Connection,
    authority: Working,
    number: int,
    *,
    whole: bool,
    until: datetime | None = None,
) -> Published | None:
    """Make, check and store what is wanted of an authority's lists; None when nothing is.

    `until` is when the next would be due of lists that none will follow, for the key ends with them.
    Raises a PkiError when a list must not be published; the caller then undoes all of the run.
    """
    # Read after the number was taken: the lists of a later number are never of an earlier time.
    now = office.clock.now()
    before = {one.partition: one for one in newest_lists(connection, authority.name)}
    touched = take_changes(connection, authority.name)
    if whole or is_due(before.values(), authority.name, now):
        _drop_expired(connection, authority.name, before)
        wanted = frozenset(scopes_of(authority.name))
    elif touched:
        wanted = touched | {COMPLETE}
    else:
        return None
    gathered = _gather(connection, authority.name, now, before.get(COMPLETE))
    run = _Run(office, connection, authority, number, now, before, until)
    entries = sum(gathered.entries.values())
    for partition in sorted(wanted - {COMPLETE}):
        run.publish(partition, gathered.entries[partition], list(gathered.pieces[partition]))
    everything = [piece for partition in sorted(gathered.pieces) for piece in gathered.pieces.pop(partition)]
    run.publish(COMPLETE, entries, everything)
    return Published(number, entries, tuple(sorted(wanted)))


def _drop_expired(connection: sa.Connection, authority: str, before: Mapping[int, PublishedList]) -> None:
    """Remove what has expired, once every scheduled list has said it after the expiry (RFC 5280 §3.3, CRL-02)."""
    if all(scope in before for scope in scopes_of(authority)):
        drop_expired(connection, authority, min(one.this_update for one in before.values()))


def _gather(connection: sa.Connection, authority: str, now: datetime, last: PublishedList | None) -> Gathered:
    """Read the entries; refuses them when they are not what the statuses say."""
    standing, pieces = read(connection, authority, now)
    gathered = Gathered()
    for piece in pieces:
        gathered.add(piece)
    if is_root(authority):
        below = certified_by(connection, authority)
        revoked = read_revocations(connection, below, last.this_update if last else None)
        if revoked is not None:
            gathered.add(revoked)
    _compare(gathered, standing)
    if gathered.latest is not None and gathered.latest > now + CLOCKS_APART:
        raise CrlRefusedError("pki.crl.future", "an entry is from the future", since=str(gathered.latest))
    return gathered


def _compare(gathered: Gathered, standing: Standing) -> None:
    if (gathered.current, gathered.id_sum) != (standing.current, standing.id_sum):
        raise CrlRefusedError(
            ENTRIES_WRONG,
            "the kept entries are not those that the statuses ask for",
            found=gathered.current,
            wanted=standing.current,
        )


def _used_up(pieces: list[bytes]) -> Iterator[bytes]:
    """Hand the pieces over one by one, so that those of a large list are not kept beside it."""
    pieces.reverse()
    while pieces:
        yield pieces.pop()


@dataclass(frozen=True, slots=True)
class _Run:
    """One run over an authority's lists."""

    office: Office
    connection: sa.Connection
    authority: Working
    number: int
    now: datetime
    before: Mapping[int, PublishedList]
    until: datetime | None = None

    def publish(self, partition: int, entries: int, pieces: list[bytes]) -> None:
        """Sign, check and store one list; the pieces are used up."""
        life = self._life()
        host = self.office.settings.repository_url
        url = host + crl_path(self.authority.name, partition) if partition != COMPLETE else None
        long = is_root(self.authority.name) or self.until is not None
        # A list says whole seconds, so it may live a part of one longer than was asked.
        longest = max(life + timedelta(seconds=1), LONGEST_LIFE) if long else LONGEST_LIFE
        plan = CrlPlan(self.number, self.now, self.now + life, url, longest)
        der = sign_list(self.authority.issuer, self.authority.signer, plan, _used_up(pieces))
        last = self.before[partition].number if partition in self.before else 0
        # The clock is asked again: a list that took longer to make than it lives is none.
        moment = max(self.now, self.office.clock.now())
        check_crl(der, self.authority.certificate, CrlExpectation(last, entries, moment, url, longest))
        self._store(partition, entries, der, plan)

    def _life(self) -> timedelta:
        if self.until is not None:
            return self.until - self.now
        return ROOT_LIFE if is_root(self.authority.name) else timedelta(hours=self.office.settings.crl_hours)

    def _store(self, partition: int, entries: int, der: bytes, plan: CrlPlan) -> None:
        self.connection.execute(
            sa.insert(t.crl)
            .inline()
            .values(
                authority=self.authority.name,
                partition=partition,
                number=plan.number,
                der=der,
                entries=entries,
                this_update=plan.this_update,
                next_update=plan.next_update,
            )
        )

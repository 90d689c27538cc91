"""What the next generation of the root will be; `workflow.ceremonies` makes it, as it made the first (RV2-09, RFC 4210 §4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.ceremony import name_of_generation
from pki.certificates import read_certificate
from pki.names import read_name
from workflow.ceremonies import PlannedKey, Script
from workflow.days import taipei_day
from workflow.errors import NotFound, Refused
from workflow.store import schema as t
from workflow.store.roots import FIRST_ROOT, IS_ROOT, name_of_root
from workflow.vocabulary import AuthorityState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pki.keys import KeyKind
    from workflow.office import Office

A = t.authority.c


@dataclass(frozen=True, slots=True)
class Backup:
    """The backup that was agreed on, in words for the record, and the logins of those who will hold its shares."""

    words: Mapping[str, Any]
    holders: tuple[str, ...]


def planned_root(office: Office, kind: KeyKind, years: int, backup: Backup, *, linked: bool = True) -> Script:
    """Return what the roll-over of the root would make; NotFound before the first.

    There are links where the root before it lives and its key was not destroyed, unless somebody says that there are to be
    none, since that key is lost. Without them the new root stands alone, and relying parties have to get it by other means.
    Refused for links that would end on the day they begin.
    """
    with office.reading() as connection:
        newest = connection.execute(
            sa.select(A.name, A.generation, A.state, A.certificate)
            .where(IS_ROOT)
            .order_by(A.generation.desc())
            .limit(1)
        ).first()
    if newest is None:
        raise NotFound("authority.not_found", name=FIRST_ROOT)
    fields = read_certificate(bytes(newest.certificate))
    generation = newest.generation + 1
    root = PlannedKey(
        name_of_root(generation),
        name_of_generation(read_name(fields.subject_name), generation),
        kind,
        years,
        generation=generation,
    )
    now = office.clock.now()
    signs = linked and newest.state != str(AuthorityState.DESTROYED) and fields.not_after > now
    if signs and taipei_day(fields.not_after) <= taipei_day(now):
        raise Refused("authority.no_day_for_links", name=newest.name)
    return Script(root, (), backup.words, backup.holders, newest.name if signs else None)

"""Alarm when the newest list or a responder's certificate is past half its life: what renews it does not (CRL-01, CRL-06)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.errors import PkiError
from workflow.commands_of_watches import Found
from workflow.store import schema as t
from workflow.store.crl_lists import newest_lists
from workflow.vocabulary import AuthorityState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

GRACE = timedelta(minutes=30)
"""A renewal at half life is ordinary; only one that has not come by then is a fault."""
_RESPONDER = "ocsp:"


def half_life(connection: sa.Connection, now: datetime) -> tuple[int, tuple[Found, ...]]:
    """Return how many lists and responders were looked at, and those whose renewal is late."""
    lists = [*_lists(connection, now)]
    responders = [*_responders(connection, now)]
    looked = len(newest_lists(connection)) + len(_stored(connection))
    return looked, (*lists, *responders)


def _lists(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    gone = _destroyed(connection)
    for one in newest_lists(connection):
        if one.authority in gone or now < one.half_life + GRACE:
            continue
        scope = f"{one.authority}/{one.partition or 'complete'}"
        row = f"crl:{one.id}"
        if one.next_update <= now:
            yield Found(
                code="crl.expired",
                subject=scope,
                zh=f"清冊 {scope} 第 {one.number} 號已於 {one.next_update.isoformat()} 到期，信賴方將拒絕憑證。",
                en=f"List {scope}, number {one.number}, expired at {one.next_update.isoformat()}.",
                rows=(row,),
            )
            continue
        yield Found(
            code="crl.half_life",
            subject=scope,
            zh=f"清冊 {scope} 第 {one.number} 號效期已過半，新清冊尚未公布。",
            en=f"List {scope}, number {one.number}, is past half its life and no newer one was published.",
            rows=(row,),
        )


def _responders(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    for name, certificate in _stored(connection):
        try:
            fields = read_certificate(certificate)
        except PkiError:
            continue
        half = fields.not_before + (fields.not_after - fields.not_before) / 2
        if now < half + GRACE:
            continue
        expired = fields.not_after <= now
        yield Found(
            code="responder.expired" if expired else "responder.half_life",
            subject=name,
            zh=f"{name} 回應伺服器憑證{'已到期' if expired else '效期已過半而未更新'}（至 {fields.not_after.isoformat()}）。",
            en=f"The certificate of {name} {'expired' if expired else 'is past half its life'};"
            f" it ends at {fields.not_after.isoformat()}.",
            rows=(f"authority:{name}",),
        )


def _stored(connection: sa.Connection) -> list[tuple[str, bytes]]:
    a = t.authority.c
    gone = _destroyed(connection)
    rows = connection.execute(sa.select(a.name, a.certificate).where(a.name.like(f"{_RESPONDER}%")))
    return [
        (name, bytes(certificate)) for name, certificate in rows if name.removeprefix(_RESPONDER) not in gone
    ]


def _destroyed(connection: sa.Connection) -> frozenset[str]:
    a = t.authority.c
    query = sa.select(a.name).where(a.state == str(AuthorityState.DESTROYED))
    return frozenset(connection.execute(query).scalars())

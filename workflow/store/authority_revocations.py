"""The authorities and links whose certificates a root has revoked: what its list and its OCSP answers say of them (CRL-01, CRL-05).

A link between roots stands here by its own name (`store.roots.link_name`). All are few, so their entries are encoded anew for each list of a root; those of subscribers are kept (`crl_entries`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.crl import RevokedEntry, encode_entry
from workflow.crl_scope import COMPLETE, crl_reason
from workflow.store import schema as t
from workflow.store.crl_entries import Piece

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from workflow.vocabulary import AuthorityRevocationReason

R = t.authority_revocation.c
_REVOKED = "revoked"
_TRANSACTION = "pg_current_xact_id()::text::bigint"
_NOTIFY = "SELECT pg_notify('guanfang_status', '')"


def add_revocation(
    connection: sa.Connection,
    certificate: tuple[str, str, datetime],
    root: str,
    reason: AuthorityRevocationReason,
    now: datetime,
) -> None:
    """Write down that the root revoked an authority; lists and kept OCSP answers follow after the commit.

    `certificate` is the authority's name, and its certificate's serial and end; `root` signed it.
    """
    authority, serial, not_after = certificate
    row = {
        "authority": authority,
        "serial": serial,
        "reason": str(reason),
        "at": now,
        "not_after": not_after,
    }
    connection.execute(sa.insert(t.authority_revocation).values(**row))
    connection.execute(sa.insert(t.crl_change).values(authority=root, partition=COMPLETE, at=now))
    # The feed's trigger watches subscribers' certificates; an authority's revocation is told here (SUS-10).
    told = {"authority": root, "serial": serial, "version": 1, "status": _REVOKED, "at": now}
    if connection.dialect.name == "postgresql":
        told["xid"] = sa.literal_column(_TRANSACTION)
    connection.execute(sa.insert(t.status_change).values(**told))
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(_NOTIFY))


def revoked_since(connection: sa.Connection, authority: str) -> datetime | None:
    """Return when an authority's certificate was revoked; None for one that stands."""
    return connection.execute(sa.select(R.at).where(R.authority == authority)).scalar()


def read_revocations(
    connection: sa.Connection, signed: Collection[str], ended_after: datetime | None
) -> Piece | None:
    """Return the entries for the list of a root that signed some authorities, joined; None when there are none.

    A certificate that ended by `ended_after`, the moment of the root's list before, stood on that list after its end
    and is left out from now on (RFC 5280 §3.3, CRL-02).
    """
    query = sa.select(R.serial, R.reason, R.at).where(R.authority.in_(tuple(signed))).order_by(R.id)
    if ended_after is not None:
        query = query.where(R.not_after > ended_after)
    rows = connection.execute(query).all()
    if not rows:
        return None
    entries = [
        encode_entry(RevokedEntry(int(row.serial, 16), row.at, crl_reason(row.reason))) for row in rows
    ]
    return Piece(COMPLETE, len(rows), 0, 0, max(row.at for row in rows), b"".join(entries))

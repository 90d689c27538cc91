"""A renewal of an OCSP responder killed at any commit, or with its new key in the token: no key stays that nobody knows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pki.keys import KeyKind
from pki.keystores import SoftwareKeystore, TokenKeystore
from tests.faults.falling import Trip, in_child, moments, reopened, tripping
from tests.ocsp.responding import a_registry
from workflow.ocsp.responders import keep_desk, renew
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pki.keystores import KeptKey
    from pki.token import Token
    from tests.workflow.registry import Registry
    from workflow.office import Office

NAME = "ocsp:xca"


class TrippingKeystore(TokenKeystore):
    """A keystore that trips as soon as a key is made, and as soon as one is destroyed."""

    trip = Trip()

    def make(self, label: str, kind: KeyKind, *, copyable: bool = False) -> KeptKey:
        del kind
        # Of another kind than is asked for, which is made in no time.
        made = super().make(label, KeyKind.P256, copyable=copyable)
        self.trip.moment("a key was made")
        return made

    def destroy(self, reference: str | None) -> None:
        super().destroy(reference)
        self.trip.moment("a key was destroyed")


@pytest.fixture
def registry(migrated_sqlite_url: str, token: Token) -> Iterator[Registry]:
    registry = a_registry(migrated_sqlite_url)
    software = SoftwareKeystore(registry.office.key_passphrase)
    registry.office = replace(registry.office, token=TrippingKeystore(token, software))
    TokenKeystore(token, software).destroy_others(NAME, frozenset())
    yield registry
    registry.office.keystore.destroy_others(NAME, frozenset())
    registry.close()


def _renew(office: Office, url: str, trip: Trip) -> None:
    office = tripping(reopened(office, url), trip)
    assert isinstance(office.token, TrippingKeystore)
    office.token.trip = trip
    renew(office, "xca", office.clock.now())


@pytest.mark.rule("ROL-08", "CRL-06")
def test_a_killed_renewal_leaves_no_key_that_nobody_knows(
    registry: Registry, migrated_sqlite_url: str, tmp_path: Path
) -> None:
    for _ in range(2):
        renew(registry.office, "xca", registry.clock.now())
    registry.engine.dispose()
    passed = moments(tmp_path, lambda trip: _renew(registry.office, migrated_sqlite_url, trip))
    assert passed.count("after a commit") >= 2, passed
    assert {"a key was made", "a key was destroyed"} <= set(passed)
    for at in range(len(passed)):
        registry.engine.dispose()
        assert in_child(lambda at=at: _renew(registry.office, migrated_sqlite_url, Trip(at)))  # type: ignore[misc]  # a default binds the number.
        _check(registry)


def _check(registry: Registry) -> None:
    """Every key there is on record or has its intent; the next renewal leaves two, and nothing unfinished."""
    open_now = registry.rows(t.key_intent, t.key_intent.c.ended_at.is_(None))
    keystore = registry.office.keystore
    there = set(keystore.references(NAME))
    known = {one for row in open_now for one in keystore.references(row.label)}
    kept = {row.key_reference for row in registry.rows(t.authority, t.authority.c.name == NAME)}
    # One that was replaced, and one before it whose end was not reached.
    assert len(there - known - kept) <= 2
    registry.clock.move(days=4)
    renew(registry.office, "xca", registry.clock.now())
    assert not registry.rows(t.key_intent, t.key_intent.c.ended_at.is_(None))
    left = set(keystore.references(NAME))
    (row,) = registry.rows(t.authority, t.authority.c.name == NAME)
    assert len(left) == 2
    assert row.key_reference in left
    assert keep_desk(registry.office).responders["xca"].certificate_der == bytes(row.certificate)

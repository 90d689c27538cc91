"""The house that is judged, and the bench of judges."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from ops.clock import SystemClock
from tests.conformance.house import House
from tests.conformance.judges import Bench

if TYPE_CHECKING:
    from collections.abc import Callable

_PROGRAMS = ("openssl", "certtool", "ocsptool", "vfychain", "certutil", "crlutil")


@pytest.fixture(scope="session")
def house() -> House:
    """Build a house whose certificates are in force now: some judges cannot be told another moment."""
    return House.build(SystemClock().now())


@pytest.fixture(scope="session")
def bench(house: House, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Lend the judges' bench; a judge that is not installed fails in CI and skips elsewhere."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        reason = f"needs {', '.join(missing)}: run `make setup`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return Bench(house, tmp_path_factory.mktemp("judges"))


@pytest.fixture(scope="session")
def nss(bench: Bench) -> str:
    """Lend an NSS database that knows the chain and no list."""
    return bench.nss_database("nss")


@pytest.fixture
def nss_with(bench: Bench, request: pytest.FixtureRequest) -> Callable[[bytes], tuple[str, str]]:
    """Import a list into an NSS database of its own; returns the database and what crlutil said."""

    def build(crl: bytes) -> tuple[str, str]:
        database = bench.nss_database(f"nss-{abs(hash((request.node.name, len(crl))))}")
        _, said = bench.run("crlutil", "-I", "-d", database, "-i", bench.put(crl))
        return database, said

    return build

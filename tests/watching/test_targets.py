"""Which addresses a relying party's round visits: all that a live certificate may still name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from ops.monitor.targets import known
from tests.workflow.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = ec.generate_private_key(ec.SECP256R1())
MOVED, NOW_AT = "http://old.example", "http://new.example"


@pytest.fixture
def lists(empty_database_url: str) -> Iterator[Lists]:
    registry = Lists(empty_database_url)
    yield registry
    registry.close()


def naming(host: str, serial: int) -> bytes:
    """Return a certificate that names the complete list of a host."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "樣本")])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    address = x509.UniformResourceIdentifier(f"{host}/repository/xca/CRL2/complete.crl")
    points = x509.CRLDistributionPoints([x509.DistributionPoint([address], None, None, None)])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), serial, begins, begins.replace(year=2028))
    signed = builder.add_extension(points, critical=False).sign(KEY, hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def hosts(lists: Lists) -> set[str]:
    found = {one.url.partition("/repository")[0] for one in known(lists.office).targets}
    return found & {MOVED, NOW_AT}


def test_a_place_that_the_repository_left_is_visited_while_a_live_certificate_names_it(lists: Lists) -> None:
    lists.certificate(5, der=naming(MOVED, 5))
    lists.clock.move(days=100)
    lists.certificate(6, der=naming(NOW_AT, 6))
    assert hosts(lists) == {MOVED, NOW_AT}
    lists.clock.move(days=300)
    assert hosts(lists) == {NOW_AT}
    lists.clock.move(days=100)
    assert hosts(lists) == set()

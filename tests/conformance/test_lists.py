"""Each kind of revocation list, before judges that nobody here wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from pki.issuing import new_serial
from pki.reasons import RevocationReason
from tests.conformance.house import PARTITION_URL, House
from tests.conformance.judges import (
    NSS_REVOKED,
    VALID,
    Bench,
    Evidence,
    certvalidator,
    gnutls_chain,
    nss_chain,
    openssl_chain,
    pkilint,
)

if TYPE_CHECKING:
    from pki.crl import RevokedEntry

MANY = 100_000
_FRESH_LIST = ("-g", "leaf", "-h", "testLocalInfoFirst,requireFreshInfo", "-m", "crl", "-s", "failIfNoInfo")
Importer = Callable[[bytes], tuple[str, str]]


def entries_of(kind: str, house: House) -> list[RevokedEntry]:
    several = {
        "empty": [],
        "one": [RevocationReason.SUPERSEDED],
        "hold": [RevocationReason.CERTIFICATE_HOLD],
        "every reason": list(RevocationReason),
    }[kind]
    return [house.entry(new_serial(), reason) for reason in several]


KINDS = ("empty", "one", "hold", "every reason")


@pytest.mark.parametrize("kind", KINDS)
def test_a_complete_list_is_sound_to_every_judge(
    kind: str, house: House, bench: Bench, nss_with: Importer
) -> None:
    entries = entries_of(kind, house)
    crl = house.a_list(entries)
    authority = bench.put(house.authority, pem="CERTIFICATE")
    command = ("openssl", "crl", "-inform", "DER", "-CAfile", authority, "-noout", "-in", bench.put(crl))
    assert bench.run(*command) == (0, "verify OK\n")
    verify = ("certtool", "--verify-crl", "--load-ca-certificate", authority)
    _, said = bench.run(*verify, "--infile", bench.put(crl, pem="X509 CRL"))
    assert "Verification output: Verified" in said, said[-500:]
    _, shown = bench.run("certtool", "--crl-info", "--inder", "--infile", bench.put(crl))
    assert shown.count("Serial Number (hex):") == len(entries)
    # NSS checks issuer and signature when it takes a list in.
    _, imported = nss_with(crl)
    assert not imported.strip(), imported
    assert pkilint(bench, "lint_crl", crl, "-t", "CRL", "-p", "PKIX") == VALID


def test_a_big_list_is_sound_to_openssl_and_nss(house: House, bench: Bench, nss_with: Importer) -> None:
    """GnuTLS and pkilint take minutes for a list of this length: their time grows with its square."""
    standing, fallen = house.order("school_signature"), house.order("school_signature")
    entries = [house.entry(new_serial()) for _ in range(MANY)]
    crl = house.a_list([*entries, house.entry(fallen.serial)])
    database, imported = nss_with(crl)
    assert not imported.strip(), imported
    for order, valid in ((standing, True), (fallen, False)):
        leaf = house.issue(order)
        assert (openssl_chain(bench, leaf, (crl, house.root_list())) == VALID) == valid
        assert (nss_chain(bench, leaf, "4", database, *_FRESH_LIST) == VALID) == valid


@pytest.mark.parametrize("kind", ["empty", "hold", "every reason"])
def test_a_partition_list_is_sound_to_openssl_gnutls_and_pkilint(
    kind: str, house: House, bench: Bench
) -> None:
    """NSS cannot judge it: it knows no critical issuingDistributionPoint and refuses the list as RFC 5280 §5.2 asks."""
    crl = house.a_list(entries_of(kind, house), PARTITION_URL)
    authority = bench.put(house.authority, pem="CERTIFICATE")
    command = ("openssl", "crl", "-inform", "DER", "-CAfile", authority, "-noout", "-in", bench.put(crl))
    assert bench.run(*command) == (0, "verify OK\n")
    verify = ("certtool", "--verify-crl", "--load-ca-certificate", authority)
    _, said = bench.run(*verify, "--infile", bench.put(crl, pem="X509 CRL"))
    assert "Verification output: Verified" in said
    assert pkilint(bench, "lint_crl", crl, "-t", "CRL", "-p", "PKIX") == VALID


@pytest.mark.parametrize("reason", RevocationReason)
@pytest.mark.rule("CRL-01")
def test_a_certificate_on_the_list_is_refused_by_every_judge(
    reason: RevocationReason, house: House, bench: Bench, nss_with: Importer
) -> None:
    order = house.order("school_signature")
    leaf = house.issue(order)
    crl = house.a_list([house.entry(order.serial, reason)])
    assert "certificate revoked" in openssl_chain(bench, leaf, (crl, house.root_list()))
    assert "revoked" in gnutls_chain(bench, leaf, crl)
    assert NSS_REVOKED in nss_chain(bench, leaf, "4", nss_with(crl)[0], *_FRESH_LIST)
    assert "revoked" in certvalidator(house, leaf, Evidence((crl, house.root_list())))


@pytest.mark.parametrize("url", [None, PARTITION_URL])
def test_hard_failing_judges_find_what_they_need_on_either_list(
    url: str | None, house: House, bench: Bench
) -> None:
    """The partition list is the first address in the certificate, so it alone has to be enough."""
    order = house.order("school_signature")
    leaf = house.issue(order)
    standing = (house.a_list([house.entry(new_serial())], url), house.root_list())
    fallen = (house.a_list([house.entry(order.serial)], url), house.root_list())
    assert openssl_chain(bench, leaf, standing) == VALID
    assert certvalidator(house, leaf, Evidence(standing)) == VALID
    assert "certificate revoked" in openssl_chain(bench, leaf, fallen)
    assert "revoked" in certvalidator(house, leaf, Evidence(fallen))


def test_the_list_of_another_partition_says_nothing_about_a_certificate(house: House, bench: Bench) -> None:
    leaf = house.issue(house.order("school_signature"))
    other = (house.a_list((), PARTITION_URL.replace("0001", "0002")), house.root_list())
    assert "different CRL scope" in openssl_chain(bench, leaf, other)
    assert certvalidator(house, leaf, Evidence(other)) != VALID


def test_a_list_that_ran_out_satisfies_nobody(house: House) -> None:
    leaf = house.issue(house.order("school_signature"))
    lists = (house.a_list(), house.root_list())
    ran_out = house.now.replace(year=house.now.year + 1)
    assert certvalidator(house, leaf, Evidence(lists), ran_out) != VALID

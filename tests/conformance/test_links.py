"""Two roots side by side, before judges that nobody here wrote: each alone leads to what is under the other (RFC 4210 §4.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pki.ceremony import CeremonyPlan, issue_link, issue_root, issue_subordinate, name_of_generation
from pki.certificates import read_certificate
from pki.keys import KeyKind, SoftwareSigner
from pki.names import read_name
from pki.orders import Addresses
from tests.conformance.judges import (
    VALID,
    Bench,
    Evidence,
    certvalidator,
    gnutls_chain,
    nss_chain,
    openssl_chain,
    pkilint_certificate,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pki.names import Subject
    from tests.conformance.house import House

LEAF = "school_signature"


@dataclass(frozen=True)
class Succession:
    """The house of the old root, that of the new one, and the link over each root by the other."""

    old: House
    new: House
    new_with_old: bytes
    old_with_new: bytes

    @classmethod
    def of(cls, old: House) -> Succession:
        """Roll root and authority of a house over, half an hour ago."""
        new = _next_house(old)
        return cls(old, new, _link(new, by=old), _link(old, by=new))

    def seen(self, anchor: str) -> tuple[House, House]:
        """Return the other root's house as whoever trusts one root alone sees it, and the house of that root."""
        trusted, other, link = (
            (self.old, self.new, self.new_with_old)
            if anchor == "old"
            else (self.new, self.old, self.old_with_new)
        )
        return replace(other, root=trusted.root, links=(link,)), trusted

    def lists(self) -> tuple[bytes, bytes]:
        """Return the list of each root."""
        return self.old.root_list(), self.new.root_list()


def _next_house(old: House) -> House:
    root_signer, signer = SoftwareSigner.generate(KeyKind.P384), SoftwareSigner.generate(KeyKind.P256)
    addresses = _addresses("root-g2")
    plan = CeremonyPlan(old.now - timedelta(minutes=30), addresses, root_name=_next_name(old.root))
    root = issue_root(plan, root_signer)
    authority = issue_subordinate(plan, (root, root_signer), _next_name(old.authority), signer.spki_der)
    return replace(old, root=root, authority=authority, root_signer=root_signer, signer=signer)


def _next_name(certificate: bytes) -> Subject:
    return name_of_generation(read_name(read_certificate(certificate).subject_name), 2)


def _link(over: House, *, by: House) -> bytes:
    return issue_link(over.root, (by.root, by.root_signer), _addresses("root"))


def _addresses(root: str) -> Addresses:
    place = f"http://repository.example.gov.tw/{root}"
    return Addresses((f"{place}/CA.crl",), f"{place}/CA.p7b")


@pytest.fixture(scope="module")
def succession(house: House) -> Succession:
    return Succession.of(house)


@pytest.mark.rule("RV2-09")
@pytest.mark.parametrize("anchor", ["old", "new"])
def test_whoever_trusts_one_root_alone_gets_to_the_other_by_its_link(
    anchor: str, succession: Succession, bench: Bench, tmp_path: Path
) -> None:
    house, _ = succession.seen(anchor)
    judges = Bench(house, tmp_path)
    leaf = house.issue(house.order(LEAF))
    lists = (house.a_list(), *succession.lists())
    assert openssl_chain(judges, leaf, lists) == VALID
    assert gnutls_chain(judges, leaf, lists[0]) == VALID
    assert nss_chain(judges, leaf, "4", judges.nss_database("nss")) == VALID
    assert certvalidator(house, leaf, Evidence(lists)) == VALID


@pytest.mark.parametrize("anchor", ["old", "new"])
def test_without_the_link_no_judge_gets_there(
    anchor: str, succession: Succession, bench: Bench, tmp_path: Path
) -> None:
    house = replace(succession.seen(anchor)[0], links=())
    judges = Bench(house, tmp_path)
    leaf = house.issue(house.order(LEAF))
    assert "unable to get local issuer certificate" in openssl_chain(judges, leaf)
    assert gnutls_chain(judges, leaf) != VALID
    assert nss_chain(judges, leaf, "4", judges.nss_database("nss")) != VALID
    assert certvalidator(house, leaf, Evidence((house.a_list(), *succession.lists()))) != VALID


@pytest.mark.rule("CRL-05")
@pytest.mark.parametrize("anchor", ["old", "new"])
def test_a_link_on_the_list_of_its_root_leads_nowhere(
    anchor: str, succession: Succession, bench: Bench, tmp_path: Path
) -> None:
    house, trusted = succession.seen(anchor)
    serial = read_certificate(house.links[0]).serial
    other = succession.new if anchor == "old" else succession.old
    lists = (house.a_list(), other.root_list(), trusted.root_list([trusted.entry(serial)]))
    leaf = house.issue(house.order(LEAF))
    assert "certificate revoked" in openssl_chain(Bench(house, tmp_path), leaf, lists)
    assert "revoked" in certvalidator(house, leaf, Evidence(lists))


def test_a_linter_finds_nothing_in_links_and_in_the_next_root(succession: Succession, bench: Bench) -> None:
    for certificate in (succession.new.root, succession.new_with_old, succession.old_with_new):
        assert pkilint_certificate(bench, certificate) == VALID

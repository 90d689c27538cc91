"""Each kind of certificate, before judges that nobody here wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pki.lint import pkix
from pki.profiles import LINK_CA, PROFILES, ROOT_CA, SUBORDINATE_CA, Profile, Purpose
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
    from tests.conformance.house import House

LEAVES = [name for name, profile in PROFILES.items() if not profile.is_ca]
# NSS knows usages, not profiles: TLS servers, e-mail signatures, e-mail to a recipient, and OCSP responders.
_NSS_USAGES = {Purpose.TLS_SERVER: "1", Purpose.OCSP_SIGNING: "10", Purpose.ENCIPHERMENT: "5"}


def nss_usage(profile: Profile) -> str:
    return _NSS_USAGES.get(profile.purpose, "4")


@pytest.mark.parametrize("name", LEAVES)
def test_a_certificate_of_each_profile_is_valid_to_every_judge(
    name: str, house: House, bench: Bench, nss: str
) -> None:
    leaf = house.issue(house.order(name))
    lists = (house.a_list(), house.root_list())
    assert openssl_chain(bench, leaf, lists) == VALID
    assert gnutls_chain(bench, leaf, lists[0]) == VALID
    assert nss_chain(bench, leaf, nss_usage(PROFILES[name]), nss) == VALID
    assert certvalidator(house, leaf, Evidence(lists)) == VALID
    assert pkilint_certificate(bench, leaf) == VALID
    # The lint that each certificate passes before it is signed is of one mind with its origin.
    assert not pkix.findings(leaf)


def test_the_authority_is_valid_to_every_judge(house: House, bench: Bench, nss: str) -> None:
    assert openssl_chain(bench, house.authority, (house.root_list(),)) == VALID
    assert gnutls_chain(bench, house.authority, house.root_list()) == VALID
    assert nss_chain(bench, house.authority, "11", nss) == VALID
    assert certvalidator(house, house.authority, Evidence((house.root_list(),))) == VALID
    for certificate in (house.root, house.authority):
        assert pkilint_certificate(bench, certificate) == VALID
    assert {ROOT_CA.name, LINK_CA.name, SUBORDINATE_CA.name} == {
        n for n, profile in PROFILES.items() if profile.is_ca
    }


def test_the_judges_do_refuse_a_certificate_with_one_bit_changed(
    house: House, bench: Bench, nss: str
) -> None:
    leaf = bytearray(house.issue(house.order("school_signature")))
    leaf[-1] ^= 1
    changed = bytes(leaf)
    lists = (house.a_list(), house.root_list())
    assert "signature failure" in openssl_chain(bench, changed, lists)
    assert gnutls_chain(bench, changed) != VALID
    assert nss_chain(bench, changed, "4", nss) != VALID
    assert certvalidator(house, changed, Evidence(lists)) != VALID
    # A linter asks for no signature: it gets a certificate whose subject key identifier is under another number.
    renamed = bytes(leaf).replace(bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d7f"))
    assert "skid_end_entity_missing" in pkilint_certificate(bench, renamed)

"""Two roots and what links them, on the repository's page, beside it for people and programs, and in the interface."""

from __future__ import annotations

import base64
import ssl
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from pki.ceremony import Authority as Name
from pki.ceremony import CeremonyPlan, demonstration_name, issue_link, issue_root, name_of_generation
from pki.keys import KeyKind, SoftwareSigner
from pki.orders import Addresses
from tests.web.api.conftest import described, fits
from workflow.store import schema as s

__all__ = ["described", "fits"]
ADDRESSES = Addresses(
    ("http://repository.example.gov.tw/root.crl",), "http://repository.example.gov.tw/root.p7b"
)
NAMES = ("root-g2-by-root", "root-by-root-g2")


@pytest.fixture
def made(house):
    """Put two roots and their links into the repository; the link to the newer one is revoked."""
    now = house.office.clock.now()
    keys = [SoftwareSigner.generate(KeyKind.P256) for _ in range(2)]
    first = demonstration_name(Name.GCA)
    plans = [CeremonyPlan(now, Addresses(), root_name=one) for one in (first, name_of_generation(first, 2))]
    roots = [issue_root(plan, key) for plan, key in zip(plans, keys, strict=True)]
    new_with_old = issue_link(roots[1], (roots[0], keys[0]), ADDRESSES)
    old_with_new = issue_link(roots[0], (roots[1], keys[1]), ADDRESSES)
    for generation, (name, der) in enumerate(zip(("root", "root-g2"), roots, strict=True), 1):
        state = "active" if generation == len(roots) else "retired"
        house.insert(
            s.authority, name=name, ca=None, generation=generation, state=state, certificate=der, at=now
        )
    house.insert(s.root_link, subject="root-g2", signer="root", certificate=new_with_old, at=now)
    house.insert(s.root_link, subject="root", signer="root-g2", certificate=old_with_new, at=now)
    house.insert(
        s.authority_revocation, authority=NAMES[0], serial="0" * 32, reason="superseded", at=now,
        not_after=now + timedelta(days=9),
    )  # fmt: skip
    return {"root": roots[0], "root-g2": roots[1], NAMES[0]: new_with_old, NAMES[1]: old_with_new}


@pytest.mark.rule("CRL-03")
def test_the_page_leads_to_both_roots_and_both_links_as_der_and_pem(visitor, client, made):
    page = visitor.get("/repository/").text
    for name, der in made.items():
        beside = name.split("-by-")[0]
        for ending, content in (("crt", der), ("pem", ssl.DER_cert_to_PEM_cert(der).encode())):
            address = f"/repository/{beside}/Certs/{name}.{ending}"
            assert f'href="{address}"' in page
            assert client.get(address).data == content
    assert "根憑證機構簽發給根憑證機構（第 2 代）" in page
    assert "根憑證機構（第 2 代）簽發給根憑證機構" in page
    assert page.count("已廢止") == 1
    assert "已取代" in page


@pytest.mark.rule("CRL-03")
def test_the_bundle_of_each_root_holds_roots_and_links(client, made):
    for name in ("root", "root-g2"):
        answer = client.get(f"/repository/{name}/Certs/IssuedToThisCA.p7b")
        found = pkcs7.load_der_pkcs7_certificates(answer.data)
        assert {one.public_bytes(Encoding.DER) for one in found} == set(made.values())


def test_what_is_no_link_is_not_found(client, made):
    assert made
    for path in (
        "root/Certs/root-g2-by-root", "root-g2/Certs/root-g2-by-root-g3", "root/Certs/xca", "xca/Certs/xca-by-root",
    ):  # fmt: skip
        for ending in ("crt", "pem"):
            assert client.get(f"/repository/{path}.{ending}").status_code == 404, path


def test_a_program_reads_the_links_and_which_of_them_stand(client, fits, made):
    answer = client.get("/api/v1/root-links").json
    fits("RootLinkList", answer)
    items = {one["name"]: one for one in answer["items"]}
    assert {name: base64.b64decode(one["der"]) for name, one in items.items()} == {
        name: made[name] for name in NAMES
    }
    assert (items[NAMES[0]]["reason"]["code"], items[NAMES[1]]["reason"]) == ("superseded", None)
    for one in items.values():
        assert client.get(one["url"]).mimetype == "application/pkix-cert"
        assert x509.load_der_x509_certificate(base64.b64decode(one["der"])).not_valid_after_utc

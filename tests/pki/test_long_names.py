"""Names of 22 Chinese characters and more: X.520 counts characters, the certificate library counts 64 bytes.

A whole authority whose own name is as long as X.520 allows issues to holders named so, publishes a list and answers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.x509 import ocsp as library

from pki import der
from pki.certificates import read_certificate, verify_chain
from pki.crl import CrlExpectation, CrlPlan, RevokedEntry, build_crl, check_crl
from pki.errors import NameRefusedError
from pki.issuing import new_serial, prepare, sign
from pki.names import Subject, read_name
from pki.ocsp import NotRevoked, Responder, answer
from pki.orders import CertificateOrder, Issuer
from pki.profiles import OCSP_RESPONDER, PROFILES, ROOT_CA
from pki.reasons import RevocationReason
from pki.rehearsal import sample_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.keys import SoftwareSigner

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
# Ordinary, beyond the basic plane, private use as in the CNS 11643 supplement, and a mixture.
NAMES = ["關" * 22, "關" * 64, "𠮷" * 64, "\U000f0001" * 64, "國立𡍼𤧟高級中學Ａb" * 6]


@dataclass(frozen=True)
class House:
    """An authority that is its own root, with its key and certificate."""

    signer: SoftwareSigner
    issuer: Issuer
    certificate: bytes

    def issue(self, order: CertificateOrder) -> bytes:
        ready = prepare(order, self.issuer)
        return sign(ready.tbs_der, ready.tbs_sha256, self.issuer, self.signer)


@pytest.fixture(scope="module", params=NAMES, ids=lambda name: f"{len(name)}x{ord(name[0]):x}")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def house(name: str, world: object) -> House:
    signer: SoftwareSigner = world.xca_signer  # type: ignore[attr-defined]  # a key is a key
    subject = Subject(organisation=name, units=(name,), common_name=name)
    order = CertificateOrder(ROOT_CA, subject, signer.spki_der, new_serial(), NOW)
    above = Issuer.of_new_root(subject, signer.spki_der)
    ready = prepare(order, above)
    certificate = sign(ready.tbs_der, ready.tbs_sha256, above, signer)
    return House(signer, Issuer.from_certificate(certificate), certificate)


@pytest.fixture(scope="module")
def school(house: House, name: str, holder_key: SoftwareSigner) -> bytes:
    order = sample_order(PROFILES["school_signature"], holder_key.spki_der, NOW)
    return house.issue(replace(order, subject=Subject((name, name), name)))


def test_a_certificate_carries_the_name_and_openssl_verifies_it(
    house: House, school: bytes, name: str, run_tool: Callable[..., str]
) -> None:
    assert read_name(read_certificate(school).subject_name).organisation == name
    assert read_name(read_certificate(school).issuer_name).common_name == name
    verify_chain([school, house.certificate], NOW)
    verify = ("verify", "-x509_strict", "-attime", "1795500000", "-CAfile", "{ca_pem}", "{leaf}")
    assert run_tool("openssl", *verify, ca=house.certificate, leaf=school).startswith("0\n")
    shown = ("x509", "-in", "{leaf}", "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus")
    assert name in run_tool("openssl", *shown, leaf=school)


def test_a_list_is_signed_read_back_and_verified(house: House, run_tool: Callable[..., str]) -> None:
    revoked = RevokedEntry(new_serial(), NOW - timedelta(hours=1), RevocationReason.KEY_COMPROMISE)
    crl = build_crl(house.issuer, house.signer, CrlPlan.daily(1, NOW), [revoked])
    check_crl(crl, house.certificate, CrlExpectation(0, 1, NOW, None))
    verify = ("crl", "-inform", "DER", "-in", "{crl}", "-CAfile", "{ca_pem}", "-noout")
    assert "verify OK" in run_tool("openssl", *verify, crl=crl, ca=house.certificate)


def test_a_responder_answers_by_its_name(
    house: House, school: bytes, name: str, holder_key: SoftwareSigner, run_tool: Callable[..., str]
) -> None:
    order = CertificateOrder(
        OCSP_RESPONDER, Subject(organisation=name, common_name=name), holder_key.spki_der, new_serial(), NOW
    )
    responder = Responder(holder_key, house.issue(order), house.certificate)
    asked = _request(house, read_certificate(school).serial)
    said = answer(asked, lambda _serial: NotRevoked.GOOD, responder, NOW)
    by_name = order.subject.to_der()
    assert der.explicit(1, by_name) in said
    loaded = library.load_der_ocsp_response(said)
    assert loaded.certificate_status is library.OCSPCertStatus.GOOD
    checked = run_tool(
        "openssl", "ocsp", "-respin", "{answer}", "-issuer", "{ca_pem}", "-CAfile", "{ca_pem}",
        "-cert", "{leaf_pem}", "-attime", str(int(NOW.timestamp()) + 60), "-no_nonce",
        # The times of an answer are judged by the machine's clock, whatever -attime says.
        "-validity_period", str(2**31 - 1),
        answer=said, ca=house.certificate, leaf=school,
    )  # fmt: skip
    assert "Response verify OK" in checked
    assert ": good" in checked


def _request(house: House, serial: int) -> bytes:
    key = der.read(house.issuer.spki_der).children()[1].content[1:]
    hashed = (
        der.octet_string(hashlib.sha1(part, usedforsecurity=False).digest())
        for part in (house.issuer.name_der, key)
    )
    algorithm = der.sequence(der.oid("1.3.14.3.2.26"), der.null())
    cert_id = der.sequence(algorithm, *hashed, der.integer(serial))
    return der.sequence(der.sequence(der.sequence(der.sequence(cert_id))))


@pytest.mark.parametrize("character", ["關", "𠮷", "\U000f0001"])
def test_the_sixty_fifth_character_is_refused(
    character: str, holder_key: SoftwareSigner, house: House
) -> None:
    order = sample_order(PROFILES["school_signature"], holder_key.spki_der, NOW)
    with pytest.raises(NameRefusedError, match="64"):
        house.issue(replace(order, subject=Subject(organisation=character * 65)))

"""What `guanfang card verify` believes of a certificate's status: only what is signed, in force and about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from ops.cli.card_status import LookUp, by_its_addresses
from ops.monitor.fetching import Fetched

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=12)
OCSP, CRL = "http://ocsp.example/", "http://lists.example/1.crl"
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """A root with a card's certificate, a responder and a list."""

    def __init__(self, name="根憑證機構"):
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), named(name)
        usage = x509.KeyUsage(**dict.fromkeys(_USAGES, False) | {"key_cert_sign": True, "crl_sign": True})
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = self._sign(self.name, self.key, (usage, True), (basic, True))
        self.responder_key = ec.generate_private_key(ec.SECP256R1())
        signing = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
        usage = x509.KeyUsage(**dict.fromkeys(_USAGES, False) | {"digital_signature": True})
        self.responder = self._sign(
            named("回應者"), self.responder_key, (signing, False), (usage, True), (x509.OCSPNoCheck(), False)
        )
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(OCSP)
        )
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(CRL)], None, None, None)
        self.card = self._sign(
            named("持卡人"),
            ec.generate_private_key(ec.SECP256R1()),
            (x509.AuthorityInformationAccess([access]), False),
            (x509.CRLDistributionPoints([point]), False),
        )

    def _sign(self, subject, key, *extensions):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=30))
            .not_valid_after(NOW + timedelta(days=300))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, SHA256())

    def answers(self, status=ocsp.OCSPCertStatus.GOOD, reason=None, at=NOW):
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                self.card, self.certificate, SHA1(), status,  # noqa: S303 - it names the issuer only.
                at, at + timedelta(hours=1),
                at - timedelta(days=1) if reason else None, reason,
            )
            .certificates([self.responder])
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder)
        )  # fmt: skip
        signed = builder.sign(self.responder_key, SHA256())
        return Fetched(200, "application/ocsp-response", signed.public_bytes(Encoding.DER))

    def lists(self, *revoked, at=NOW, scope=CRL, signer=None):
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.name)
        builder = builder.last_update(at).next_update(at + timedelta(hours=24))
        point = x509.IssuingDistributionPoint(
            [x509.UniformResourceIdentifier(scope)], None, False, False, None, False, False
        )
        builder = builder.add_extension(point, critical=True)
        for serial in revoked:
            hold = x509.CRLReason(x509.ReasonFlags.certificate_hold)
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
            builder = builder.add_revoked_certificate(entry.add_extension(hold, critical=False).build())
        crl = builder.sign(signer or self.key, SHA256()).public_bytes(Encoding.DER)
        return Fetched(200, "application/pkix-crl", crl)


@cache
def authority():
    return Authority()


GONE = Fetched(failure="ConnectionRefusedError")


def status(ocsp_answer=GONE, crl_answer=GONE):
    one = authority()
    chain = (one.certificate.public_bytes(Encoding.DER),)
    fetched = {OCSP: ocsp_answer, CRL: crl_answer}
    look_up = LookUp(chain, NOW + timedelta(minutes=1), lambda asked: fetched[asked.url])
    return by_its_addresses(one.card.public_bytes(Encoding.DER), look_up)


def test_a_good_answer_settles_it_and_no_list_is_fetched():
    assert status(authority().answers(), authority().lists(authority().card.serial_number)) == "ok"


@pytest.mark.parametrize(
    ("reason", "word"),
    [(x509.ReasonFlags.key_compromise, "Revoked"), (x509.ReasonFlags.certificate_hold, "Suspended")],
)
def test_a_revoked_and_a_suspended_certificate_are_told_apart(reason, word):
    said = status(authority().answers(ocsp.OCSPCertStatus.REVOKED, reason))
    assert word in said
    assert reason.value in said


def test_the_list_is_asked_when_ocsp_does_not_answer():
    assert status(GONE, authority().lists(4711)) == "ok"
    assert "Suspended" in status(GONE, authority().lists(authority().card.serial_number))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda one: one.answers(at=NOW - timedelta(hours=2)),
        lambda _one: Authority("別的機構").answers(),
        lambda one: one.answers(ocsp.OCSPCertStatus.UNKNOWN),
        lambda _one: Fetched(200, "application/ocsp-response", b"\x30\x00"),
        lambda _one: Fetched(503),
    ],
)
def test_an_answer_that_is_old_forged_or_none_at_all_is_not_believed(wrong):
    assert status(wrong(authority())).startswith("OCSP http://ocsp.example/: ")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda one: one.lists(at=NOW - timedelta(days=2)),
        lambda one: one.lists(at=LATER),
        lambda one: one.lists(signer=one.responder_key),
        lambda one: one.lists(scope="http://lists.example/2.crl"),
        lambda _one: Authority("別的機構").lists(),
        lambda _one: Fetched(200, "application/pkix-crl", b"<html>"),
    ],
)
def test_a_list_that_is_old_forged_or_of_other_cards_is_not_believed(wrong):
    said = status(GONE, wrong(authority()))
    assert "CRL http://lists.example/1.crl: " in said
    assert "ConnectionRefusedError" in said

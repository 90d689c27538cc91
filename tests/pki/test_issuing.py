from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from pki import der
from pki.ceremony import Authority
from pki.certificates import read_certificate, read_tbs, split_certificate
from pki.errors import IssuingRefusedError, KeyRefusedError, LintRefusedError, ProfileRefusedError
from pki.issuing import new_serial, prepare, serial_text, sign
from pki.keys import KeyKind, SoftwareSigner
from pki.names import organisation, read_name
from pki.orders import Addresses, CertificateOrder, Issuer
from pki.profiles import PROFILES
from pki.sda import DirectoryAttributes, read_attributes

World = Any
Orders = Callable[..., CertificateOrder]
# The six kinds of organisations differ by a number alone, so a school stands for all of them.
TWINS = ("foundation_", "association_", "administrative_", "professional_", "other_", "unit_")
HOLDERS = [name for name, kind in PROFILES.items() if not kind.is_ca and not name.startswith(TWINS)]


@pytest.mark.parametrize("profile", HOLDERS)
def test_every_certificate_is_clean_to_openssl_pkilint_and_certtool(
    profile: str, world: World, an_order: Orders, run_tool: Callable[..., str]
) -> None:
    certificate = world.issue(an_order(profile), Authority.GCA)
    issuer = world.hierarchy.authorities[Authority.GCA]
    verify = ("verify", "-x509_strict", "-check_ss_sig", "-attime", "1795500000", "-CAfile", "{root_pem}")
    files = {"root": world.hierarchy.root, "ca": issuer, "leaf": certificate}
    assert run_tool("openssl", *verify, "-untrusted", "{ca_pem}", "{leaf}", **files).startswith("0\n")
    assert run_tool("lint_pkix_cert", "lint", "-s", "WARNING", "{leaf}", leaf=certificate) == "0\n\n\n"
    shown = run_tool("certtool", "--certificate-info", "--inder", "--infile", "{leaf}", leaf=certificate)
    assert shown.startswith("0\n")
    described = "Subject Directory Attributes" in shown or "2.5.29.9" in shown
    assert described == (PROFILES[profile].subject_type is not None)


def test_a_school_certificate_reads_as_the_profile_says(world: World, an_order: Orders) -> None:
    fields = read_certificate(world.issue(an_order(email="school@example.tw")))
    assert list(fields.extensions) == [
        "2.5.29.35",
        "2.5.29.14",
        "1.3.6.1.5.5.7.1.1",
        "2.5.29.15",
        "2.5.29.32",
        "2.5.29.17",
        "2.5.29.9",
        "2.5.29.31",
    ]
    assert [oid for oid, extension in fields.extensions.items() if extension.critical] == ["2.5.29.15"]
    assert read_attributes(fields.extensions["2.5.29.9"].value).subject_type == "2.16.886.1.100.3.2.11"


def test_the_partition_list_is_named_before_the_complete_one(world: World, an_order: Orders) -> None:
    parsed = x509.load_der_x509_certificate(world.issue(an_order()))
    points = parsed.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    addresses = [name.value for point in points for name in point.full_name or ()]
    assert [address.rsplit("/", 1)[1] for address in addresses] == ["CRL_0002.crl", "complete.crl"]


@pytest.mark.parametrize("length", [22, 64])
def test_an_organisation_with_a_long_chinese_name_gets_its_certificate(
    length: int, world: World, an_order: Orders, run_tool: Callable[..., str]
) -> None:
    subject = replace(organisation("關" * length, "新竹縣"), units=("防" * length,))
    certificate = world.issue(an_order(subject=subject))
    assert read_name(read_certificate(certificate).subject_name) == subject
    assert run_tool("lint_pkix_cert", "lint", "-s", "WARNING", "{leaf}", leaf=certificate) == "0\n\n\n"
    shown = run_tool(
        "openssl", "x509", "-in", "{leaf}", "-noout", "-subject", "-nameopt", "utf8", leaf=certificate
    )
    assert shown.startswith("0\n")


def test_what_was_linted_is_what_is_signed(world: World, an_order: Orders) -> None:
    prepared = prepare(an_order(), world.issuer())
    certificate = sign(prepared.tbs_der, prepared.tbs_sha256, world.issuer(), world.xca_signer)
    assert split_certificate(certificate)[0] == prepared.tbs_der
    assert "pkix" in prepared.lint_report.lints_run
    assert prepared.lint_report.findings == ()
    assert prepared.serial == read_tbs(prepared.tbs_der).serial
    assert read_tbs(prepared.tbs_der).not_after == prepared.not_after


def test_bytes_altered_after_the_lint_are_not_signed(world: World, an_order: Orders) -> None:
    prepared = prepare(an_order(), world.issuer())
    altered = prepared.tbs_der.replace("國立".encode(), "私立".encode())
    with pytest.raises(IssuingRefusedError) as refusal:
        sign(altered, prepared.tbs_sha256, world.issuer(), world.xca_signer)
    assert refusal.value.code == "pki.sign.altered"


def test_a_certificate_prepared_for_another_issuer_is_not_signed(world: World, an_order: Orders) -> None:
    prepared = prepare(an_order(), world.issuer(Authority.GCA))
    with pytest.raises(IssuingRefusedError) as refusal:
        sign(prepared.tbs_der, prepared.tbs_sha256, world.issuer(), world.xca_signer)
    assert refusal.value.code == "pki.sign.issuer"


def test_a_certificate_of_a_former_issuing_key_is_not_signed(world: World, an_order: Orders) -> None:
    prepared = prepare(an_order(), world.issuer())
    renewed = replace(world.issuer(), key_identifier=bytes(20))
    with pytest.raises(IssuingRefusedError) as refusal:
        sign(prepared.tbs_der, prepared.tbs_sha256, renewed, world.xca_signer)
    assert refusal.value.code == "pki.sign.issuer"


def test_a_signer_without_the_issuers_key_does_not_sign(
    world: World, an_order: Orders, holder_key: SoftwareSigner
) -> None:
    prepared = prepare(an_order(), world.issuer())
    with pytest.raises(IssuingRefusedError) as refusal:
        sign(prepared.tbs_der, prepared.tbs_sha256, world.issuer(), holder_key)
    assert refusal.value.code == "pki.sign.key"


def test_a_tbs_with_another_algorithm_is_not_signed(world: World, an_order: Orders) -> None:
    tbs = prepare(an_order(), world.issuer()).tbs_der
    parts = [part.encoded for part in der.read(tbs).children()]
    other = der.sequence(*parts[:2], der.sequence(der.oid("1.2.840.113549.1.1.13"), der.null()), *parts[3:])
    with pytest.raises(IssuingRefusedError) as refusal:
        sign(other, hashlib.sha256(other).digest(), world.issuer(), world.xca_signer)
    assert refusal.value.code == "pki.sign.algorithm"


class FaultySigner(SoftwareSigner):
    """Hardware that flips a bit."""

    def sign(self, data: bytes) -> bytes:
        return bytes((super().sign(data)[0] ^ 1,)) + super().sign(data)[1:]


def test_a_faulty_signature_never_leaves(world: World, an_order: Orders) -> None:
    prepared = prepare(an_order(), world.issuer())
    faulty = FaultySigner(world.xca_signer.private_key)
    with pytest.raises(KeyRefusedError):
        sign(prepared.tbs_der, prepared.tbs_sha256, world.issuer(), faulty)


def test_a_key_that_fails_the_gate_gets_no_certificate(
    world: World, an_order: Orders, vectors: Callable[[str], dict[str, bytes]]
) -> None:
    modulus = int.from_bytes(vectors("bad_rsa_moduli.txt")["roca"], "big")
    key = der.sequence(der.integer(modulus), der.integer(65537))
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null())
    with pytest.raises(IssuingRefusedError, match=r"key\.roca"):
        prepare(an_order(spki_der=der.sequence(algorithm, der.bit_string(key))), world.issuer())


def test_no_certificate_outlives_its_issuer(world: World, an_order: Orders) -> None:
    late = datetime(2043, 1, 1, tzinfo=UTC)
    with pytest.raises(IssuingRefusedError) as refusal:
        prepare(an_order(not_before=late), world.issuer())
    assert refusal.value.code == "pki.issue.outlives_issuer"


@pytest.mark.rule("CSR-09")
def test_a_holder_certifies_no_one(world: World, an_order: Orders) -> None:
    holder = Issuer.from_certificate(world.issue(an_order()))
    with pytest.raises(IssuingRefusedError) as refusal:
        prepare(an_order(), holder)
    assert refusal.value.code == "pki.issue.not_a_ca"


def test_an_authority_of_path_length_zero_certifies_no_other(world: World, an_order: Orders) -> None:
    with pytest.raises(IssuingRefusedError) as refusal:
        prepare(an_order(profile="subordinate_ca"), world.issuer())
    assert refusal.value.code == "pki.issue.path_length"


def test_a_beginning_without_a_time_zone_is_refused(world: World, an_order: Orders, now: datetime) -> None:
    with pytest.raises(IssuingRefusedError, match="time zone"):
        prepare(an_order(not_before=now.replace(tzinfo=None)), world.issuer())


def test_the_issuers_own_key_is_not_certified_again(world: World, an_order: Orders) -> None:
    with pytest.raises(IssuingRefusedError) as refusal:
        prepare(an_order(spki_der=world.xca_signer.spki_der), world.issuer())
    assert refusal.value.code == "pki.issue.issuers_key"


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": None},
        {"attributes": DirectoryAttributes("2.16.886.1.100.3.2.1.1")},
        {"addresses": Addresses(("http://crl.example/a.crl",))},
        {"email": "學校@example.tw"},
        {"addresses": Addresses((), "http://crl.example/a.p7b")},
    ],
)
def test_an_order_that_does_not_fit_its_profile_is_refused(
    changes: dict[str, Any], world: World, an_order: Orders
) -> None:
    with pytest.raises(ProfileRefusedError):
        prepare(an_order(**changes), world.issuer())


@pytest.mark.parametrize(
    ("crl", "lint"),
    [
        (("http://crl.example/a.crl",), "urls_are_plain_http"),
        (("https://crl.example/a.crl", "http://crl.example/b.crl"), "urls_are_plain_http"),
        (("http://crl.example/a b.crl", "http://crl.example/b.crl"), "pkix"),
    ],
)
def test_a_lint_finding_stops_the_certificate(
    crl: tuple[str, ...], lint: str, world: World, an_order: Orders
) -> None:
    addresses = replace(an_order().addresses, crl=crl)
    with pytest.raises(LintRefusedError) as refusal:
        prepare(an_order(addresses=addresses), world.issuer())
    assert any(sentence.startswith(lint) for sentence in refusal.value.findings)


def test_an_elliptic_key_is_not_certified_for_encipherment(world: World, an_order: Orders) -> None:
    spki = SoftwareSigner.generate(KeyKind.P256).spki_der
    world.issue(an_order(spki_der=spki))
    with pytest.raises(IssuingRefusedError, match=r"key\.kind"):
        prepare(an_order("school_encipherment", spki_der=spki), world.issuer())


def test_serials_are_unique_and_random_in_all_but_the_top_bit() -> None:
    serials = [new_serial() for _ in range(4000)]
    assert len(set(serials)) == len(serials)
    assert all((1 << 64) <= serial < (1 << 127) for serial in serials)
    for bit in range(127):
        share = sum(serial >> bit & 1 for serial in serials) / len(serials)
        assert 0.4 < share < 0.6


def test_a_serial_with_too_few_bits_is_drawn_again() -> None:
    draws = iter([bytes(16), b"\x80" + bytes(15), b"\xff" * 16])
    assert new_serial(lambda _: next(draws)) == (1 << 127) - 1


def test_a_serial_has_one_canonical_text() -> None:
    assert serial_text(0xAB) == "0" * 30 + "ab"


@pytest.mark.parametrize("serial", [0, -1, 5, 1 << 127])
def test_a_serial_of_another_source_is_refused(serial: int, world: World, an_order: Orders) -> None:
    with pytest.raises(IssuingRefusedError, match="new_serial"):
        prepare(an_order(serial=serial), world.issuer())


def test_dates_past_2050_are_written_so_that_openssl_reads_them(
    world: World, an_order: Orders, run_tool: Callable[..., str], now: datetime
) -> None:
    fields = read_certificate(world.hierarchy.root)
    assert fields.not_after.year == 2056
    shown = run_tool("openssl", "x509", "-in", "{root}", "-noout", "-enddate", root=world.hierarchy.root)
    assert "Nov 21 15:59:59 2056 GMT" in shown
    assert fields.not_after - now > timedelta(days=365 * 30)

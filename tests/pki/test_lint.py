from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pki import der
from pki.certificates import ExtensionValue, read_certificate
from pki.keys import KeyKind, SoftwareSigner
from pki.lint import pkix
from pki.lint.run import OUR_LINTS, run_lints
from pki.lint.subject import LintSubject
from pki.names import NameAttribute, Subject
from pki.profiles import PROFILES, Extension
from pki.sda import CardRank, DirectoryAttributes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.orders import CertificateOrder

World = Any
LINTS = {lint.name: lint for lint in OUR_LINTS}
SCHOOL = "school_signature"


@pytest.fixture(scope="module")
def leaf(world: World, an_order: Callable[..., CertificateOrder]) -> LintSubject:
    certificate = world.issue(an_order())
    return LintSubject(certificate, read_certificate(certificate), PROFILES[SCHOOL])


def with_extension(subject: LintSubject, kind: Extension, extension: ExtensionValue | None) -> LintSubject:
    extensions = dict(subject.fields.extensions)
    extensions.pop(kind.value, None)
    if extension is not None:
        extensions[kind.value] = extension
    return replace(subject, fields=replace(subject.fields, extensions=extensions))


def test_every_lint_names_its_source_and_its_day() -> None:
    assert all(lint.name == name and lint.source and lint.since.year >= 2026 for name, lint in LINTS.items())


def test_a_good_certificate_passes_every_lint(leaf: LintSubject) -> None:
    assert [lint.check(leaf) for lint in OUR_LINTS] == [None] * len(OUR_LINTS)


def uses(*oids: str) -> ExtensionValue:
    return ExtensionValue(False, der.sequence(*(der.oid(oid) for oid in oids)))


def alternative(tag: int, *names: str) -> ExtensionValue:
    return ExtensionValue(False, der.sequence(*(der.tlv(tag, name.encode()) for name in names)))


PLANTED = [
    ("basic_constraints_in_ca_only", Extension.BASIC_CONSTRAINTS, ExtensionValue(True, der.sequence())),
    ("extension_order", Extension.SUBJECT_KEY_IDENTIFIER, None),
    ("key_usage_single_purpose", Extension.KEY_USAGE, None),
    ("key_usage_single_purpose", Extension.KEY_USAGE, ExtensionValue(False, bytes.fromhex("03020780"))),
    ("key_usage_single_purpose", Extension.KEY_USAGE, ExtensionValue(True, bytes.fromhex("030205a0"))),
    ("key_usage_single_purpose", Extension.KEY_USAGE, ExtensionValue(True, bytes.fromhex("0303078080"))),
    ("policy_is_the_profiles", Extension.CERTIFICATE_POLICIES, None),
    (
        "policy_is_the_profiles",
        Extension.CERTIFICATE_POLICIES,
        ExtensionValue(False, der.sequence(der.sequence(der.oid("2.16.886.101.0.3.3"), der.sequence()))),
    ),
    ("sda_present", Extension.SUBJECT_DIRECTORY_ATTRIBUTES, None),
    ("sda_present", Extension.SUBJECT_DIRECTORY_ATTRIBUTES, ExtensionValue(False, b"\x05\x00")),
    (
        "sda_present",
        Extension.SUBJECT_DIRECTORY_ATTRIBUTES,
        ExtensionValue(False, bytes.fromhex("30173015060760867601640201310a06086086760164030301")),
    ),
    # A primary card with the last four digits of a citizen's number, which belong to people alone.
    (
        "sda_present",
        Extension.SUBJECT_DIRECTORY_ATTRIBUTES,
        ExtensionValue(
            False, DirectoryAttributes("2.16.886.1.100.3.2.11", CardRank.PRIMARY, "1234").to_der()
        ),
    ),
    (
        "sda_present",
        Extension.SUBJECT_DIRECTORY_ATTRIBUTES,
        ExtensionValue(False, DirectoryAttributes("2.16.886.1.100.3.2.11", CardRank.MOBILE).to_der()),
    ),
    ("urls_are_plain_http", Extension.CRL_DISTRIBUTION_POINTS, None),
    ("criticality", Extension.CERTIFICATE_POLICIES, ExtensionValue(True, der.sequence())),
    ("criticality", Extension.KEY_USAGE, None),
    ("extended_key_usage", Extension.EXTENDED_KEY_USAGE, uses("2.5.29.37.0")),
    ("extended_key_usage", Extension.EXTENDED_KEY_USAGE, uses("1.3.6.1.5.5.7.3.2")),
    ("alternative_names", Extension.SUBJECT_ALTERNATIVE_NAME, alternative(0x82, "www.example.gov.tw")),
    ("alternative_names", Extension.SUBJECT_ALTERNATIVE_NAME, alternative(0x81, "nobody")),
    ("alternative_names", Extension.SUBJECT_ALTERNATIVE_NAME, alternative(0x81, "a@b.tw", "c@d.tw")),
    ("alternative_names", Extension.SUBJECT_ALTERNATIVE_NAME, alternative(0x81)),
]


@pytest.mark.parametrize(("lint", "kind", "extension"), PLANTED)
def test_a_lint_finds_the_extension_planted_for_it(
    lint: str, kind: Extension, extension: ExtensionValue | None, leaf: LintSubject
) -> None:
    assert LINTS[lint].check(with_extension(leaf, kind, extension))


@pytest.mark.rule("RV2-07")
@pytest.mark.parametrize("oid", ["2.5.29.30", "2.5.29.33", "2.5.29.36", "2.5.29.54"])
def test_constraints_on_names_and_policies_are_found(oid: str, leaf: LintSubject) -> None:
    extensions = {**leaf.fields.extensions, oid: ExtensionValue(False, der.sequence())}
    planted = replace(leaf, fields=replace(leaf.fields, extensions=extensions))
    assert LINTS["no_constraints"].check(planted)


@pytest.fixture(scope="module")
def server(world: World, an_order: Callable[..., CertificateOrder]) -> LintSubject:
    certificate = world.issue(an_order("tls_multi_domain"))
    return LintSubject(certificate, read_certificate(certificate), PROFILES["tls_multi_domain"])


CN = "www.example.gov.tw"


@pytest.mark.rule("CSR-06")
@pytest.mark.parametrize(
    "names",
    [
        (),
        ("*.example.gov.tw", CN),
        ("other.example.gov.tw",),
        (CN, CN),
        (CN, "192.0.2.1"),
        (CN, "a_b.example.gov.tw"),
        (CN, "localhost"),
        (CN, "WWW.example.org"),
        (CN, "a..example.org"),
        (CN, "example.org."),
        (CN, "-a.example.org"),
        (CN, "a" * 64 + ".org"),
        (CN, "a." * 126 + "org"),
        (CN, *(f"a{number}.example.org" for number in range(100))),
    ],
)
def test_a_servers_name_that_is_no_plain_domain_is_found(names: tuple[str, ...], server: LintSubject) -> None:
    planted = with_extension(server, Extension.SUBJECT_ALTERNATIVE_NAME, alternative(0x82, *names))
    assert LINTS["alternative_names"].check(planted)


def test_an_address_among_the_domains_of_a_server_is_found(server: LintSubject) -> None:
    planted = with_extension(server, Extension.SUBJECT_ALTERNATIVE_NAME, alternative(0x87, "abcd"))
    assert LINTS["alternative_names"].check(planted)


def test_a_server_without_names_is_found(server: LintSubject) -> None:
    planted = with_extension(server, Extension.SUBJECT_ALTERNATIVE_NAME, None)
    assert LINTS["alternative_names"].check(planted)
    assert LINTS["extension_order"].check(planted)


@pytest.mark.parametrize(
    "name",
    [
        Subject(organisation="School").to_der(frozenset({NameAttribute.ORGANISATION})),
        Subject(common_name="學校").to_der(),
        der.sequence(),
        b"\x05\x00",
        Subject(organisation="學校", country="JP").to_der(),
    ],
)
def test_a_subject_of_another_form_is_found(name: bytes, leaf: LintSubject) -> None:
    planted = replace(leaf, fields=replace(leaf.fields, subject_name=name))
    assert LINTS["subject_follows_naming"].check(planted)


def test_a_key_that_the_profile_does_not_take_is_found(leaf: LintSubject) -> None:
    elliptic = replace(leaf.fields, spki_der=SoftwareSigner.generate(KeyKind.P256).spki_der)
    enciphering = replace(leaf, fields=elliptic, profile=PROFILES["school_encipherment"])
    assert LINTS["key_is_the_profiles"].check(enciphering) == "key.kind"


def test_a_serial_of_few_bits_is_found(leaf: LintSubject) -> None:
    for serial in (-5, (1 << 64) - 1, 1 << 127):
        assert LINTS["serial_entropy"].check(replace(leaf, fields=replace(leaf.fields, serial=serial)))


def test_a_life_that_ends_at_another_hour_or_day_is_found(leaf: LintSubject) -> None:
    for change in (timedelta(seconds=1), timedelta(days=1)):
        fields = replace(leaf.fields, not_after=leaf.fields.not_after - change)
        assert LINTS["validity_ends_in_taipei"].check(replace(leaf, fields=fields))


@pytest.mark.parametrize("profile", ["root_ca", "subordinate_ca"])
def test_a_leaf_is_never_taken_for_a_ca(profile: str, leaf: LintSubject) -> None:
    found = run_lints(leaf.certificate_der, PROFILES[profile])
    assert "basic_constraints_in_ca_only" in {finding.lint for finding in found.findings}


def test_a_ca_with_another_path_length_is_found(world: World) -> None:
    subject = LintSubject(
        world.xca, read_certificate(world.xca), replace(PROFILES["subordinate_ca"], path_length=1)
    )
    assert LINTS["basic_constraints_in_ca_only"].check(subject)


def test_holder_attributes_and_policies_where_there_is_no_holder_are_found(leaf: LintSubject) -> None:
    as_responder = replace(leaf, profile=PROFILES["ocsp_responder"])
    assert LINTS["sda_present"].check(as_responder)
    assert LINTS["policy_is_the_profiles"].check(as_responder)


def test_a_certificate_that_pkilint_cannot_decode_is_a_finding() -> None:
    assert pkix.findings(b"\x30\x00")[0].startswith("undecodable")
    assert pkix.findings(b"text")[0].startswith("undecodable")

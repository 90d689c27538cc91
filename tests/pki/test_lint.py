from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pki import der
from pki.certificates import ExtensionValue, read_certificate
from pki.lint import pkix
from pki.lint.run import OUR_LINTS, run_lints
from pki.lint.subject import LintSubject
from pki.profiles import PROFILES, Extension

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
    ("urls_are_plain_http", Extension.CRL_DISTRIBUTION_POINTS, None),
]


@pytest.mark.parametrize(("lint", "kind", "extension"), PLANTED)
def test_a_lint_finds_the_extension_planted_for_it(
    lint: str, kind: Extension, extension: ExtensionValue | None, leaf: LintSubject
) -> None:
    assert LINTS[lint].check(with_extension(leaf, kind, extension))


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

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import pkcs7

from pki.ceremony import Authority, demonstration_name, p7b
from pki.certificates import read_certificate, verify_chain
from pki.names import describe_name
from pki.profiles import Extension

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

World = Any


@pytest.mark.parametrize("authority", Authority)
def test_every_authority_chains_to_the_root_and_is_clean(
    authority: Authority, world: World, now: datetime, run_tool: Callable[..., str]
) -> None:
    certificate = world.hierarchy.authorities[authority]
    verify_chain([certificate, world.hierarchy.root], now)
    at = str(int(now.timestamp()) + 60)
    shown = run_tool(
        "openssl", "verify", "-x509_strict", "-attime", at, "-CAfile", "{root_pem}", "{ca}",
        root=world.hierarchy.root, ca=certificate,
    )  # fmt: skip
    assert shown.startswith("0\n"), shown
    for value in (certificate, world.hierarchy.root):
        assert run_tool("lint_pkix_cert", "lint", "-s", "WARNING", "{value}", value=value) == "0\n\n\n"


def test_a_demonstration_never_bears_the_plain_name_of_an_authority(world: World) -> None:
    assert (
        describe_name(demonstration_name(Authority.GCA).to_der())
        == "C=TW,O=行政院,OU=(示範) 政府憑證管理中心"
    )
    for certificate in (world.hierarchy.root, *world.hierarchy.authorities.values()):
        assert "示範" in describe_name(read_certificate(certificate).subject_name)


def test_the_root_lives_thirty_years_and_the_authorities_twenty(world: World) -> None:
    assert read_certificate(world.hierarchy.root).not_after.year == 2056
    assert read_certificate(world.xca).not_after.year == 2046


def test_ca_certificates_are_marked_as_such_in_critical_extensions(world: World) -> None:
    for certificate in (world.hierarchy.root, world.xca):
        fields = read_certificate(certificate)
        critical = {oid for oid, extension in fields.extensions.items() if extension.critical}
        assert critical == {Extension.BASIC_CONSTRAINTS.value, Extension.KEY_USAGE.value}
    assert read_certificate(world.hierarchy.root).path_length is None
    assert read_certificate(world.xca).path_length == 0


def test_a_bundle_holds_the_certificates_given(world: World) -> None:
    bundle = p7b([world.hierarchy.root, world.xca])
    assert len(pkcs7.load_der_pkcs7_certificates(bundle)) == 2

"""What we issue beside what was seen in the field, and every profile beside its shape as it was last reviewed."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pki import der
from pki.certificates import CertificateFields, read_tbs
from pki.issuing import prepare
from pki.names import Subject, organisation
from pki.orders import Issuer
from pki.profiles import PROFILES
from pki.rehearsal import sample_order, sample_subject
from pki.sda import read_attributes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.keys import SoftwareSigner
    from pki.profiles import Profile

VECTORS = Path(__file__).parent.parent / "vectors" / "pki"
SEEN: dict[str, dict[str, Any]] = tomllib.loads((VECTORS / "seen_shapes.toml").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 21, tzinfo=UTC)
VALUES = {
    "key_usage": "2.5.29.15",
    "extended_key_usage": "2.5.29.37",
    "policies": "2.5.29.32",
    "basic_constraints": "2.5.29.19",
}
DIRECTORY_ATTRIBUTES, ALTERNATIVE_NAME, LISTS = "2.5.29.9", "2.5.29.17", "2.5.29.31"


def issued(profile: Profile, key: SoftwareSigner, **changes: Any) -> CertificateFields:
    order = replace(sample_order(profile, key.spki_der, NOW), **changes)
    issuer = Issuer.of_new_root(organisation("根"), key.spki_der)
    return read_tbs(prepare(order, issuer).tbs_der)


def subject_of(profile: Profile, wanted: list[list[Any]]) -> Subject:
    """A subject with as many of each attribute as the one seen had."""
    types = [kind for kind, _ in wanted]
    full = sample_subject(profile.naming)
    return replace(
        full,
        localities=full.localities[: types.count("2.5.4.7")],
        units=full.units[: types.count("2.5.4.11")],
        common_name=full.common_name if "2.5.4.3" in types else None,
        serial_number=full.serial_number if "2.5.4.5" in types else None,
    )


@pytest.mark.rule("RV2-07")
@pytest.mark.parametrize("name", SEEN)
def test_a_certificate_has_the_shape_that_was_seen(
    name: str, holder_key: SoftwareSigner, vectors: Callable[[str], dict[str, bytes]]
) -> None:
    seen = SEEN[name]
    profile = PROFILES[seen["profile"]]
    changes: dict[str, Any] = {}
    if "assurance" in seen:
        profile = replace(profile, policy=seen["assurance"])
    if "subject" in seen:
        changes["subject"] = subject_of(profile, seen["subject"])
    real = vectors("directory_attributes.txt").get(seen.get("holder", ""))
    if real is not None:
        changes["attributes"] = read_attributes(real)
    fields = issued(profile, holder_key, **changes)
    assert list(fields.extensions) == seen["extensions"]
    assert [oid for oid, found in fields.extensions.items() if found.critical] == seen["critical"]
    for label, oid in VALUES.items():
        if label in seen:
            assert fields.extensions[oid].value.hex() == seen[label]
    assert len(der.read(fields.extensions[LISTS].value).children()) == seen["lists"]
    if "alternative_name_tag" in seen:
        names = der.read(fields.extensions[ALTERNATIVE_NAME].value).children()
        assert [one.tag for one in names] == [seen["alternative_name_tag"]]
    if real is not None:
        assert fields.extensions[DIRECTORY_ATTRIBUTES].value == real
    if "subject" in seen:
        rdns = [rdn.children()[0].fields(2) for rdn in der.read(fields.subject_name).children()]
        assert [[kind.as_oid(), value.tag] for kind, value in rdns] == seen["subject"]


def shape(profile: Profile, key: SoftwareSigner) -> str:
    """A profile's certificate in one line, read from its bytes: extensions, critical ones marked, and a digest of the rest."""
    fields = issued(profile, key)
    order = " ".join(oid + ("!" if found.critical else "") for oid, found in fields.extensions.items())
    fixed = [found.value for oid, found in fields.extensions.items() if oid not in {"2.5.29.14", "2.5.29.35"}]
    told = b"".join((*fixed, fields.subject_name, fields.not_after.isoformat().encode()))
    return f"{profile.name} {hashlib.sha256(told).hexdigest()[:16]} {order}"


def test_no_profile_changes_without_its_shape_being_reviewed(holder_key: SoftwareSigner) -> None:
    # A change here is a change of the practice statement; the commit that updates the file says so.
    lines = (VECTORS / "profile_shapes.txt").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    assert [shape(profile, holder_key) for profile in PROFILES.values()] == kept

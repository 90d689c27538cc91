"""What is run of pkilint's rules finds the same as pkilint itself, rule for rule and node for node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pkilint import loader
from pkilint.pkix.extension import EXTENSION_MAPPINGS
from pkilint.pkix.name import EmptyNameValidator
from pkilint.validation import ValidatorContainer

from pki import der
from pki.lint import pkix
from pki.lint.indexed import IndexedContainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pki.orders import CertificateOrder

World = Any
PLAIN = pkix.plain_rules()
INDEXED = IndexedContainer(PLAIN)
KINDS = ("agency_signature", "tls_multi_domain", "school_encipherment", "ocsp_responder", "subordinate_ca")


def outcome(rules: Any, certificate: bytes) -> list[tuple[str, str, list[Any]]]:
    """What each rule that was run said of which node, in order; nothing for what cannot be decoded."""
    try:
        document = loader.load_der_certificate(certificate, "certificate")
    except ValueError:
        return []
    results = rules.validate(document.root)
    return [(one.validator.name, one.node.path, one.finding_descriptions) for one in results]


def codes(results: list[tuple[str, str, list[Any]]]) -> set[str]:
    return {said.finding.code for _, _, found in results for said in found}


@pytest.fixture(scope="module")
def good(world: World, an_order: Callable[..., CertificateOrder]) -> list[bytes]:
    """A certificate of each of a few kinds: a holder, servers, a responder, an authority, a root."""
    leaves = [world.issue(an_order(kind)) for kind in KINDS[:-1]]
    return [*leaves, world.xca, world.hierarchy.root]


def planted(certificate: bytes) -> Iterator[bytes]:
    """The certificate with each extension in turn turned critical or not, under another name, twice, or gone."""
    tbs, algorithm, signature = der.read(certificate).fields(3)
    *head, last = tbs.children()
    extensions = last.children()[0].children()
    names = [der.oid(str(kind)) for kind in EXTENSION_MAPPINGS]
    for place, extension in enumerate(extensions):
        name, *_, value = extension.children()
        turned = b"" if len(extension.children()) > 2 else der.boolean(value=True)
        others = [der.sequence(name.encoded, turned, value.encoded), b"", extension.encoded * 2]
        others += [der.sequence(other, value.encoded) for other in names[place :: 4 * len(extensions)]]
        for other in others:
            parts = [one.encoded for one in extensions]
            parts[place] = other
            new = der.sequence(*(part.encoded for part in head), der.explicit(3, der.sequence(*parts)))
            yield der.sequence(new, algorithm.encoded, signature.encoded)


def test_sorted_rules_say_what_pkilint_says_of_good_certificates(good: list[bytes]) -> None:
    for certificate in good:
        expected = outcome(PLAIN, certificate)
        assert expected
        assert outcome(INDEXED, certificate) == expected


def test_sorted_rules_say_what_pkilint_says_of_planted_faults(good: list[bytes]) -> None:
    seen: set[str] = set()
    for certificate in (bad for one in good[::2] for bad in planted(one)):
        expected = outcome(PLAIN, certificate)
        assert outcome(INDEXED, certificate) == expected
        seen |= codes(expected)
    assert len(seen) >= 15


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_sorted_rules_say_what_pkilint_says_of_damaged_certificates(
    good: list[bytes], data: st.DataObject
) -> None:
    damaged = bytearray(data.draw(st.sampled_from(good)))
    places = st.integers(4, len(damaged) - 260)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        damaged[place] ^= data.draw(st.integers(1, 255))
    assert outcome(INDEXED, bytes(damaged)) == outcome(PLAIN, bytes(damaged))


class AskedOfAll(EmptyNameValidator):
    """A rule that asks a question of its own, which no sorting knows."""

    def match(self, node: Any) -> bool:
        return bool(node.name == "serialNumber")


class WalksAlone(ValidatorContainer):
    """A container that visits nothing but where it stands."""

    def validate(self, node: Any) -> list[Any]:
        return [rule.validate_wrapper(node) for rule in self.validators]


def test_rules_and_containers_of_another_kind_are_left_as_they_are(good: list[bytes]) -> None:
    plain = ValidatorContainer(validators=[AskedOfAll(), WalksAlone(validators=[AskedOfAll()])])
    assert outcome(IndexedContainer(plain), good[0]) == outcome(plain, good[0]) != []

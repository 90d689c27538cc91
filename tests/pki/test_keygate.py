from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from pki import der
from pki.keygate import KeyFault, KeyRules, examine_key, spki_sha256
from pki.keys import KeyKind, SoftwareSigner, spki_of

if TYPE_CHECKING:
    from collections.abc import Callable

RSA = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null())


def rsa_key(modulus: int, exponent: int = 65537) -> bytes:
    return der.sequence(RSA, der.bit_string(der.sequence(der.integer(modulus), der.integer(exponent))))


@pytest.fixture(scope="module")
def good_modulus(holder_key: SoftwareSigner) -> int:
    public_key = holder_key.public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    return public_key.public_numbers().n


@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.RSA_3072, KeyKind.P256, KeyKind.P384])
def test_a_sound_key_has_no_faults(kind: KeyKind) -> None:
    assert examine_key(SoftwareSigner.generate(kind).spki_der) == ()


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("roca", KeyFault.ROCA),
        ("close_primes", KeyFault.CLOSE_PRIMES),
        ("small_factor", KeyFault.SMALL_FACTOR),
    ],
)
def test_a_planted_bad_modulus_is_found_for_what_it_is(
    name: str, fault: KeyFault, vectors: Callable[[str], dict[str, bytes]]
) -> None:
    modulus = int.from_bytes(vectors("bad_rsa_moduli.txt")[name], "big")
    assert examine_key(rsa_key(modulus)) == (fault,)


@pytest.mark.parametrize("exponent", [1, 3, 65535, 65536, 65538, (1 << 256) + 1])
def test_an_exponent_that_is_even_small_or_huge_is_refused(exponent: int, good_modulus: int) -> None:
    assert examine_key(rsa_key(good_modulus, exponent)) == (KeyFault.EXPONENT,)


def test_an_even_modulus_has_a_small_factor(good_modulus: int) -> None:
    assert examine_key(rsa_key(good_modulus & ~1)) == (KeyFault.SMALL_FACTOR,)


def test_a_key_of_1024_bits_is_too_short() -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - a weak key is what the test needs
    assert examine_key(spki_of(weak.public_key())) == (KeyFault.TOO_SHORT,)


def test_a_key_beyond_4096_bits_is_too_long() -> None:
    assert examine_key(rsa_key((1 << 5000) + 1)) == (KeyFault.TOO_LONG,)


def test_a_curve_that_is_not_on_the_list_is_refused_until_it_is_listed() -> None:
    spki = spki_of(ec.generate_private_key(ec.SECP521R1()).public_key())
    assert examine_key(spki) == (KeyFault.KIND,)
    assert examine_key(spki, KeyRules(curves=frozenset({"1.3.132.0.35"}))) == ()


def test_a_point_off_the_curve_is_refused() -> None:
    spki = bytearray(SoftwareSigner.generate(KeyKind.P256).spki_der)
    spki[-1] ^= 1
    assert examine_key(bytes(spki)) == (KeyFault.UNREADABLE,)


def test_a_key_of_another_algorithm_is_refused() -> None:
    spki = der.sequence(der.sequence(der.oid("1.3.101.112")), der.bit_string(bytes(32)))
    assert examine_key(spki) == (KeyFault.KIND,)


def test_a_curve_spelt_out_by_its_parameters_is_refused() -> None:
    explicit = der.sequence(der.oid("1.2.840.10045.2.1"), der.sequence())
    assert examine_key(der.sequence(explicit, der.bit_string(bytes(65)))) == (KeyFault.KIND,)


@pytest.mark.parametrize("numbers", [(0, 65537), (-5, 65537), (15, -3), (15, 0)])
def test_numbers_that_are_not_positive_are_unreadable(numbers: tuple[int, int]) -> None:
    assert examine_key(rsa_key(*numbers)) == (KeyFault.UNREADABLE,)


def test_a_key_whose_bits_do_not_fill_octets_is_unreadable() -> None:
    assert examine_key(der.sequence(RSA, der.tlv(der.BIT_STRING, b"\x01\x00"))) == (KeyFault.UNREADABLE,)


@given(st.binary(max_size=100))
def test_random_bytes_are_never_a_sound_key(data: bytes) -> None:
    assert examine_key(data) in {(KeyFault.UNREADABLE,), (KeyFault.KIND,)}


def test_every_fault_speaks_both_languages() -> None:
    assert all(fault.code.startswith("key.") and fault.zh and fault.en for fault in KeyFault)


def test_a_key_is_known_by_the_digest_of_its_public_half(holder_key: SoftwareSigner) -> None:
    again = SoftwareSigner.from_pkcs8(holder_key.to_pkcs8(b"x"), b"x")
    assert spki_sha256(again.spki_der) == spki_sha256(holder_key.spki_der)

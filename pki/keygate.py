"""Is this public key fit to be certified? The gate that every certificate passes, single or in a batch.

The tests are those that found real bad keys in real national cards: too short, factored through small primes or
close primes (Fermat), and ROCA (CVE-2017-15361, keys from a faulty card library recognisable by their modulus).
The gate reads the SubjectPublicKeyInfo by itself, since the library refuses some bad keys without saying why.
Whether the key was certified before or is known to be compromised, whoever keeps the records of keys tells the gate.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import gcd, isqrt, prod
from typing import TYPE_CHECKING, Final

from pki import der
from pki.errors import DerRefusedError, KeyRefusedError
from pki.keys import load_public_key, spki_of

if TYPE_CHECKING:
    from collections.abc import Container

_RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
_EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
P256: Final = "1.2.840.10045.3.1.7"
P384: Final = "1.3.132.0.34"
P521: Final = "1.3.132.0.35"
_FERMAT_ROUNDS: Final = 100
_SMALLEST_EXPONENT: Final = 1 << 16
_LARGEST_EXPONENT_BITS: Final = 256
_SMALL_PRIME_LIMIT: Final = 1 << 12
# Nemec et al., "The Return of Coppersmith's Attack" (2017): the fingerprint over the primes up to 167.
_ROCA_LARGEST_PRIME: Final = 167


class KeyFault(Enum):
    """Why a key is not certified: a stable code with its sentence in Chinese and English."""

    UNREADABLE = ("key.unreadable", "公鑰格式無法辨識。", "The public key cannot be read.")
    KIND = (
        "key.kind",
        "這種憑證不接受此類金鑰；請改用 RSA，簽章用途也可用 P-256、P-384 或憑證種類所列的曲線。",
        "This kind of certificate takes no such key; use RSA, or to sign also P-256, P-384 or a curve listed for it.",
    )
    TOO_SHORT = ("key.too_short", "RSA 金鑰長度不足。", "The RSA key is too short.")
    TOO_LONG = ("key.too_long", "RSA 金鑰長度超過上限。", "The RSA key is too long.")
    EXPONENT = (
        "key.exponent",
        "RSA 公開指數須為大於 65536 的奇數。",
        "The RSA exponent must be odd and above 65536.",
    )
    SMALL_FACTOR = ("key.small_factor", "RSA 模數可被小質數整除。", "The RSA modulus has a small factor.")
    CLOSE_PRIMES = (
        "key.close_primes",
        "RSA 的兩個質數過於接近。",
        "The primes of the RSA key lie too close.",
    )
    ENCODING = (
        "key.encoding",
        "公鑰的編碼方式不是標準形式；請以一般的 CSR 工具重新產生。",
        "The public key is not encoded in the standard form; make it again with a common tool.",
    )
    # The sentence of the authorities' own site, with what to do after it (rule CSR-04).
    USED = (
        "key.used",
        "CSR已被使用、金鑰重複請更換或案件流水號重複。請重新產生金鑰與 CSR。",
        "This key was certified before; make a new key and a new CSR.",
    )
    COMPROMISED = (
        "key.compromised",
        "這把金鑰已知外洩，不得再使用；請重新產生金鑰與 CSR。",
        "This key is known to be compromised and must not be used again; make a new key and a new CSR.",
    )
    ROCA = (
        "key.roca",
        "金鑰由有 ROCA 弱點的晶片產生。",
        "The key was made by a chip with the ROCA weakness.",
    )

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code = code
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class KeyRules:
    """What sizes are accepted: RSA modulus bits from and to, and the OIDs of named curves."""

    rsa_bits_from: int = 2048
    rsa_bits_to: int = 4096
    curves: frozenset[str] = frozenset({P256, P384})


DEFAULT_RULES: Final = KeyRules()


@dataclass(frozen=True, slots=True)
class KeyRecords:
    """The keys that somebody remembers, by `spki_sha256`: certified by any authority before, or compromised.

    A frozen set serves, and so does anything that answers `in` from a database.
    """

    used: Container[bytes] = frozenset()
    compromised: Container[bytes] = frozenset()


NO_RECORDS: Final = KeyRecords()


def examine_key(
    spki_der: bytes, rules: KeyRules = DEFAULT_RULES, records: KeyRecords = NO_RECORDS
) -> tuple[KeyFault, ...]:
    """Every fault of the key in a SubjectPublicKeyInfo; an empty tuple means that it may be certified."""
    digest = spki_sha256(spki_der)
    known = ((KeyFault.USED, digest in records.used), (KeyFault.COMPROMISED, digest in records.compromised))
    return (*_examine_bytes(spki_der, rules), *(fault for fault, found in known if found))


# The gate asks this of a key when a request is examined and again when its certificate is prepared.
@lru_cache(maxsize=512)
def _examine_bytes(spki_der: bytes, rules: KeyRules) -> tuple[KeyFault, ...]:
    try:
        algorithm, bits = der.read(spki_der).expect(der.SEQUENCE).children()
        parameters = algorithm.expect(der.SEQUENCE).children()
        kind = parameters[0].as_oid() if parameters else ""
        if kind == _RSA_ENCRYPTION:
            # The library re-encodes no key that it finds bad, so the form of an RSA key is compared by hand.
            standard = [parameter.encoded for parameter in parameters[1:]] == [der.null()]
            return (*_examine_rsa(bits, rules), *(() if standard else (KeyFault.ENCODING,)))
        if kind == _EC_PUBLIC_KEY:
            return _examine_curve(spki_der, parameters, rules)
    except (DerRefusedError, ValueError):
        return (KeyFault.UNREADABLE,)
    return (KeyFault.KIND,)


def is_elliptic(spki_der: bytes) -> bool:
    """Whether a SubjectPublicKeyInfo holds an elliptic curve key, which signs but enciphers nothing."""
    return der.read(spki_der).fields(2)[0].fields(1, 2)[0].as_oid() == _EC_PUBLIC_KEY


def rsa_modulus(spki_der: bytes) -> int | None:
    """Return the modulus of an RSA key, or None for a key of another kind; refuses what cannot be read."""
    algorithm, bits = der.read(spki_der).fields(2)
    if algorithm.fields(1, 2)[0].as_oid() != _RSA_ENCRYPTION:
        return None
    return der.read(bits.expect(der.BIT_STRING).content[1:]).fields(2)[0].as_integer()


def spki_sha256(spki_der: bytes) -> bytes:
    """Return the digest under which a key is known: keys are unique by it across all CAs (rule CSR-04)."""
    return hashlib.sha256(spki_der).digest()


def _examine_curve(
    spki_der: bytes, parameters: tuple[der.Element, ...], rules: KeyRules
) -> tuple[KeyFault, ...]:
    # A curve spelt out by its parameters has no OID here, and is not accepted.
    named = {parameter.as_oid() for parameter in parameters[1:] if parameter.tag == der.OBJECT_IDENTIFIER}
    if not named or not named <= rules.curves:
        return (KeyFault.KIND,)
    try:
        key = load_public_key(spki_der)
    except KeyRefusedError:
        # The library checks that the point lies on the curve.
        return (KeyFault.UNREADABLE,)
    # A key is known by its bytes, so a compressed point would be the same key under another digest.
    return () if spki_of(key) == spki_der else (KeyFault.ENCODING,)


def _examine_rsa(bits: der.Element, rules: KeyRules) -> tuple[KeyFault, ...]:
    content = bits.expect(der.BIT_STRING).content
    if content[:1] != b"\x00":
        return (KeyFault.UNREADABLE,)
    modulus, exponent = (part.as_integer() for part in der.read(content[1:]).expect(der.SEQUENCE).children())
    if modulus < 1 or exponent < 1:
        return (KeyFault.UNREADABLE,)
    if modulus.bit_length() > rules.rsa_bits_to:
        # The tests below cost time that grows with the size, so a giant modulus is sent away at once.
        return (KeyFault.TOO_LONG,)
    faults = (
        (KeyFault.TOO_SHORT, modulus.bit_length() < rules.rsa_bits_from),
        (KeyFault.EXPONENT, not _exponent_is_sound(exponent)),
        (KeyFault.SMALL_FACTOR, gcd(modulus, _SMALL_PRODUCT) != 1),
        (KeyFault.CLOSE_PRIMES, _fermat_factors(modulus)),
        (KeyFault.ROCA, _has_roca_fingerprint(modulus)),
    )
    return tuple(fault for fault, found in faults if found)


def _exponent_is_sound(exponent: int) -> bool:
    # NIST SP 800-89 §5.3.3: odd, above 2^16 and below 2^256.
    return (
        exponent % 2 == 1
        and exponent > _SMALLEST_EXPONENT
        and exponent.bit_length() <= _LARGEST_EXPONENT_BITS
    )


def _fermat_factors(modulus: int) -> bool:
    """Whether Fermat's method finds the factors within 100 rounds (CA/Browser Forum BR §6.1.1.3)."""
    if modulus % 2 == 0:
        return False
    root = isqrt(modulus - 1) + 1
    for candidate in range(root, root + _FERMAT_ROUNDS):
        rest = candidate * candidate - modulus
        # Most numbers betray by their last bits that they are no square.
        if _MAY_BE_SQUARE[rest & _LAST_BITS] and isqrt(rest) ** 2 == rest:
            return True
    return False


def _primes_below(limit: int) -> tuple[int, ...]:
    sieve = bytearray([1]) * limit
    sieve[:2] = b"\x00\x00"
    for number in range(2, isqrt(limit) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return tuple(number for number in range(limit) if sieve[number])


def _powers(base: int, prime: int) -> frozenset[int]:
    found, power = set[int](), 1
    while power not in found:
        found.add(power)
        power = power * base % prime
    return frozenset(found)


_SMALL_PRIMES: Final = _primes_below(_SMALL_PRIME_LIMIT)
_SMALL_PRODUCT: Final = prod(_SMALL_PRIMES)
_LAST_BITS: Final = 0xFF
_SQUARES: Final = frozenset(number * number & _LAST_BITS for number in range(_LAST_BITS + 1))
_MAY_BE_SQUARE: Final = tuple(rest in _SQUARES for rest in range(_LAST_BITS + 1))
# A ROCA prime is a power of 65537 modulo many small primes, hence so is the product of two of them.
_ROCA_MARKS: Final = tuple(
    (prime, _powers(65537, prime)) for prime in _SMALL_PRIMES[1:] if prime <= _ROCA_LARGEST_PRIME
)


def _has_roca_fingerprint(modulus: int) -> bool:
    return all(modulus % prime in powers for prime, powers in _ROCA_MARKS)

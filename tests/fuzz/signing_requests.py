"""Mutate certification requests, by structure and by bytes, and let the gate judge each: it may refuse, never fail.

    python -m tests.fuzz.signing_requests --count 100000 --seed 20261121

A seed gives the same mutations again; the suite runs half as many.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import TypeAlias

import gmpy2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pki import der
from pki.csr import AcceptedRequest, GateContext, examine_csr
from pki.errors import DerRefusedError
from pki.names import Subject
from pki.profiles import PROFILES
from tests import request_rig as rig

Tree: TypeAlias = "tuple[int, bytes | list[Tree]]"
SEED = 20261121
TAGS = (
    der.BOOLEAN, der.INTEGER, der.BIT_STRING, der.OCTET_STRING, der.NULL, der.OBJECT_IDENTIFIER, der.UTF8_STRING,
    der.PRINTABLE_STRING, der.SEQUENCE, der.SET, 0x16, 0x1C, 0x1E, 0x14, 0x80, 0x82, 0x86, 0x87, 0xA0, 0xA3, 0x1F, 0x24,
)  # fmt: skip
CONTENTS = (
    b"", b"\x00", b"\xff" * 9, b"\x80", b"*.example.gov.tw", b"xn--", b"xn--" + b"a" * 300, "網站。台灣".encode(),
    "\u202e\u0000\u200d".encode(), b"\xed\xa0\x80", b"a" * 5000, b"\x00" * 300, b"10.0.0.1", b"[::1]", b".", b"gov.tw",
    "𠮷".encode("utf-16-be"), b"\x30\x80", b"\x06\x03\x55\x04\x03", b"\x01" + b"\x00" * 1024, b"\x7f" * 2000,
)  # fmt: skip
PROFILES_TRIED = ("tls_multi_domain", "tls_single_domain", "agency_non_card_signature", "server_application")
CONTEXTS = (
    GateContext(),
    GateContext(domains=(rig.DOMAIN, "b.example.gov.tw")),
    GateContext(subject=Subject(organisation="行政院", common_name=rig.DOMAIN)),
)


@lru_cache
def curve_key() -> ec.EllipticCurvePrivateKey:
    # A fixed number, and signatures without randomness of their own (RFC 6979): a seed gives the same files.
    return ec.derive_private_key(SEED, ec.SECP256R1())


@lru_cache
def rsa_key() -> rsa.RSAPrivateKey:
    random = Random(SEED)
    p, q = (int(gmpy2.next_prime(random.getrandbits(1024) | 0b11 << 1022)) for _ in range(2))
    d = pow(65537, -1, (p - 1) * (q - 1))
    crt = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(65537, p * q)).private_key()


@lru_cache
def seeds() -> tuple[bytes, ...]:
    """Sound requests that mutation starts from."""
    wishes = rig.extension_request(
        rig.alternative_names(rig.DOMAIN, "b.example.gov.tw", addresses=(b"\x0a\x00\x00\x01",)),
        rig.extension("2.5.29.19", der.sequence(der.boolean(value=True)), critical=True),
        rig.extension("2.5.29.15", der.bit_string(b"\x06"), critical=True),
    )
    password = rig.attribute("1.2.840.113549.1.9.7", der.tlv(rig.UTF8, b"secret"))
    full = rig.name(
        ("C", "TW"), ("O", "行政院"), ("OU", "環境部"), ("CN", rig.DOMAIN), ("emailAddress", "a@b.tw")
    )
    return (
        rig.request(full, (wishes, password), curve_key()),
        rig.request(rig.name(("CN", rig.DOMAIN), tag=rig.BMP), (wishes,), curve_key()),
        rig.request(full, (), rsa_key()),
    )


def tree_of(element: der.Element) -> Tree:
    """Return an element with what is in it, as far as it can be read; strings that hold DER are opened as well."""
    if element.tag & 0x20 or element.tag == der.OCTET_STRING:
        try:
            return (element.tag, [tree_of(child) for child in der.read_all(element.content)])
        except DerRefusedError:
            return (element.tag, element.content)
    return (element.tag, element.content)


def encoded(tree: Tree) -> bytes:
    tag, content = tree
    return der.tlv(tag, content if isinstance(content, bytes) else b"".join(map(encoded, content)))


def mutated_tree(tree: Tree, random: Random, depth: int = 0) -> Tree:
    """Change one place in a tree."""
    tag, content = tree
    if isinstance(content, list) and content and random.random() < 0.95:
        place = random.randrange(len(content))
        children = list(content)
        if random.random() < 0.9 - depth * 0.08:
            children[place] = mutated_tree(children[place], random, depth + 1)
            return (tag, children)
        other = random.randrange(len(children))
        match random.randrange(4):
            case 0:
                del children[place]
            case 1:
                children.insert(other, children[place])
            case 2:
                children[place], children[other] = children[other], children[place]
            case _:
                children[place] = nested(children[place], random)
        return (tag, children)
    match random.randrange(3):
        case 0:
            return (random.choice(TAGS), content)
        case 1:
            return (tag, random.choice(CONTENTS))
        case _:
            return (tag, changed(encoded((tag, content))[2:], random))


def nested(tree: Tree, random: Random) -> Tree:
    for _ in range(random.choice((1, 3, 60))):
        tree = (random.choice((der.SEQUENCE, der.SET, 0xA0)), [tree])
    return tree


def changed(data: bytes, random: Random) -> bytes:
    """Change a few bytes: flip, cut out, insert, cut off, repeat."""
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(out) + 1)
        match random.randrange(5):
            case 0 if out:
                out[at % len(out)] ^= 1 << random.randrange(8)
            case 1:
                del out[at : at + random.randrange(1, 9)]
            case 2:
                out[at:at] = random.randbytes(random.randrange(1, 9))
            case 3:
                out = out[:at]
            case _:
                out[at:at] = out[at : at + random.randrange(1, 40)]
    return bytes(out)


def signed_again(request: bytes) -> bytes:
    """Put a fitting signature on a mutated request, so that what comes after the proof of possession is reached."""
    try:
        info, algorithm, _ = der.read(request).children()
    except (DerRefusedError, ValueError):
        return request
    signature = curve_key().sign(info.encoded, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return der.sequence(info.encoded, algorithm.encoded, der.bit_string(signature))


def mutant(random: Random) -> bytes:
    """Return one mutated file."""
    data = random.choice(seeds())
    if random.random() < 0.85:
        tree = tree_of(der.read(data))
        for _ in range(random.choice((1, 1, 2, 3))):
            tree = mutated_tree(tree, random)
        data = encoded(tree)
        if random.random() < 0.7:
            data = signed_again(data)
    else:
        data = changed(data, random)
    if random.random() < 0.25:
        label = random.choice(("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", "CERTIFICATE"))
        data = rig.pem(data, label, random.choice(("\n", "\r\n", "\r"))).encode()
        if random.random() < 0.5:
            data = changed(data, random)
    return data


@dataclass
class Tally:
    """What came of a run: how often each code, how long the slowest took, and the files that broke the gate."""

    codes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    broken: list[tuple[str, str]] = field(default_factory=list)


def run(count: int, seed: int = SEED) -> Tally:
    """Let the gate judge some mutants."""
    random, tally = Random(seed), Tally()
    for _ in range(count):
        data, profile = mutant(random), PROFILES[random.choice(PROFILES_TRIED)]
        begin = time.perf_counter()
        try:
            result = examine_csr(data, profile, random.choice(CONTEXTS))
            findings = result.remarks if isinstance(result, AcceptedRequest) else result.refusals
            assert isinstance(result, AcceptedRequest) or findings
            assert all(finding.zh.isprintable() and finding.en.isprintable() for finding in findings)
        # A panic inside the certificate library is no Exception, and would be the worst that can come of a request.
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            tally.broken.append((repr(error), data.hex()))
            continue
        tally.slowest = max(tally.slowest, time.perf_counter() - begin)
        accepted = isinstance(result, AcceptedRequest)
        tally.codes.update(["accepted"] if accepted else {finding.code for finding in findings})
    return tally


def main() -> int:
    """Run as many as asked for, tell what came of them, and return 1 when the gate failed on any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    begin = time.perf_counter()
    tally = run(asked.count, asked.seed)
    took = time.perf_counter() - begin
    lines = [f"{times:>8}  {code}" for code, times in tally.codes.most_common()]
    lines.append(f"{asked.count} requests in {took:.0f} s, the slowest {tally.slowest * 1000:.0f} ms")
    lines += [f"BROKEN {error}\n{data}" for error, data in tally.broken[:20]]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())

"""Mutated OCSP requests against the whole of the answering: each is answered, as malformed or with a status.

`python -m tests.fuzz.ocsp_requests --number 100000 --seed 1` runs as many as one likes; the suite runs half as many.
"""

from __future__ import annotations

import argparse
import base64
import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from cryptography.x509 import ocsp as library

from pki import der
from pki.ceremony import Authority, CeremonyPlan, hold_ceremony
from pki.errors import OcspMalformedError
from pki.issuing import new_serial, prepare, sign
from pki.keys import KeyKind, SoftwareSigner
from pki.names import organisation
from pki.ocsp import NotRevoked, OcspError, Responder, Revoked, answer, decode_get_path, error_response
from pki.orders import Addresses, CertificateOrder, Issuer
from pki.profiles import OCSP_RESPONDER
from pki.reasons import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.ocsp import Status

NOW: Final = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
MALFORMED: Final = error_response(OcspError.MALFORMED_REQUEST)
SHA1: Final = der.sequence(der.oid("1.3.14.3.2.26"), der.null())
NONCE: Final = der.oid("1.3.6.1.5.5.7.48.1.2")
STRUCTURAL: Final = (
    0x30,
    0xA0,
    0xA1,
    0xA2,
    0x02,
    0x04,
    0x05,
    0x06,
    0x01,
    0x80,
    0x81,
    0x82,
    0x84,
    0xFF,
    0x00,
    0x7F,
    0x1F,
)


@dataclass(frozen=True)
class Stand:
    """A responder, and well-formed requests from which the mutants come."""

    responder: Responder
    seeds: tuple[bytes, ...]


def set_up() -> Stand:
    """Make a small hierarchy on P-256, whose signatures are quick."""
    signers = {Authority.XCA: SoftwareSigner.generate(KeyKind.P256)}
    addresses = Addresses(("http://crl.example/CA.crl",), "http://crl.example/CA.p7b")
    hierarchy = hold_ceremony(CeremonyPlan(NOW, addresses), SoftwareSigner.generate(KeyKind.P256), signers)
    issuer = Issuer.from_certificate(hierarchy.authorities[Authority.XCA])
    signer = SoftwareSigner.generate(KeyKind.P256)
    order = CertificateOrder(
        OCSP_RESPONDER, organisation("OCSP 回應伺服器"), signer.spki_der, new_serial(), NOW
    )
    prepared = prepare(order, issuer)
    certificate = sign(prepared.tbs_der, prepared.tbs_sha256, issuer, signers[Authority.XCA])
    responder = Responder(signer, certificate, hierarchy.authorities[Authority.XCA])
    key = der.read(issuer.spki_der).children()[1].content[1:]
    return Stand(responder, tuple(_seeds(issuer.name_der, key)))


def _seeds(name: bytes, key: bytes) -> list[bytes]:
    hashes = (der.octet_string(sha1(value, usedforsecurity=False).digest()) for value in (name, key))
    cert_id = der.sequence(SHA1, *hashes, der.integer(new_serial()))
    other = der.sequence(SHA1, der.octet_string(bytes(20)), der.octet_string(bytes(20)), der.integer(5))
    nonce = der.explicit(2, der.sequence(der.sequence(NONCE, der.octet_string(der.octet_string(bytes(16))))))
    named = der.explicit(1, der.tlv(0x82, b"a.example"))
    single = der.explicit(0, der.sequence(der.sequence(der.oid("1.2.3"), der.octet_string(b""))))
    tbs = [
        der.sequence(der.sequence(der.sequence(cert_id))),
        der.sequence(der.sequence(der.sequence(cert_id)), nonce),
        der.sequence(
            der.explicit(0, der.integer(0)), named, der.sequence(der.sequence(cert_id, single)), nonce
        ),
        der.sequence(der.sequence(der.sequence(cert_id), der.sequence(other), der.sequence(cert_id))),
    ]
    return [der.sequence(one) for one in tbs] + [der.sequence(tbs[0], der.explicit(0, der.sequence()))]


def mutant(stand: Stand, dice: random.Random) -> bytes:
    """Return a request with one to six things wrong with it, or two grown together."""
    data = bytearray(dice.choice(stand.seeds))
    for _ in range(dice.randint(1, 6)):
        dice.choice(_WAYS)(data, dice, stand)
        if not data:
            break
    return bytes(data)


def _flip(data: bytearray, dice: random.Random, _stand: Stand) -> None:
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _replace(data: bytearray, dice: random.Random, _stand: Stand) -> None:
    data[dice.randrange(len(data))] = dice.choice(STRUCTURAL)


def _insert(data: bytearray, dice: random.Random, _stand: Stand) -> None:
    place = dice.randrange(len(data) + 1)
    data[place:place] = dice.randbytes(dice.choice((1, 1, 2, 9, 300)))


def _cut(data: bytearray, dice: random.Random, _stand: Stand) -> None:
    place = dice.randrange(len(data))
    del data[place : place + dice.choice((1, 1, 2, 20, len(data)))]


def _repeat(data: bytearray, dice: random.Random, _stand: Stand) -> None:
    place, size = dice.randrange(len(data)), dice.randint(1, 40)
    data[place:place] = data[place : place + size] * dice.choice((1, 2, 40))


def _graft(data: bytearray, dice: random.Random, stand: Stand) -> None:
    other = dice.choice(stand.seeds)
    start = dice.randrange(len(other))
    place = dice.randrange(len(data))
    data[place : place + dice.randint(0, 30)] = other[start : start + dice.randint(1, 60)]


def _wrap(data: bytearray, dice: random.Random, _stand: Stand) -> None:
    data[:] = der.tlv(dice.choice(STRUCTURAL), bytes(data))


_WAYS: Final[tuple[Callable[[bytearray, random.Random, Stand], Any], ...]] = (
    _flip, _flip, _replace, _replace, _insert, _cut, _repeat, _graft, _wrap,
)  # fmt: skip


def lookup(serial: int) -> Status:
    """Return some status for any serial."""
    return (NotRevoked.GOOD, NotRevoked.UNKNOWN, Revoked(NOW, RevocationReason.SUPERSEDED))[serial % 3]


def judge(stand: Stand, request: bytes) -> str:
    """Answer a mutant and say how; whatever the answering raises passes through."""
    said = answer(request, lookup, stand.responder, NOW)
    path = quote(base64.b64encode(request).decode())
    assert len(path) > 32768 or request[:1] != b"0" or decode_get_path(path) == request
    if said == MALFORMED:
        return "malformed"
    read = library.load_der_ocsp_response(said)
    assert read.response_status is library.OCSPResponseStatus.SUCCESSFUL
    assert len(list(read.responses)) > 0
    return "answered"


def judge_path(path: str) -> str:
    """Decode a path that is no base64 of anything in particular."""
    try:
        decode_get_path(path)
    except OcspMalformedError:
        return "malformed path"
    return "decoded path"


def run(number: int, seed: int) -> Counter[str]:
    """Judge so many mutants; returns how many were answered how."""
    dice, stand = random.Random(seed), set_up()
    judged: Counter[str] = Counter()
    for _ in range(number):
        judged[judge(stand, mutant(stand, dice))] += 1
        text = "".join(dice.choices("MEowAb09+/-_=% %2F%zz\n關\udc80", k=dice.randint(0, 60)))
        judged[judge_path(text)] += 1
    return judged


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--number", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    print(dict(run(given.number, given.seed)))  # noqa: T201 - the tally is for whoever ran it.


if __name__ == "__main__":
    main()

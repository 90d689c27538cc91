"""Look for RSA keys that share a prime with another stored key (ePrint 2013/599: 184 citizen cards were factored so).

Every certificate that ever existed counts, since a key that fell long ago still opens what shares its prime. A find
proposes revocation for key compromise; a person decides, since both keys have a holder who must be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa

from pki.batch_gcd import shared_factors
from pki.certificates import read_certificate
from pki.errors import PkiError
from pki.keys import load_public_key
from workflow.commands_of_watches import Found
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Iterator

C = t.certificate.c
_AT_A_TIME = 1000


def weak_keys(connection: sa.Connection) -> tuple[int, tuple[Found, ...]]:
    """Return how many RSA moduli were looked at, and the certificates whose modulus shares a factor with another."""
    stored = [*_moduli(connection)]
    found = shared_factors([modulus for _, _, modulus in stored])
    return len(stored), tuple(_finding(stored[one.place][0], stored[one.place][1]) for one in found)


def _finding(name: str, row: str) -> Found:
    return Found(
        code="key.shared_factor",
        subject=name,
        zh=f"{name} 的 RSA 金鑰與其他金鑰有共同質因數，已可破解：建議以金鑰洩漏為由廢止，並列入外洩金鑰清單。",
        en=f"The RSA key of {name} shares a prime with another and can be factored: proposed are revocation for"
        " key compromise and an entry on the list of compromised keys.",
        rows=(row,),
    )


def _moduli(connection: sa.Connection) -> Iterator[tuple[str, str, int]]:
    """Give name, row and modulus of each RSA key; one key in two certificates, such as an authority's, is given once.

    A modulus under another exponent is another key to whoever compares them whole, and no secret to either holder.
    """
    seen = set[tuple[int, int]]()
    for name, row, der in _certificates(connection):
        key = _rsa_key(der)
        if key is not None and key not in seen:
            seen.add(key)
            yield name, row, key[0]


def _certificates(connection: sa.Connection) -> Iterator[tuple[str, str, bytes]]:
    a = t.authority.c
    for name, certificate in connection.execute(sa.select(a.name, a.certificate)):
        yield name, f"authority:{name}", bytes(certificate)
    query = sa.select(C.id, C.authority, C.serial, C.der).where(C.der.is_not(None)).order_by(C.id)
    with connection.execution_options(yield_per=_AT_A_TIME).execute(query) as rows:
        for one in rows:
            yield f"{one.authority} {one.serial}", f"certificate:{one.id}", bytes(one.der)


def _rsa_key(der: bytes) -> tuple[int, int] | None:
    """Return modulus and exponent, or None: what cannot be read is for the reconciliation to find."""
    try:
        key = load_public_key(read_certificate(der).spki_der)
    except PkiError:
        return None
    if not isinstance(key, rsa.RSAPublicKey):
        return None
    numbers = key.public_numbers()
    return numbers.n, numbers.e

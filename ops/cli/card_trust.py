"""Which authorities a card's certificates are verified against: files that are given, or the register's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ops.cli.group import FoundError, WrongUseError
from ops.settings import Settings
from pki.certificates import verify_chain
from pki.errors import ChainRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

LONGEST_CHAIN = 5


def authorities(files: Sequence[Path]) -> tuple[bytes, ...]:
    """Return the certificates to trust, in DER: from PEM or DER files, or the register's when none is given."""
    if not files:
        return _of_the_register()
    found: list[bytes] = []
    for file in files:
        content = file.read_bytes()
        try:
            loaded = (
                x509.load_pem_x509_certificates(content)
                if b"-----BEGIN" in content
                else [x509.load_der_x509_certificate(content)]
            )
        except ValueError as error:
            raise WrongUseError(f"{file} 不是憑證檔。 {file} holds no certificate.") from error
        found.extend(one.public_bytes(Encoding.DER) for one in loaded)
    return tuple(found)


def chain_of(leaf: bytes, trusted: Sequence[bytes], at: datetime) -> tuple[bytes, ...] | str:
    """Return the chain from a certificate's issuer to a trusted root, in DER, or say why there is none at the time."""
    chain = [leaf]
    loaded = [x509.load_der_x509_certificate(one) for one in trusted]
    while len(chain) < LONGEST_CHAIN:
        last = x509.load_der_x509_certificate(chain[-1])
        issuer = next((one for one in loaded if one.subject == last.issuer), None)
        if issuer is None:
            return f"{last.issuer.rfc4514_string()}: 不在信任之列 not among the trusted authorities"
        if last.subject == last.issuer:
            break
        chain.append(issuer.public_bytes(Encoding.DER))
    try:
        verify_chain(chain, at)
    except ChainRefusedError as error:
        return error.message
    return tuple(chain[1:])


def _of_the_register() -> tuple[bytes, ...]:
    from ops.wiring import build_office
    from workflow.authorities import certificate_of, established, serving
    from workflow.store.roots import roots

    office = build_office(Settings.read())
    try:
        if not established(office):
            raise FoundError(
                "登記系統尚無憑證機構，請以 --trust 指定。"
                " The register has no authorities yet; name them with --trust."
            )
        with office.reading() as connection:
            anchors = roots(connection)
        # Whose key is gone no longer answers for what it issued, so it is not trusted here either.
        return (*anchors.values(), *(certificate_of(office, name) for name in serving(office)))
    finally:
        office.engine.dispose()

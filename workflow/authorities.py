"""The certification authorities at work: their certificates and keys, loaded once a process, and where they publish.

The demonstration's keys are encrypted software keys; loading one costs forty milliseconds, so it is done once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pki.ceremony import Authority, CeremonyPlan, hold_ceremony
from pki.keys import KeyKind, SoftwareSigner
from pki.orders import Addresses, Issuer
from pki.profiles import CLASS_3_ASSURANCE, TEST_ASSURANCE
from workflow.commands_of_performers import RecordAuthority
from workflow.crl_scope import partition_number
from workflow.facts import SYSTEM
from workflow.store import schema as t

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.office import Office

ROOT = "root"


@dataclass(frozen=True)
class Working:
    """An authority with its key."""

    name: str
    certificate: bytes
    issuer: Issuer
    signer: SoftwareSigner


def policy_oid(office: Office) -> str:
    """Return the certificate policy: a demonstration says that it is one."""
    return TEST_ASSURANCE if office.settings.test_assurance else CLASS_3_ASSURANCE


def crl_path(authority: str, partition: int) -> str:
    """Return the path under which a list is published; partition 0 is the complete one."""
    name = f"CRL_{partition:04d}.crl" if partition else "complete.crl"
    return f"/repository/{authority}/CRL2/{name}"


def bundle_path(authority: str) -> str:
    """Return the path of the bundle of certificates issued to an authority."""
    return f"/repository/{authority}/Certs/IssuedToThisCA.p7b"


OCSP_PATH = "/OCSP/ocsp"


def addresses(office: Office, authority: str, serial: int) -> Addresses:
    """Return the addresses written into a certificate: its partition's list first, then the complete one."""
    host = office.settings.repository_url
    partition = partition_number(serial)
    return Addresses(
        crl=(host + crl_path(authority, partition), host + crl_path(authority, 0)),
        ca_issuers=host + bundle_path(authority),
        ocsp=host + OCSP_PATH,
    )


def establish(office: Office, not_before: datetime) -> None:
    """Hold the demonstration's ceremony once: one root and a CA under it for each name. Later calls do nothing."""
    with office.reading() as connection:
        if connection.execute(sa.select(t.authority.c.id).where(t.authority.c.name == ROOT)).first():
            return
    root = SoftwareSigner.generate(KeyKind.RSA_4096)
    signers = {authority: SoftwareSigner.generate(KeyKind.RSA_2048) for authority in Authority}
    host = office.settings.repository_url
    plan = CeremonyPlan(
        not_before,
        Addresses(crl=(host + crl_path(ROOT, 0),), ca_issuers=host + bundle_path(ROOT)),
        policy=policy_oid(office),
    )
    hierarchy = hold_ceremony(plan, root, signers)
    for authority, signer in signers.items():
        _record(office, authority.name.lower(), hierarchy.authorities[authority], signer)
    # The root comes last: where it stands, all of them do.
    _record(office, ROOT, hierarchy.root, root)


def _record(office: Office, name: str, certificate: bytes, signer: SoftwareSigner) -> None:
    from workflow.handlers import handle  # The door imports the acts, which come here for the keys.

    sealed = signer.to_pkcs8(office.key_passphrase)
    handle(office, RecordAuthority(name=name, certificate=certificate, sealed_key=sealed), SYSTEM)


def certificate_of(office: Office, name: str) -> bytes:
    """Return an authority's certificate; LookupError before the ceremony."""
    with office.reading() as connection:
        query = sa.select(t.authority.c.certificate).where(t.authority.c.name == name)
        found = connection.execute(query).scalar()
    if found is None:
        raise LookupError(f"the authority {name} has not been established")
    return bytes(found)


def working(office: Office, name: str) -> Working:
    """Return an authority with its key."""
    certificate = certificate_of(office, name)
    with office.reading() as connection:
        query = sa.select(t.authority.c.sealed_key).where(t.authority.c.name == name)
        sealed = bytes(connection.execute(query).scalar_one())
    return Working(
        name, certificate, Issuer.from_certificate(certificate), _unlocked(sealed, office.key_passphrase)
    )


@cache
def _unlocked(sealed: bytes, passphrase: bytes) -> SoftwareSigner:
    return SoftwareSigner.from_pkcs8(sealed, passphrase)

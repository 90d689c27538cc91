"""The certification authorities at work: their certificates and keys, loaded once a process, and where they publish.

The demonstration's keys are encrypted software keys; loading one costs forty milliseconds, so it is done once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pki.activation import NOT_ACTIVATED
from pki.ceremony import Authority, CeremonyPlan, hold_ceremony
from pki.errors import KeyRefusedError
from pki.keys import KeyKind
from pki.orders import Addresses, Issuer
from pki.profiles import CLASS_3_ASSURANCE, TEST_ASSURANCE
from workflow.commands_of_authorities import EstablishAuthorities, NewAuthority
from workflow.crl_scope import partition_number
from workflow.errors import Refused, Unavailable, Words
from workflow.facts import SYSTEM
from workflow.store import schema as t
from workflow.store.roots import FIRST_ROOT
from workflow.vocabulary import AuthorityState, Ca

if TYPE_CHECKING:
    from datetime import datetime

    from pki.keys import Signer
    from pki.keystores import KeptKey
    from workflow.office import Office

A = t.authority.c
KEPT = (A.name, A.certificate, A.sealed_key, A.key_reference)
"""What `with_key` has to know of an authority's row."""
NOT_ACTIVATED_CODE = "authority.not_activated"


@dataclass(frozen=True)
class Working:
    """An authority with its key."""

    name: str
    certificate: bytes
    issuer: Issuer
    signer: Signer


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


def certificate_path(authority: str) -> str:
    """Return the path of an authority's own certificate, in DER."""
    return f"/repository/{authority}/Certs/{authority}.crt"


def link_path(subject: str, name: str, form: str = "crt") -> str:
    """Return the path of a link between roots, beside the certificate of the root that it certifies; in DER, or as PEM."""
    return f"/repository/{subject}/Certs/{name}.{form}"


OCSP_PATH = "/OCSP/ocsp"


def addresses(office: Office, authority: str, serial: int) -> Addresses:
    """Return the addresses in a certificate: its partition's list, the complete one, issuers, OCSP (CRL-07)."""
    host = office.settings.repository_url
    partition = partition_number(serial)
    return Addresses(
        crl=(host + crl_path(authority, partition), host + crl_path(authority, 0)),
        ca_issuers=host + bundle_path(authority),
        ocsp=host + OCSP_PATH,
    )


def root_addresses(office: Office, root: str) -> Addresses:
    """Return the addresses in what a root signs for authorities: its list, its bundle and the responder."""
    host = office.settings.repository_url
    return Addresses(
        crl=(host + crl_path(root, 0),), ca_issuers=host + bundle_path(root), ocsp=host + OCSP_PATH
    )


def establish(office: Office, not_before: datetime) -> None:
    """Hold the demonstration's ceremony once: one root and a CA under it for each name. Later calls do nothing.

    Refused("authority.needs_ceremony") where certificates are not of test assurance.
    """
    from workflow.handlers import handle  # The door imports the acts, which come here for the keys.

    if established(office):
        return
    if not office.settings.test_assurance:
        raise Refused("authority.needs_ceremony")
    keystore = office.keystore
    root = keystore.make(FIRST_ROOT, KeyKind.RSA_4096)
    kept = {authority: keystore.make(str(Ca[authority.name]), KeyKind.RSA_2048) for authority in Authority}
    plan = CeremonyPlan(not_before, root_addresses(office, FIRST_ROOT), policy=policy_oid(office))
    hierarchy = hold_ceremony(plan, root.signer, {one: key.signer for one, key in kept.items()})
    made = [
        _made(str(Ca[one.name]), hierarchy.authorities[one], key, Ca[one.name]) for one, key in kept.items()
    ]
    made.append(_made(FIRST_ROOT, hierarchy.root, root))
    try:
        handle(office, EstablishAuthorities(authorities=tuple(made)), SYSTEM)
    except Refused:
        # Somebody else was quicker; nobody would ever know of these keys.
        for one in made:
            keystore.destroy(one.key_reference)
        if not established(office):
            raise


def established(office: Office) -> bool:
    """Tell whether the ceremony was held."""
    with office.asking() as connection:
        return connection.execute(sa.select(A.id).where(A.name == FIRST_ROOT)).first() is not None


def current(office: Office, ca: Ca) -> str:
    """Return the name of the authority that issues for a CA now; Unavailable where none does.

    A CA has one for each generation of its key: `gca`, then `gca-g2` … (RV2-09). Only one of them issues.
    """
    with office.asking() as connection:
        found = connection.execute(_issues_for(ca, A.name)).scalar()
    if found is None:
        raise Unavailable("authority.not_issued", ca=Words(ca.zh, ca.en))
    return str(found)


def _issues_for(ca: Ca, *columns: Any) -> sa.Select[Any]:
    active = A.state == str(AuthorityState.ACTIVE)
    return sa.select(*columns).where(A.ca == str(ca), active).order_by(A.generation.desc()).limit(1)


def is_destroyed(office: Office, name: str) -> bool:
    """Tell whether an authority's key is gone for ever and none of its CA's other keys is there to be asked."""
    with office.asking() as connection:
        state = connection.execute(sa.select(A.state).where(A.name == name)).scalar()
    return state == str(AuthorityState.DESTROYED) and not (name in tuple(Ca) and serving(office, Ca(name)))


def serving(office: Office, ca: Ca | None = None) -> tuple[str, ...]:
    """Return the names of the issuing authorities, of one CA or of all, that still sign lists and OCSP answers.

    Those are all whose key was not destroyed, by CA and generation; roots are not among them.
    """
    query = sa.select(A.name, A.ca).where(A.ca.is_not(None), A.state != str(AuthorityState.DESTROYED))
    if ca is not None:
        query = query.where(A.ca == str(ca))
    with office.asking() as connection:
        rows = connection.execute(query.order_by(A.generation)).all()
    order = tuple(Ca)
    return tuple(row.name for row in sorted(rows, key=lambda row: order.index(Ca(row.ca))))


def _made(name: str, certificate: bytes, key: KeptKey, ca: Ca | None = None) -> NewAuthority:
    return NewAuthority(
        name=name, certificate=certificate, ca=ca, sealed_key=key.sealed, key_reference=key.reference
    )


def certificate_of(office: Office, name: str) -> bytes:
    """Return an authority's certificate; LookupError before the ceremony."""
    with office.asking() as connection:
        query = sa.select(A.certificate).where(A.name == name)
        found = connection.execute(query).scalar()
    if found is None:
        raise LookupError(f"the authority {name} has not been established")
    return bytes(found)


def working(office: Office, name: str) -> Working:
    """Return an authority with its key; LookupError for none of that name, or for one whose key was destroyed.

    Raises Unavailable when the key is kept where it can't be reached now.
    """
    with office.asking() as connection:
        kept = connection.execute(sa.select(*KEPT).where(A.name == name)).first()
    if kept is None:
        raise LookupError(f"the authority {name} has not been established")
    return with_key(office, kept)


def issuing_now(office: Office, ca: Ca) -> Working:
    """Return the authority that issues for a CA now, with its key; raises what `current` and `working` raise."""
    with office.asking() as connection:
        kept = connection.execute(_issues_for(ca, *KEPT)).first()
    if kept is None:
        raise Unavailable("authority.not_issued", ca=Words(ca.zh, ca.en))
    return with_key(office, kept)


def with_key(office: Office, kept: Any) -> Working:
    """Return the authority of a row with the columns `KEPT`; raises what `working` raises."""
    if kept.sealed_key is None and kept.key_reference is None:
        raise LookupError(f"the key of the authority {kept.name} is not here")
    sealed = bytes(kept.sealed_key) if kept.sealed_key is not None else None
    try:
        signer = office.keystore.open(sealed, kept.key_reference)
    except KeyRefusedError as error:
        if error.code == NOT_ACTIVATED:
            raise Unavailable(NOT_ACTIVATED_CODE) from error
        raise Unavailable("authority.key_unavailable", authority=kept.name, detail=error.message) from error
    certificate = bytes(kept.certificate)
    return Working(kept.name, certificate, _issuer(certificate), signer)


# A process meets few authorities, and each of them in every batch.
@lru_cache(maxsize=64)
def _issuer(certificate: bytes) -> Issuer:
    return Issuer.from_certificate(certificate)

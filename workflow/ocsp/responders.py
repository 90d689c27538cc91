"""The responders' short-lived certificates: who may answer for which authority, and who sees to the next one (CRL-06).

Each authority that can sign delegates a key of the responder's own, for a week. At half its life any process may make
the next: it goes through the one door, which takes it only if nobody was quicker, so that processes and machines may
all try. A root that is offline can't renew by itself: its responder's certificate, made at a ceremony, is recorded
with `RecordAuthority` under the name `ocsp:root` and serves until it ends.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from pki.certificates import read_certificate
from pki.errors import KeyRefusedError, PkiError
from pki.issuing import new_serial, prepare, serial_text, sign
from pki.keys import KeyKind
from pki.names import EXECUTIVE_YUAN, Subject, read_name
from pki.ocsp import Responder
from pki.orders import CertificateOrder
from pki.profiles import OCSP_RESPONDER
from workflow.authorities import working
from workflow.commands_of_performers import IntendResponderKey, RenewResponder
from workflow.errors import Refused, RegistryError, Unavailable
from workflow.facts import SYSTEM
from workflow.key_intents import clear, cleared_unless_kept, intents_of
from workflow.ocsp.answering import Desk
from workflow.policies.key_work import KEY_IS_MADE_WITHIN
from workflow.store import schema as t
from workflow.store.roots import is_root
from workflow.vocabulary import AuthorityState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pki.keys import Signer
    from pki.keystores import KeptKey
    from workflow.authorities import Working
    from workflow.office import Office

log = logging.getLogger("guanfang.ocsp")
PREFIX = "ocsp:"
_Kept: TypeAlias = tuple[bytes, bytes | None, str | None]
"""A certificate, and its key as encrypted PKCS#8 or as a reference into a token."""
# A minute's grace for relying parties whose clocks are slow.
GRACE = timedelta(minutes=1)


def keep_desk(office: Office) -> Desk:
    """Return the responders of all authorities, after renewing those that are past half their life.

    What can't be renewed now is logged and serves on until it ends.
    """
    now = office.clock.now()
    stored = _stored(office)
    issuers = {name: row[0] for name, row in stored.items() if not name.startswith(PREFIX)}
    gone = _destroyed(office)
    due = [
        name
        for name in issuers
        if name not in gone and _is_due(stored.get(PREFIX + name), issuers[name], now)
    ]
    for name in due:
        _try_to_renew(office, name, now)
    stored = _stored(office) if due else stored
    responders = {
        name: made
        for name in issuers
        if PREFIX + name in stored
        and _is_of(stored[PREFIX + name][0], issuers[name], now)
        and (made := _opened(office, stored[PREFIX + name], issuers[name])) is not None
    }
    return Desk(issuers, responders, gone)


def _stored(office: Office) -> Mapping[str, _Kept]:
    """Return certificates and sealed keys of authorities and responders by name, the CAs before the root.

    An authority whose key is in a token, or destroyed, has no sealed key; what it issued is asked about all the same.
    """
    a = t.authority.c
    with office.reading() as connection:
        rows = connection.execute(
            sa.select(a.name, a.certificate, a.sealed_key, a.key_reference).order_by(a.id)
        ).all()
    return {
        row.name: (
            bytes(row.certificate),
            bytes(row.sealed_key) if row.sealed_key else None,
            row.key_reference,
        )
        for row in rows
    }


def _destroyed(office: Office) -> frozenset[str]:
    """Return the authorities whose keys are gone, so that nobody can answer for them any more."""
    a = t.authority.c
    query = sa.select(a.name).where(a.state == str(AuthorityState.DESTROYED))
    with office.reading() as connection:
        return frozenset(connection.execute(query).scalars())


def _is_due(stored: _Kept | None, issuer: bytes, now: datetime) -> bool:
    """Tell whether a responder is missing, of another CA key, or past half its life."""
    if stored is None or not _is_of(stored[0], issuer, now):
        return True
    fields = read_certificate(stored[0])
    return now >= fields.not_before + (fields.not_after - fields.not_before) / 2


def _is_of(certificate: bytes, issuer: bytes, now: datetime) -> bool:
    fields = read_certificate(certificate)
    same = fields.authority_key_identifier == read_certificate(issuer).subject_key_identifier
    return same and fields.not_before <= now < fields.not_after


def _opened(office: Office, kept: _Kept, issuer: bytes) -> Responder | None:
    """Return a responder whose key can be reached; without it whoever asks has to try later."""
    certificate, sealed, reference = kept
    try:
        return _responder(office.keystore.open(sealed, reference), certificate, issuer)
    except KeyRefusedError as error:
        log.warning("responder's key not reached", extra={"reason": error.code})
        return None


@cache
def _responder(signer: Signer, certificate: bytes, issuer: bytes) -> Responder:
    return Responder(signer, certificate, issuer)


def _try_to_renew(office: Office, authority: str, now: datetime) -> None:
    try:
        renew(office, authority, now)
    except (LookupError, PkiError, RegistryError) as error:
        log.warning("responder not renewed", extra={"authority": authority, "reason": type(error).__name__})


def renew(office: Office, authority: str, now: datetime) -> None:
    """Make an authority's next responder key and certificate and record them, unless somebody else just has."""
    from workflow.handlers import handle  # The door imports the acts, which come here for the keys.

    ca = working(office, authority)
    replaced = _stored(office).get(PREFIX + authority)
    replaces = sha256(replaced[0]).hexdigest() if replaced else ""
    serial = new_serial()
    intent = IntendResponderKey(authority=authority, serial=serial_text(serial), replaces=replaces)
    intended = handle(office, intent, SYSTEM)
    if intended.created_id is None:
        return
    with cleared_unless_kept(office, intended.created_id):
        key = office.keystore.make(str(intended.number), KeyKind.RSA_2048)
        command = RenewResponder(
            authority=authority,
            intent=intended.created_id,
            certificate=_certified(office, ca, key, serial, now),
            sealed_key=key.sealed,
            key_reference=key.reference,
            replaces=replaces,
        )
        handle(office, command, SYSTEM)
    _try_to_clean_up(office, authority, replaced[2] if replaced else None, now)


def _certified(office: Office, ca: Working, key: KeptKey, serial: int, now: datetime) -> bytes:
    issued_from = ca.issuer.fields.not_before if ca.issuer.fields else now
    subject = Subject(
        organisation=EXECUTIVE_YUAN,
        units=_units(office, ca),
        common_name=f"{ca.name.upper()} OCSP",
    )
    start = max(now - GRACE, issued_from)
    order = CertificateOrder(OCSP_RESPONDER, subject, key.signer.spki_der, serial, start)
    prepared = prepare(order, ca.issuer)
    return sign(prepared.tbs_der, prepared.tbs_sha256, ca.issuer, ca.signer)


def _try_to_clean_up(office: Office, authority: str, replaced: str | None, now: datetime) -> None:
    """Clean up, or say in the log that the keys stay until the next renewal: the responder itself is renewed."""
    try:
        _clean_up(office, authority, replaced, now)
    except (PkiError, RegistryError) as error:
        facts = {"authority": authority, "reason": type(error).__name__}
        log.warning("responder renewed, old keys not cleared away", extra=facts)


def _clean_up(office: Office, authority: str, replaced: str | None, now: datetime) -> None:
    """Destroy keys that no responder of the authority needs: the one before the last, and what was made for nothing.

    Other processes may answer with the key that was replaced until they look again. What lies there is asked first and
    what it is afterwards, so that a key that is made meanwhile is not taken for one that nobody knows.
    """
    keystore = office.keystore
    lying = keystore.references(PREFIX + authority)
    with office.reading() as connection:
        unfinished = intents_of(connection, PREFIX + authority)
    keep = {replaced, (_stored(office).get(PREFIX + authority) or (b"", None, None))[2]}
    for one in unfinished:
        keep.update(keystore.references(one.label))
    for reference in lying:
        if reference not in keep:
            keystore.destroy(reference)
    for one in unfinished:
        if one.at < now - KEY_IS_MADE_WITHIN:
            with suppress(Refused, Unavailable):
                clear(office, one.id)


def _units(office: Office, ca: Working) -> tuple[str, ...]:
    """Return the units in a responder's name: its issuer's. A demonstration's root has none, and its responder says what it is."""
    if is_root(ca.name) and office.settings.test_assurance:
        return ("(示範) 憑證總管理中心",)
    return read_name(ca.issuer.name_der).units

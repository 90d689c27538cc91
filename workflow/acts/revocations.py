"""Revocation by serial: for a certificate that was signed and never recorded, as for any other (design 3.4, ROL-02).

OCSP and CRL both answer from the row of the serial, so a row is all that it takes; one whose certificate is not known
at all says no more than serial, reason and time, and stays on the list as long as its issuer lives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.canonical import canonical_json
from pki.certificates import read_certificate
from workflow.acts.accounts import actor_of
from workflow.acts.act import Act
from workflow.authorities import certificate_of, current, serving
from workflow.commands_of_requests import RevokeSerial
from workflow.deeds import deed, roles_in_words
from workflow.effects import notice
from workflow.errors import BadInput, FieldProblem, NotAllowed, NotFound, Refused
from workflow.outcome import Outcome
from workflow.store import schema as t
from workflow.store.crl_entries import follow_up
from workflow.store.outbox import crl_row, outbox_row
from workflow.vocabulary import CertificateStatus, RevocationReason, Role

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.facts import Actor
    from workflow.office import Office
    from workflow.store.unit_of_work import UnitOfWork

C = t.certificate.c
OFFICER = frozenset({Role.SECOND_REVIEWER})
SERIAL = re.compile(r"[0-9a-f]{1,40}")
DIGITS = 32
# A hold can be lifted again and a lapse is counted by a deadline: neither is what a person revokes for.
REASONS = tuple(
    reason
    for reason in RevocationReason
    if reason not in {RevocationReason.CERTIFICATE_HOLD, RevocationReason.NOT_ACTIVATED}
)


@dataclass(frozen=True)
class _Signed:
    """The statement that both people signed, and until when a certificate of the issuer can live at most."""

    serial: str
    statement: str
    persons: tuple[int, int]
    signatures: tuple[str, str]
    issuer: str | None
    issuer_ends: datetime | None
    ca: str | None = None


def canonical_serial(text: str) -> str:
    """Return a serial in its one form, 32 lower-case hexadecimal digits; BadInput for what is none."""
    plain = text.strip().lower().removeprefix("0x").replace(":", "").replace(" ", "")
    if not SERIAL.fullmatch(plain) or not int(plain, 16):
        raise BadInput(
            FieldProblem(
                "serial",
                "serial",
                "憑證序號為十六進位數字，例如 3f2a…（最多 40 位），請核對後重新輸入。",
                "A serial is written in hexadecimal digits, 40 at most, such as 3f2a…; please check it.",
            )
        )
    return f"{int(plain, 16):0{DIGITS}x}"


def _prepare(office: Office, command: RevokeSerial, actor: Actor) -> _Signed:
    serial = canonical_serial(command.serial)
    if command.reason not in REASONS:
        raise BadInput(
            FieldProblem(
                "reason", "choice", "請選擇可用的廢止事由。", "Choose one of the reasons for revocation."
            )
        )
    if not command.note.strip():
        raise Refused("case.reason_missing")
    with office.reading() as connection:
        a = t.account.c
        ids = (actor.account_id, command.second_account)
        rows: dict[int | None, Any] = {
            row.id: row
            for row in connection.execute(sa.select(t.account).where(a.id.in_(ids), a.active.is_(True)))
        }
    if any(one not in rows for one in ids):
        raise NotAllowed("access.denied", role="—", action=deed("RevokeSerial"))
    people = [actor_of(rows[one]) for one in ids]
    for one in people:
        if not one.roles & OFFICER:
            raise NotAllowed("access.denied", role=roles_in_words(one.roles), action=deed("RevokeSerial"))
    if people[0].person_id == people[1].person_id:
        raise Refused("case.four_eyes")
    persons = (int(people[0].person_id or 0), int(people[1].person_id or 0))
    statement = canonical_json(
        {
            "revoke": serial,
            "ca": str(command.ca) if command.ca else None,
            "authority": command.authority,
            "reason": str(command.reason),
            "note": command.note.strip(),
            "persons": list(persons),
            "at": office.clock.now().isoformat(),
        }
    )
    try:
        first, second = (
            office.statements.sign(rows[one].signing_key, password, statement).hex()
            for one, password in zip(ids, command.passwords, strict=True)
        )
    except ValueError as error:
        raise NotAllowed("decision.password_wrong") from error
    issuer, ca = _issuer(office, command)
    ends = read_certificate(certificate_of(office, issuer)).not_after if issuer else None
    return _Signed(serial, statement.decode(), persons, (first, second), issuer, ends, ca)


def _issuer(office: Office, command: RevokeSerial) -> tuple[str | None, str | None]:
    """Return the authority and its CA that a serial on no record is said to be of."""
    if command.authority is None:
        if command.ca is None:
            return None, None
        # A CA that issues no more still revokes, with the newest of its keys that signs lists.
        newest = serving(office, command.ca)[-1:]
        return (newest[0] if newest else current(office, command.ca)), str(command.ca)
    a = t.authority.c
    with office.reading() as connection:
        ca = connection.execute(sa.select(a.ca).where(a.name == command.authority)).scalar()
    if ca is None or (command.ca is not None and ca != str(command.ca)):
        raise NotFound("authority.not_found", name=command.authority)
    return command.authority, str(ca)


def _revoke(work: UnitOfWork, command: RevokeSerial, actor: Actor, signed: _Signed) -> Outcome:
    row = _found(work, command, signed)
    if row is not None and row.status == str(CertificateStatus.REVOKED):
        raise Refused("certificate.revoked_already", serial=signed.serial)
    revoked = {
        "status": str(CertificateStatus.REVOKED),
        "reason": str(command.reason),
        "status_at": work.now,
    }
    if row is not None:
        work.connection.execute(
            sa.update(t.certificate)
            .where(C.id == row.id)
            .values(status_version=C.status_version + 1, **revoked)
        )
        certificate_id, ca, recorded = row.id, str(row.ca), row.der is not None
    else:
        assert signed.ca is not None and signed.issuer_ends is not None  # noqa: S101, PT018 - _found refused else.
        ca, recorded = signed.ca, False
        certificate_id = work.insert(t.certificate, **_unknown(work, ca, signed), **revoked)
    follow_up(work.connection, [certificate_id], work.now)
    work.ask([crl_row(ca, work.now, work.office.wall.now())])
    said = {
        "serial": signed.serial,
        "ca": ca,
        "reason": str(command.reason),
        "note": command.note,
        "recorded": recorded,
        "statement": signed.statement,
        "signatures": list(signed.signatures),
    }
    work.audit("serial_revoked", actor, said)
    if row is not None and recorded and row.case_id is not None:
        _tell_holder(work, command, signed.serial, row.case_id, ca)
    return Outcome()


@dataclass(frozen=True, slots=True)
class _Case:
    """The case whose contact is told; it is not locked, since nothing of it changes."""

    id: int
    ca: str


def _tell_holder(work: UnitOfWork, command: RevokeSerial, serial: str, case_id: int, ca: str) -> None:
    """Ask for the notice that a CA owes the holder whose certificate it revoked, with the reason (REV-08, NTC-04)."""
    reason = f"{command.reason.zh} {command.reason.en}：{command.note.strip()}"
    do, case = notice("revoked_by_ca"), _Case(case_id, ca)
    work.ask([outbox_row(case, do, {"serial": serial, "reason": reason}, work.now, work.office.wall.now())])


def _found(work: UnitOfWork, command: RevokeSerial, signed: _Signed) -> Any:
    """Return the serial's row under its lock; None for one on no record, which only a named CA can be told to revoke.

    Serials are random, so two rows have one only where somebody named the wrong CA before, and no guess is as good.
    """
    query = sa.select(C.id, C.ca, C.status, C.der, C.case_id).where(C.serial == signed.serial)
    if command.authority is not None:
        query = query.where(C.authority == command.authority)
    elif command.ca is not None:
        query = query.where(C.ca == str(command.ca))
    rows = work.connection.execute(query.order_by(C.id).with_for_update()).all()
    if not rows and signed.ca is None:
        raise NotFound("certificate.not_found", serial=signed.serial)
    if len(rows) > 1:
        raise Refused("certificate.serial_of_several", serial=signed.serial)
    return rows[0] if rows else None


def _unknown(work: UnitOfWork, ca: str, signed: _Signed) -> dict[str, Any]:
    """Return the row of a certificate of which nothing is known but its serial."""
    return {
        "ca": ca,
        "authority": signed.issuer,
        "serial": signed.serial,
        "purpose": "unknown",
        "status_version": 1,
        "tbs": b"",
        "tbs_sha256": "",
        # No key is known, and the column wants each its own.
        "spki_sha256": f"unknown:{ca}:{signed.serial}",
        "subject": "",
        "not_before": work.now,
        "not_after": signed.issuer_ends,
        "created_at": work.now,
    }


ACTS = (Act(RevokeSerial, _revoke, OFFICER, _prepare),)

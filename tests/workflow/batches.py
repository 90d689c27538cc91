"""Batches of signing requests for tests: real keys and requests, made once, and hands that bring a batch to a state."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from pki.keys import SoftwareSigner
from tests.workflow.registry import START
from workflow import authorities
from workflow import commands_of_requests as r
from workflow.commands_of_authorities import EstablishAuthorities, NewAuthority
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.performers import perform_next
from workflow.store import outbox
from workflow.store import schema as t
from workflow.store.sealing import seal
from workflow.vocabulary import Ca, Lane, Role

if TYPE_CHECKING:
    from tests.workflow.registry import Registry
    from workflow.office import Office

CONTACT = {"contact_name": "陳聯絡", "contact_email": "c@example.tw", "contact_phone": "02-1"}
PROFILE = "foundation_non_card_signature"
_ceremony: list[Any] = []


def establish(office: Office) -> None:
    """Hold the ceremony once a run, and give the same authorities to every registry after the first."""
    if not _ceremony:
        authorities.establish(office, START)
        with office.reading() as connection:
            rows = connection.execute(sa.select(t.authority).order_by(t.authority.c.id)).all()
        _ceremony.append(office.key_passphrase)
        _ceremony.extend((row.name, row.certificate, row.sealed_key, row.ca) for row in rows)
        return
    passphrase, *records = _ceremony
    made = []
    for name, certificate, sealed, ca in records:
        own = sealed
        if office.key_passphrase != passphrase:
            own = SoftwareSigner.from_pkcs8(sealed, passphrase).to_pkcs8(office.key_passphrase)
        made.append(NewAuthority(name, certificate, Ca(ca) if ca else None, sealed_key=own))
    handle(office, EstablishAuthorities(authorities=tuple(made)), SYSTEM)


def work_certificates(office: Office) -> None:
    """Do as the worker does in the lane of certificates, with the log sealed."""
    seal(office)
    outbox.release(office, "batches")
    while perform_next(office, Lane.CERTIFICATE, "batches"):
        pass


@cache
def key(number: int) -> Any:
    """Return the n-th holder's key; every registry gets the same, for RSA keys are slow to make."""
    return ec.generate_private_key(ec.SECP256R1()) if number % 2 else rsa.generate_private_key(65537, 2048)


@cache
def csr(number: int, *, pem: bool = False) -> bytes:
    """Return a signing request of the n-th key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"key {number}")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key(number), hashes.SHA256())
    return made.public_bytes(Encoding.PEM if pem else Encoding.DER)


def items(*numbers: int) -> tuple[r.RequestedItem, ...]:
    return tuple(r.RequestedItem(label=f"key-{number}.csr", csr=csr(number)) for number in numbers)


def submission(registry: Registry, *requests: r.RequestedItem, **values: Any) -> r.SubmitCertificateRequest:
    ca = values.get("ca", Ca.XCA)
    oid = values.pop("oid", None)
    if oid is None:
        organisation = registry.organisation(ca)
        oid = registry.rows(t.organisation, t.organisation.c.id == organisation)[0].oid
    fields = {
        "ca": ca, "profile": PROFILE, "organisation_oid": oid, "items": requests or items(0, 1), "contact": CONTACT,
    }  # fmt: skip
    return r.SubmitCertificateRequest(**(fields | values))


class Batches:
    """A registry with authorities, two officers and a desk that submits."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        establish(registry.office)
        self.first, self.second = registry.officer, registry.account(Role.SECOND_REVIEWER)

    def submit(self, *requests: r.RequestedItem, **values: Any) -> int:
        command = submission(self.registry, *requests, **values)
        return int(self.registry.do(command, self.registry.desk).case_id or 0)

    def work(self) -> None:
        """Do as the worker does, in one lane."""
        work_certificates(self.registry.office)

    def examined(self, *requests: r.RequestedItem, **values: Any) -> int:
        case_id = self.submit(*requests, **values)
        self.work()
        return case_id

    def approve(self, case_id: int) -> None:
        self.registry.decide(r.ApproveRequest, case_id, self.first)

    def confirm(self, case_id: int) -> None:
        self.registry.decide(r.ConfirmRequest, case_id, self.second)

    def approved(self, *requests: r.RequestedItem, **values: Any) -> int:
        case_id = self.examined(*requests, **values)
        self.approve(case_id)
        self.confirm(case_id)
        return case_id

    def issued(self, *requests: r.RequestedItem, **values: Any) -> int:
        case_id = self.approved(*requests, **values)
        self.work()
        return case_id

    def items(self, case_id: int) -> list[Any]:
        case = self.registry.case(case_id)
        i = t.request_item.c
        return self.registry.rows(t.request_item, i.case_id == case_id, i.revision == case.revision)

    def certificates(self, case_id: int) -> list[Any]:
        return self.registry.rows(t.certificate, t.certificate.c.case_id == case_id)

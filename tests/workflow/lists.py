"""A registry of one authority whose certificates change, and a look at the lists that it publishes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography import x509

from pki.ceremony import Authority, CeremonyPlan, hold_ceremony
from pki.keys import KeyKind, SoftwareSigner
from pki.ocsp import NotRevoked, Revoked
from pki.orders import Addresses
from tests.workflow.registry import START, Registry
from workflow.commands_of_authorities import EstablishAuthorities, NewAuthority
from workflow.commands_of_performers import PublishCrl
from workflow.crl_scope import PARTITIONS
from workflow.facts import SYSTEM
from workflow.ocsp.statuses import meaning, reader
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.store.unit_of_work import transaction
from workflow.vocabulary import Ca, CertificateStatus, Lane, StatusChange

XCA = str(Ca.XCA)
SCOPES = range(PARTITIONS + 1)


@cache
def ceremony() -> tuple[SoftwareSigner, bytes]:
    """Return the key and the certificate of the authority that every registry here has."""
    signers = {authority: SoftwareSigner.generate(KeyKind.RSA_2048) for authority in Authority}
    addresses = Addresses(crl=("http://crl.example/root.crl",), ca_issuers="http://crl.example/root.p7b")
    plan = CeremonyPlan(START - timedelta(days=1), addresses)
    hierarchy = hold_ceremony(plan, SoftwareSigner.generate(KeyKind.P384), signers)
    return signers[Authority.XCA], hierarchy.authorities[Authority.XCA]


class Lists(Registry):
    """A registry with one authority, certificates whose statuses a test changes, and a look at the lists."""

    def __init__(self, url: str, passphrase: bytes = b"only for tests") -> None:
        super().__init__(url)
        self.office = replace(self.office, key_passphrase=passphrase)
        signer, certificate = ceremony()
        sealed = signer.to_pkcs8(self.office.key_passphrase)
        made = NewAuthority(XCA, certificate, Ca.XCA, sealed_key=sealed)
        self.do(EstablishAuthorities(authorities=(made,)), SYSTEM)
        self._case = self.submit(Ca.XCA)

    def certificate(self, serial: int, **values: Any) -> int:
        """Put a certificate in force, with a case of its own; returns the number of the case."""
        row = dict(self.case(self._case)._mapping)
        row |= {"id": None, "number": f"{serial:025d}", "state": "activated", "organisation_id": None}
        case_id = self.insert(t.case, **{name: value for name, value in row.items() if name != "id"})
        now = self.clock.now()
        certificate = {
            "ca": XCA, "authority": XCA, "serial": f"{serial:032x}", "case_id": case_id, "purpose": "signature", "tbs": b"", "der": b"",
            "status": str(CertificateStatus.VALID), "tbs_sha256": "", "spki_sha256": f"{serial:x}", "subject": "",
            "not_before": now, "not_after": now + timedelta(days=365), "status_at": now, "created_at": now,
        }  # fmt: skip
        self.insert(t.certificate, **(certificate | values))
        return case_id

    def change(self, change: StatusChange, *case_ids: int) -> None:
        with transaction(self.office) as work:
            for case_id in case_ids:
                work.change_certificates(case_id, change, "card_spoiled")

    def publish(self, *, whole: bool = True) -> int | None:
        return self.do(PublishCrl(authority=XCA, whole=whole), SYSTEM).created_id

    def newest(self, partition: int = 0) -> x509.CertificateRevocationList:
        r = t.crl.c
        row = max(self.rows(t.crl, r.authority == XCA, r.partition == partition), key=lambda one: one.number)
        return x509.load_der_x509_crl(row.der)

    def says(self, partition: int = 0) -> dict[int, tuple[str | None, Any]]:
        """Return what a list says: reason and date by serial."""
        return {
            one.serial_number: (reason_of(one), one.revocation_date_utc) for one in self.newest(partition)
        }

    def statuses(self) -> dict[int, Any]:
        """Return what OCSP says of each certificate that is not good."""
        found = {}
        serials = [int(row.serial, 16) for row in self.rows(t.certificate)]
        with reader(self.engine) as statuses:
            rows = statuses.read({XCA: serials})
        for serial in serials:
            answer = meaning(rows[XCA, serial])
            if answer is not NotRevoked.GOOD:
                assert isinstance(answer, Revoked)
                reason = None if not answer.reason else answer.reason.name.lower()
                found[serial] = (reason, answer.at.replace(microsecond=0))
        return found

    def work(self) -> int:
        """Carry out the waiting publications; returns how many."""
        done = 0
        while perform_next(self.office, Lane.CERTIFICATE, "tested"):
            done += 1
        return done


def reason_of(one: x509.RevokedCertificate) -> str | None:
    try:
        return one.extensions.get_extension_for_class(x509.CRLReason).value.reason.name
    except x509.ExtensionNotFound:
        return None


def number_of(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

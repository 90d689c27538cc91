"""A registry whose CAs get new keys, and OpenSSL as the relying party that looks at what both generations say."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography import x509

from pki.keys import KeyKind
from tests.workflow import batches
from tests.workflow.people import hands, key_workers
from tests.workflow.registry import PASSWORD
from workflow import ocsp
from workflow.authorities import certificate_of
from workflow.commands_of_performers import PublishCrl
from workflow.commands_of_requests import RevokeSerial
from workflow.facts import SYSTEM
from workflow.rollover import planned, roll_over
from workflow.store import schema as t
from workflow.store.roots import FIRST_ROOT
from workflow.vocabulary import Ca, RevocationReason, Role

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workflow.registry import Registry
    from workflow.commands_of_authorities import NewAuthority


@dataclass
class Generations:
    """A registry with authorities, and the people of ROL-02."""

    registry: Registry
    people: tuple[Any, ...] = ()
    house: batches.Batches = field(init=False)

    def __post_init__(self) -> None:
        self.house = batches.Batches(self.registry)
        self.people = key_workers(self.registry)

    def roll_over(self, ca: Ca = Ca.XCA) -> NewAuthority:
        office = self.registry.office
        return roll_over(office, planned(office, ca, KeyKind.P256), hands(*self.people), self.people[0])

    def issued(self, *numbers: int) -> list[Any]:
        return self.house.certificates(self.house.issued(*batches.items(*numbers)))

    def revoke(self, row: Any) -> None:
        first, second = self.registry.officer, self.registry.account(Role.SECOND_REVIEWER)
        command = RevokeSerial(
            serial=row.serial, ca=Ca(row.ca), reason=RevocationReason.KEY_COMPROMISE, note="外洩",
            second_account=second.account_id, passwords=(PASSWORD, PASSWORD),
        )  # fmt: skip
        self.registry.do(command, first)

    def newest_list(self, authority: str) -> x509.CertificateRevocationList:
        r = t.crl.c
        rows = self.registry.rows(t.crl, r.authority == authority, r.partition == 0)
        return x509.load_der_x509_crl(max(rows, key=lambda row: row.number).der)

    def publish(self, *names: str) -> None:
        for name in names:
            self.registry.do(PublishCrl(authority=name), SYSTEM)


@dataclass(frozen=True)
class OpenSsl:
    """OpenSSL with the root's certificate, at the registry's time."""

    registry: Registry
    folder: Path

    def verify(self, row: Any, authority: str, crl: x509.CertificateRevocationList) -> str:
        """Verify a certificate up to the root with the authority's list (RFC 5280 §6)."""
        from cryptography.hazmat.primitives.serialization import Encoding

        (self.folder / "list.pem").write_bytes(crl.public_bytes(Encoding.PEM))
        return self._run(
            "verify", "-crl_check", "-CAfile", self._certificate(FIRST_ROOT), "-untrusted", self._certificate(authority),
            "-CRLfile", "list.pem", self._put("leaf.pem", row.der),
        )  # fmt: skip

    def ask(self, row: Any, authority: str) -> str:
        """Ask the registry's responder, and let OpenSSL check and read the answer (RFC 6960)."""
        ca, leaf = self._certificate(authority), self._put("leaf.pem", row.der)
        self._run("ocsp", "-issuer", ca, "-cert", leaf, "-reqout", "question.der")
        answer = ocsp.answer(self.registry.office, (self.folder / "question.der").read_bytes())
        (self.folder / "answer.der").write_bytes(answer.der)
        return self._run(
            "ocsp", "-respin", "answer.der", "-issuer", ca, "-cert", leaf, "-CAfile", self._certificate(FIRST_ROOT),
            "-verify_other", ca, "-no_nonce",
        )  # fmt: skip

    def verify_all(self, row: Any, authority: str, crls: list[x509.CertificateRevocationList]) -> str:
        """Verify a certificate up to the root, and the status of each certificate of the chain."""
        from cryptography.hazmat.primitives.serialization import Encoding

        (self.folder / "lists.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in crls))
        return self._run(
            "verify", "-crl_check_all", "-CAfile", self._certificate(FIRST_ROOT), "-untrusted", self._certificate(authority),
            "-CRLfile", "lists.pem", self._put("leaf.pem", row.der),
        )  # fmt: skip

    def ask_about_authority(self, authority: str) -> str:
        """Ask the root's responder about an authority's certificate."""
        from types import SimpleNamespace

        der = certificate_of(self.registry.office, authority)
        return self.ask(SimpleNamespace(der=der), FIRST_ROOT)

    def _certificate(self, name: str) -> str:
        return self._put(f"{name}.pem", certificate_of(self.registry.office, name))

    def _put(self, name: str, der: bytes) -> str:
        (self.folder / name).write_text(ssl.DER_cert_to_PEM_cert(bytes(der)))
        return name

    def _run(self, command: str, *arguments: str) -> str:
        at = str(int(self.registry.clock.now().timestamp()) + 60)
        timed = [] if "-reqout" in arguments else ["-attime", at]
        done = subprocess.run(
            ["openssl", command, *timed, *arguments], capture_output=True, cwd=self.folder, text=True, check=False
        )  # fmt: skip
        return done.stdout + done.stderr

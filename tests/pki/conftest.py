"""Builders for the pki room: a small hierarchy made once, and orders with sensible defaults."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pki.ceremony import Authority, CeremonyPlan, Hierarchy, hold_ceremony
from pki.issuing import new_serial, prepare, sign
from pki.keys import KeyKind, SoftwareSigner
from pki.names import organisation
from pki.ocsp import Responder
from pki.orders import Addresses, CertificateOrder, Issuer
from pki.profiles import OCSP_RESPONDER, PROFILES
from pki.rehearsal import sample_order, sample_subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.names import Subject

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PARTITION_URL = "http://crl.example/repository/XCA/CRL2/CRL_0002.crl"
COMPLETE_URL = "http://crl.example/repository/XCA/CRL2/complete.crl"
ADDRESSES = Addresses(
    (PARTITION_URL, COMPLETE_URL),
    "http://crl.example/repository/Certs/IssuedToThisCA.p7b",
    "http://ocsp.example/OCSP/ocsp",
)
SUBJECTS = {"school_signature": organisation("國立示範高級中學", "新竹縣", "竹東鎮")}


@dataclass(frozen=True)
class World:
    """A root, three authorities and their signers."""

    hierarchy: Hierarchy
    root_signer: SoftwareSigner
    signers: dict[Authority, SoftwareSigner]

    def issuer(self, authority: Authority = Authority.XCA) -> Issuer:
        return Issuer.from_certificate(self.hierarchy.authorities[authority])

    @property
    def xca(self) -> bytes:
        return self.hierarchy.authorities[Authority.XCA]

    @property
    def xca_signer(self) -> SoftwareSigner:
        return self.signers[Authority.XCA]

    def issue(self, order: CertificateOrder, authority: Authority = Authority.XCA) -> bytes:
        issuer = self.issuer(authority)
        prepared = prepare(order, issuer)
        return sign(prepared.tbs_der, prepared.tbs_sha256, issuer, self.signers[authority])


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def world() -> World:
    signers = {authority: SoftwareSigner.generate(KeyKind.RSA_2048) for authority in Authority}
    root_signer = SoftwareSigner.generate(KeyKind.P384)
    plan = CeremonyPlan(NOW, replace(ADDRESSES, crl=("http://crl.example/repository/root/CA.crl",)))
    return World(hold_ceremony(plan, root_signer, signers), root_signer, signers)


@pytest.fixture(scope="session")
def holder_key() -> SoftwareSigner:
    return SoftwareSigner.generate(KeyKind.RSA_2048)


@pytest.fixture(scope="session")
def an_order(holder_key: SoftwareSigner) -> Callable[..., CertificateOrder]:
    """A school's signature certificate, or whatever the arguments say."""

    def build(
        profile: str = "school_signature", subject: Subject | None = None, **changes: object
    ) -> CertificateOrder:
        kind = PROFILES[profile]
        order = replace(
            sample_order(kind, holder_key.spki_der, NOW),
            addresses=ADDRESSES,
            email=None,
            subject=subject or SUBJECTS.get(profile) or sample_subject(kind.naming),
        )
        return replace(order, **changes)  # type: ignore[arg-type]  # the tests name real fields

    return build


@pytest.fixture(scope="session")
def responder(world: World) -> Responder:
    signer = SoftwareSigner.generate(KeyKind.RSA_2048)
    order = CertificateOrder(
        OCSP_RESPONDER, organisation("OCSP 回應伺服器"), signer.spki_der, new_serial(), NOW
    )
    return Responder(signer, world.issue(order), world.xca)


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], dict[str, bytes]]:
    """The named hexadecimal lines of a file of vectors."""

    def read(name: str) -> dict[str, bytes]:
        path = Path(__file__).parent.parent / "vectors" / "pki" / name
        lines = path.read_text(encoding="utf-8").splitlines()
        pairs = (line.split() for line in lines if line and not line.startswith("#"))
        return {label: bytes.fromhex(value) for label, value in pairs}

    return read


@pytest.fixture
def run_tool(tmp_path: Path) -> Callable[..., str]:
    """Run a program on DER values given by name: `{ca}` becomes a file of it, `{ca_pem}` one in PEM.

    Returns the exit code, the output and the errors, a line each.
    """

    def run(program: str, *arguments: str, **values: bytes) -> str:
        names = {}
        for name, value in values.items():
            names[name] = str(tmp_path / f"{name}.der")
            Path(names[name]).write_bytes(value)
            names[f"{name}_pem"] = str(tmp_path / f"{name}.pem")
            Path(names[f"{name}_pem"]).write_text(ssl.DER_cert_to_PEM_cert(value), encoding="ascii")
        if shutil.which(program) is None and program == "certtool":
            missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            missing("certtool is not installed: run `make setup`")
        found = Path(sys.executable).parent / program
        command = [str(found) if found.exists() else program, *(part.format(**names) for part in arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return f"{done.returncode}\n{done.stdout}\n{done.stderr}"

    return run

"""The judges: validators that nobody here wrote, each asked in its strictest mode.

Each judge answers with what it said, and raises nothing: a test compares the words. What a judge cannot judge stands
in its docstring, with the reason.
"""

from __future__ import annotations

import asyncio
import io
import os
import ssl
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from pkilint.bin import lint_pkix_cert
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.conformance.house import House

VALID = "valid"
# SEC_ERROR_REVOKED_CERTIFICATE; vfychain writes the number, and the words of the reader's language.
NSS_REVOKED = "ERROR -8180"


@dataclass(frozen=True)
class Bench:
    """Where the judges sit: a directory of files, and an NSS database that trusts the root."""

    house: House
    directory: Path
    _made: list[int] = field(default_factory=list)

    def put(self, value: bytes, *, pem: str | None = None) -> str:
        """Write a value to a file of its own and return the path; `pem` gives the armour's label."""
        self._made.append(1)
        path = self.directory / f"{len(self._made):04}"
        path.write_bytes(armoured(value, pem) if pem else value)
        return str(path)

    def run(self, *command: str) -> tuple[int, str]:
        """Run a program in plain English and return its exit code and all it said."""
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            timeout=60,
            env={**os.environ, "LC_ALL": "C"},
        )
        return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")

    def nss_database(self, name: str) -> str:
        """Make an NSS database that trusts the house's root and knows its authority."""
        place = self.directory / name
        place.mkdir()
        database = f"sql:{place}"
        self.run("certutil", "-N", "-d", database, "--empty-password")
        known = [("root", "CT,C,C", self.house.root), ("ca", ",,", self.house.authority)]
        known += [(f"link{number}", ",,", link) for number, link in enumerate(self.house.links)]
        for nick, trust, value in known:
            code, said = self.run(
                "certutil", "-A", "-d", database, "-n", nick, "-t", trust, "-i", self.put(value)
            )
            assert code == 0, said
        return database


def armoured(value: bytes, label: str) -> bytes:
    """Return a value in PEM."""
    text = ssl.DER_cert_to_PEM_cert(value).replace("CERTIFICATE", label)
    return text.encode("ascii")


def openssl_chain(bench: Bench, leaf: bytes, lists: Sequence[bytes] = ()) -> str:
    """Ask `openssl verify -x509_strict`; with lists, every certificate of the chain needs one that is in force."""
    house = bench.house
    files = ["-CAfile", bench.put(house.root, pem="CERTIFICATE")]
    between = b"".join(armoured(one, "CERTIFICATE") for one in (house.authority, *house.links))
    files += ["-untrusted", bench.put(between)]
    if lists:
        joined = b"".join(armoured(value, "X509 CRL") for value in lists)
        files += ["-crl_check_all", "-extended_crl", "-CRLfile", bench.put(joined)]
    code, said = bench.run("openssl", "verify", "-x509_strict", "-check_ss_sig", *files, bench.put(leaf))
    return VALID if code == 0 and said.rstrip().endswith("OK") else said


def gnutls_chain(bench: Bench, leaf: bytes, crl: bytes | None = None) -> str:
    """Ask `certtool --verify` under GnuTLS's medium profile, with one list if given; the authority may be the leaf."""
    house = bench.house
    above = (house.authority,) if leaf != house.authority else ()
    chain = b"".join(armoured(one, "CERTIFICATE") for one in (leaf, *above, *house.links))
    command = ["certtool", "--verify", "--verify-profile=medium", "--infile", bench.put(chain)]
    command += ["--load-ca-certificate", bench.put(house.root, pem="CERTIFICATE")]
    if crl is not None:
        command += ["--load-crl", bench.put(crl, pem="X509 CRL")]
    code, said = bench.run(*command)
    return VALID if code == 0 and "Chain verification output: Verified" in said else said


def nss_chain(bench: Bench, leaf: bytes, usage: str, database: str, *status: str) -> str:
    """Ask `vfychain` with NSS's PKIX library for one usage; `status` are its revocation options."""
    command = ("vfychain", "-d", database, "-pp", "-u", usage, *status, bench.put(leaf))
    code, said = bench.run(*command)
    return VALID if code == 0 and "Chain is good!" in said else said


@dataclass(frozen=True)
class Evidence:
    """What a relying party holds besides the chain: lists and OCSP answers."""

    lists: tuple[bytes, ...] = ()
    answers: tuple[bytes, ...] = ()


def certvalidator(house: House, leaf: bytes, evidence: Evidence, moment: datetime | None = None) -> str:
    """Ask pyhanko-certvalidator, which in hard-fail mode wants fresh status for every certificate of the chain."""
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(house.root)],
        moment=moment or house.now,
        crls=[asn1_crl.CertificateList.load(value) for value in evidence.lists],
        ocsps=[asn1_ocsp.OCSPResponse.load(value) for value in evidence.answers],
        revocation_mode="hard-fail",
    )
    above = (house.authority,) if leaf != house.authority else ()
    chain = [asn1_x509.Certificate.load(one) for one in (*above, *house.links)]
    validator = CertificateValidator(asn1_x509.Certificate.load(leaf), chain, validation_context=context)
    try:
        asyncio.run(validator.async_validate_path())
    except (PathError, ValidationError) as error:
        return str(error)
    return VALID


def pkilint_certificate(bench: Bench, certificate: bytes) -> str:
    """Ask pkilint's `lint_pkix_cert`, whose start takes longer than its work, so that it runs in this process."""
    said = io.StringIO()
    with redirect_stdout(said), warnings.catch_warnings():
        # It leaves its file to be closed by the end of the process.
        warnings.simplefilter("ignore", ResourceWarning)
        code = lint_pkix_cert.main(["lint", "-s", "WARNING", bench.put(certificate)])
    return VALID if code == 0 and not said.getvalue().strip() else said.getvalue()


def pkilint(bench: Bench, program: str, value: bytes, *options: str) -> str:
    """Run one of pkilint's programs and return its findings of severity warning or worse."""
    found = str(Path(sys.executable).parent / program)
    code, said = bench.run(found, "lint", "-s", "WARNING", *options, bench.put(value))
    return VALID if code == 0 and not said.strip() else said

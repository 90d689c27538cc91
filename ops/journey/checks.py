"""Checks what a journey left with a tool that knows nothing of this project, at the real present time: openssl."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from ops import audit
from ops.database import open_engine
from ops.journey.pages import JourneyError

if TYPE_CHECKING:
    from ops.journey.leaving import Left
    from ops.settings import Settings

SECONDS = 20


def check(left: Left, settings: Settings, *, lapsed: bool) -> None:
    """Raise JourneyError with what openssl or the audit's verifier says when something does not verify."""
    _verify_log(left, settings)
    if shutil.which("openssl") is None:
        return
    root, issuer, card = (str(left.path(name)) for name in ("root", "issuer", "certificate_signature"))
    for name in ("certificate_signature", "certificate_encipherment"):
        chain = ("-x509_strict", "-CAfile", root, "-untrusted", issuer, str(left.path(name)))
        _openssl("OK", "verify", *chain)
    listed = ("crl", "-inform", "DER", "-in", str(left.path("crl")), "-CAfile", issuer, "-noout", "-verify")
    _openssl("verify OK", *listed)
    answer = ("-respin", str(left.path("ocsp_response")), "-issuer", issuer, "-cert", card, "-CAfile", root)
    # The chain of the responder's certificate needs the CA between it and the root.
    said = _openssl("Response verify OK", "ocsp", *answer, "-verify_other", issuer, "-no_nonce")
    wanted = "revoked" if lapsed else "good"
    if f": {wanted}" not in said:
        raise JourneyError(f"openssl ocsp does not say {wanted}: {said}")


def _openssl(wanted: str, *arguments: str) -> str:
    done = subprocess.run(
        ["openssl", *arguments], capture_output=True, text=True, check=False, timeout=SECONDS
    )
    said = done.stdout + done.stderr
    if done.returncode or wanted not in said:
        raise JourneyError(f"openssl {arguments[0]} says: {said.strip()}")
    return said


def _verify_log(left: Left, settings: Settings) -> None:
    engine = open_engine(settings.url)
    try:
        key = (left.out / "audit" / "public.pem").read_bytes()
        findings = audit.verify(engine, key, settings.checkpoint_file)
    finally:
        engine.dispose()
    if not all(finding.is_note for finding in findings):
        raise JourneyError(f"the audit log does not verify: {audit.report(findings)}")

"""Reports of the reconciliation: run, sign, keep, record; and verify a report that somebody kept.

A report is one JSON file: what was examined and found, and an Ed25519 signature over that part in canonical form. The
key is the reports' own, since the checkpoints' key signs nothing else (AUD-03).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from workflow.commands_of_watches import RecordWatch
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.vocabulary import Watch
from workflow.watching.reconciling import reconcile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ops.settings import Settings
    from workflow.facts import Actor
    from workflow.office import Office

_PREFIX = b"guanfang reconciliation report 1\n"


class ReportError(Exception):
    """A file that is no report, or whose signature does not hold; the message is for the operator."""


class Key(Protocol):
    """What signs reports."""

    def sign(self, message: bytes) -> bytes:
        """Sign a report."""

    def public_pem(self) -> bytes:
        """Return the public key."""


@dataclass(frozen=True)
class Reports:
    """Makes, signs and keeps reports in a folder."""

    key: Key
    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Reports:
        """Return the desk that the settings ask for: reports lie in the data folder."""
        from ops.wiring import report_key

        return cls(report_key(settings), settings.data_dir / "reports")

    def watch(self, office: Office) -> int:
        """Reconcile as the worker does each night; returns how many findings there are."""
        report, _path = self.make(office, SYSTEM)
        return len(report["found"])

    def make(self, office: Office, actor: Actor) -> tuple[Mapping[str, Any], Path]:
        """Reconcile, sign the report, keep it and record it; returns the report and its file."""
        done = reconcile(office)
        report: dict[str, Any] = {
            "at": office.clock.now().isoformat(timespec="seconds"),
            "examined": dict(done.examined),
            "found": [{**asdict(one), "rows": list(one.rows)} for one in done.found],
        }
        signed = canonical(report)
        digest = hashlib.sha256(signed).hexdigest()
        whole = {"report": report, "signature": base64.b64encode(self.key.sign(_PREFIX + signed)).decode()}
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"reconciliation-{report['at'].replace(':', '')}-{digest[:8]}.json"
        path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        command = RecordWatch(
            watch=Watch.RECONCILE,
            examined=sum(done.examined.values()),
            found=done.found,
            report_sha256=digest,
        )
        handle(office, command, actor)
        return report, path


def canonical(report: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: sorted keys, no spaces, UTF-8."""
    return json.dumps(report, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def verify(content: bytes, public_pem: bytes) -> Mapping[str, Any]:
    """Return the report in a file; ReportError for anything but a report that this key signed."""
    try:
        whole = json.loads(content)
        report, signature = whole["report"], base64.b64decode(whole["signature"], validate=True)
        key = load_pem_public_key(public_pem)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise ReportError("this is no report, or the key is none") from error
    if not isinstance(report, dict) or not isinstance(key, Ed25519PublicKey):
        raise ReportError("this is no report, or not a key of reports")
    try:
        key.verify(signature, _PREFIX + canonical(report))
    except InvalidSignature as error:
        raise ReportError(
            "the signature does not hold: the report was changed or is another house's"
        ) from error
    return report

"""What a journey leaves in its folder: papers, letters, certificates, the audit log, and a summary of them all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ops.journey import published
from ops.worker import seal_all
from workflow.store.audit_export import export, export_checkpoints
from workflow.store.roots import FIRST_ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from ops.journey.house import House
    from ops.journey.story import Told

FILES = "files"
AUDIT = "audit"
SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class Left:
    """The folder of a journey and what its summary says."""

    out: Path
    summary: dict[str, Any]

    def path(self, name: str) -> Path:
        """Return the path of one of the files that the summary names."""
        return self.out / str(self.summary["files"][name])


def leave(house: House, told: Told, out: Path) -> Left:
    """Write everything into the folder and return what the summary says."""
    (out / FILES).mkdir(parents=True, exist_ok=True)
    names = {}
    for name, (file, content) in _files(house, told).items():
        (out / FILES / file).write_bytes(content)
        names[name] = f"{FILES}/{file}"
    page = house.case(told.filed.number)
    summary = {
        "ca": str(told.filed.applicant.ca),
        "case_number": told.filed.number,
        "states": [{"state": str(step.dest), "at": step.at.isoformat()} for step in _changes(page.history)],
        "card": {"number": told.card_number, "reader": told.reader, "pin": told.pin},
        "audit": _audit(house, out),
        "files": names,
    }
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / SUMMARY).write_text(text + "\n", encoding="utf-8")
    return Left(out, summary)


def _changes(history: tuple[Any, ...]) -> list[Any]:
    """Leave out the steps that left the state as it was, such as reminders."""
    return [step for step in history if step.source != step.dest]


def _files(house: House, told: Told) -> dict[str, tuple[str, bytes]]:
    ca = str(told.filed.applicant.ca)
    issuer, root = (published.certificate(house, authority) for authority in (ca, FIRST_ROOT))
    found = {
        "application_pdf": ("application.pdf", told.filed.application_pdf),
        "user_code_letter_pdf": ("user-code-letter.pdf", told.filed.user_code_letter_pdf),
        "incoming_letter_di": ("incoming-letter.di", told.incoming_di),
        "mailing_list_pdf": ("mailing-list.pdf", told.posted.mailing_list_pdf),
        "address_label_pdf": ("address-label.pdf", told.posted.labels_pdf),
        "certificate_signature": ("signature.pem", _pem(told.on_card.signature)),
        "certificate_encipherment": ("encipherment.pem", _pem(told.on_card.encipherment)),
        "issuer": ("issuer.pem", _pem(issuer)),
        "root": ("root.pem", _pem(root)),
        "crl": ("complete.crl", house.wait("the list", lambda: published.complete_list(house, ca))),
        "ocsp_response": ("ocsp-response.der", published.ocsp_answer(house, told.on_card.signature, issuer)),
    }
    if told.forwarding_di is not None:
        found["forwarding_letter_di"] = ("forwarding-letter.di", told.forwarding_di)
    return found


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _audit(house: House, out: Path) -> dict[str, Any]:
    """Seal what waits, and carry the log out of the house."""
    seal_all(house.office)
    entries = export(house.office, out / AUDIT)
    if house.settings.checkpoint_file is not None:
        export_checkpoints(house.office, house.settings.checkpoint_file)
    newest = (out / AUDIT / "checkpoints.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    said = json.loads(newest)
    return {"entries": entries, "checkpoint": {name: said[name] for name in ("size", "root", "at")}}

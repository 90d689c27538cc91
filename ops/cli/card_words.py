"""How a card is shown at the desk: in lines of Chinese and English, and as JSON (rules VEW-01, CRD-09)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from hardware.piv import Slot

if TYPE_CHECKING:
    from hardware.scripts.view import CardDetails, CertificateOnCard

PURPOSES: Final = {
    Slot.AUTHENTICATION: "身分鑑別 authentication",
    Slot.SIGNATURE: "簽章 signature",
    Slot.ENCIPHERMENT: "加密 encipherment",
    Slot.CARD_AUTHENTICATION: "卡片鑑別 card authentication",
}
_WIDTH: Final = 34


def as_document(details: CardDetails) -> dict[str, Any]:
    """Return what is shown of a card, for JSON."""
    return {
        "csn": details.csn,
        "card_number": details.card_number,
        "pin_tries_left": details.pin_tries,
        "certificates": [
            {
                "slot": f"{one.slot:X}",
                "subject": one.subject,
                "issuer": one.issuer,
                "serial": f"{one.serial_number:x}",
                "not_before": one.not_before.isoformat(),
                "not_after": one.not_after.isoformat(),
            }
            for one in details.certificates
        ],
    }


def show(document: dict[str, Any]) -> None:
    """Print a document as JSON."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def tell(details: CardDetails) -> None:
    """Print what is shown of a card, in lines."""
    say("晶片序號 Chip serial number", details.csn)
    say("卡號 Card number", details.card_number or "—")
    say("PIN 剩餘次數 PIN tries left", "—" if details.pin_tries is None else str(details.pin_tries))
    for one in details.certificates:
        _tell_certificate(one)
    if not details.certificates:
        say("憑證 Certificates", "—")


def say(label: str, value: str) -> None:
    """Print a label and its value, in columns that hold for Chinese too."""
    wide = sum(ord(sign) > 0x2E7F for sign in label)  # noqa: PLR2004 - where the scripts of double width begin
    click.echo(f"{label}{' ' * max(1, _WIDTH - len(label) - wide)}{value}")


def _tell_certificate(one: CertificateOnCard) -> None:
    click.echo(f"{PURPOSES[one.slot]} ({one.slot:X})")
    say("  持卡人 Holder", one.subject)
    say("  簽發者 Issuer", one.issuer)
    say("  序號 Serial number", f"{one.serial_number:x}")
    say("  有效期間 Validity", f"{one.not_before:%Y-%m-%d} – {one.not_after:%Y-%m-%d} (UTC)")

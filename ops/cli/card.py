"""`guanfang card`: a card at the desk, looked at, verified, or taken out of use for good."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hardware.errors import HardwareError, SecretRefused
from hardware.piv import Slot
from hardware.scripts.possession import SHORTEST_CHALLENGE, verify_possession
from hardware.scripts.view import view
from ops.cli import card_status, card_trust, card_words
from ops.cli.card_reading import card_in, said
from ops.cli.card_retire import retire
from ops.cli.card_virtual import virtual
from ops.cli.group import FoundError, WrongUseError
from ops.cli.reading import in_form
from ops.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from hardware.scripts.view import CardDetails
    from hardware.station import Session

    Status = Callable[[bytes, tuple[bytes, ...], datetime], str]

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
READER = click.option("--reader", metavar="NAME", help="The reader; needless when only one holds a card.")
LABELS = {"chain": "憑證鏈 chain", "status": "憑證狀態 status", "possession": "持有私鑰 possession"}
FORMAT = in_form("form", "text")


@click.group()
def card() -> None:
    """Look at cards in a reader, verify, retire or simulate them."""


@card.command()
@READER
@FORMAT
def info(reader: str | None, form: str) -> None:
    """Show card number, holder, validity, issuer and PIN tries left (VEW-01); asks for no PIN and spends no try."""
    with card_in(reader) as session:
        details = session.run(view())
    if form == "json":
        card_words.show(card_words.as_document(details))
    else:
        card_words.tell(details)


@card.command()
@READER
@FORMAT
@click.option(
    "--trust", "files", multiple=True, type=FILE, help="An authority's certificate; else the register's."
)
@click.option("--pin-file", type=FILE, help="Read the PIN from the first line of a file instead of asking.")
@click.option("--no-status", is_flag=True, help="Do not look up whether the certificates were revoked.")
def verify(
    reader: str | None, form: str, files: tuple[Path, ...], pin_file: Path | None, *, no_status: bool
) -> None:
    """Verify the certificates' chains and status, and that the card holds their private keys.

    The status is the register's; with --trust, what OCSP or the list says that a certificate names. Exit code 1 when
    something fails, also when a status can't be found out.
    """
    trusted = card_trust.authorities(files)
    status = None if no_status else _by_addresses if files else _by_register
    with card_in(reader) as session:
        details = session.run(view())
        if not details.certificates:
            raise FoundError("卡片上沒有憑證。 There are no certificates on the card.")
        findings = _findings(session, details, (trusted, status), _pin(pin_file))
    if form == "json":
        card_words.show(card_words.as_document(details) | {"verified": findings})
    else:
        card_words.tell(details)
        _tell(findings)
    if any(value != "ok" for finding in findings.values() for value in finding.values()):
        raise FoundError("查驗未通過。 The card does not verify.")


def _findings(
    session: Session, details: CardDetails, by: tuple[tuple[bytes, ...], Status | None], pin: str
) -> dict[str, dict[str, Any]]:
    """Verify chain, status and possession of every certificate; by slot, "ok" or what is wrong."""
    at, found = SystemClock().now(), {}
    trusted, status = by
    for one in details.certificates:
        challenge = secrets.token_bytes(SHORTEST_CHALLENGE)
        chain = card_trust.chain_of(one.der, trusted, at)
        finding = {"chain": chain if isinstance(chain, str) else "ok"}
        if status is not None and not isinstance(chain, str):
            # Whom nobody vouches for is asked nothing.
            finding["status"] = status(one.der, chain, at)
        finding["possession"] = _possession(session, one.slot, one.der, challenge, pin)
        found[f"{one.slot:X}"] = finding
    return found


def _by_register(der: bytes, _chain: tuple[bytes, ...], _at: datetime) -> str:
    return card_status.in_the_register(der)


def _by_addresses(der: bytes, chain: tuple[bytes, ...], at: datetime) -> str:
    return card_status.by_its_addresses(der, card_status.LookUp(chain, at))


def _possession(session: Session, slot: Slot, der: bytes, challenge: bytes, pin: str) -> str:
    try:
        session.run(verify_possession(slot, der, challenge, pin))
    except SecretRefused:
        # One wrong PIN is enough: the other keys are not tried with it.
        raise
    except HardwareError as error:
        return said(error)
    return "ok"


def _tell(findings: dict[str, dict[str, Any]]) -> None:
    for slot, finding in findings.items():
        purpose = card_words.PURPOSES[Slot(int(slot, 16))]
        for what, label in LABELS.items():
            if what not in finding:
                continue
            card_words.say(
                f"{purpose}: {label}", "通過 ok" if finding[what] == "ok" else f"✗ {finding[what]}"
            )


def _pin(pin_file: Path | None) -> str:
    """Read the PIN from a file, or ask without an echo; it goes nowhere but to the card."""
    if pin_file is None:
        return str(click.prompt("PIN", hide_input=True))
    lines = pin_file.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0].strip():
        raise WrongUseError(f"{pin_file} 中沒有 PIN。 There is no PIN in {pin_file}.")
    return lines[0].strip()


card.add_command(retire)
card.add_command(virtual)

"""`guanfang card retire`: a card taken out of use for good, with the register's leave or with a key of one's own."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hardware.errors import ManagementKeyRefused
from hardware.piv import Algorithm
from hardware.scripts.retire import Retirement
from hardware.scripts.retire import retire as retire_card
from hardware.scripts.view import view
from hardware.secrets_of_card import FACTORY_KEY, ManagementKey, new_management_key
from ops.cli import card_words
from ops.cli.card_reading import card_in
from ops.cli.group import WrongUseError
from ops.settings import Settings

if TYPE_CHECKING:
    from hardware.scripts.retire import Retired
    from hardware.station import Session

CHALLENGE_BYTES = 16
_ALGORITHMS = {16: Algorithm.AES_128, 24: Algorithm.AES_192, 32: Algorithm.AES_256}


@click.command()
@click.option("--reader", metavar="NAME", help="The reader; needless when only one holds a card.")
@click.option("--reason", help="Why; goes into the card's record.")
@click.option(
    "--management-key-file",
    "key_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The card's AES management key in hex, for a card that is in no register; the register is not asked.",
)
@click.option(
    "--block-only", is_flag=True, help="Block PIN and PUK of a card whose management key nobody has."
)
@click.option("--yes", is_flag=True, help="Do it. Without this the command only says what it would do.")
def retire(
    reader: str | None, reason: str | None, key_file: Path | None, *, block_only: bool, yes: bool
) -> None:
    """Make a card unusable for good: block PIN and PUK, overwrite its keys, take its certificates off.

    The register gives leave only for a card whose certificates are revoked or expired, and records what was done.
    """
    with card_in(reader) as session:
        details = session.run(view())
        card_words.tell(details)
        if not yes:
            click.echo(
                "僅為試行，卡片未變更；將鎖住 PIN 與 PUK、覆寫金鑰並刪除憑證。加上 --yes 執行。\n"
                "A dry run, nothing was changed. PIN and PUK would be blocked, the keys overwritten and the"
                " certificates deleted, for good. Add --yes to do it."
            )
            return
        if block_only:
            _report(session.run(retire_card(_order(None), _challenge())))
        elif key_file is not None:
            _report(session.run(retire_card(_order(_key_in(key_file)), _challenge())))
        else:
            _with_leave(session, details.csn, _reason(reason))


def _with_leave(session: Session, csn: str, reason: str) -> None:
    """Ask the register for leave and key, retire the card and have that recorded."""
    from ops.accounts import SETTER
    from ops.wiring import build_office
    from workflow.commands import BeginCardRetirement, RecordCardRetired
    from workflow.handlers import handle

    office = build_office(Settings.read())
    try:
        known = handle(office, BeginCardRetirement(csn=csn, reason=reason), SETTER).secret
        _report(_retired(session, known))
        handle(office, RecordCardRetired(csn=csn, reason=reason), SETTER)
    finally:
        office.engine.dispose()
    click.echo("已登錄為廢卡。 The card is recorded as spoiled.")


def _retired(session: Session, known: str | None) -> Retired:
    """Retire a card of the register, whose key is as known there, or still the maker's."""
    if known is None:
        return session.run(retire_card(_order(FACTORY_KEY), _challenge()))
    own, _, last = known.partition(" ")
    key = ManagementKey(Algorithm.AES_192, bytes.fromhex(own))
    # The register forgets what the last key is, or is made of, when it records the card: until then a torn run can be
    # finished, afterwards nobody has that key.
    made = bytes.fromhex(last) or hmac.digest(key.value, b"retired", "sha256")[: len(key.value)]
    final = ManagementKey(key.algorithm, made)
    try:
        return session.run(retire_card(Retirement(key, final), _challenge()))
    except ManagementKeyRefused:
        # The card may have been spoiled before the maker's key was replaced.
        return session.run(retire_card(Retirement(FACTORY_KEY, final), _challenge()))


def _order(key: ManagementKey | None) -> Retirement:
    return Retirement(key, new_management_key(secrets.token_bytes))


def _challenge() -> bytes:
    return secrets.token_bytes(CHALLENGE_BYTES)


def _report(done: Retired) -> None:
    if done.is_complete:
        slots = ", ".join(f"{slot:X}" for slot in done.overwritten) or "—"
        click.echo(f"卡片已註銷。 The card is retired; keys overwritten in: {slots}.")
    else:
        click.echo(
            "PIN 與 PUK 已鎖住；金鑰與憑證仍在卡上，請實體銷毀。\n"
            "PIN and PUK are blocked. Keys and certificates are still on the card: destroy it physically."
        )


def _reason(reason: str | None) -> str:
    if not (reason or "").strip():
        raise WrongUseError("請以 --reason 說明原因。 Say why with --reason.")
    return str(reason)


def _key_in(file: Path) -> ManagementKey:
    try:
        value = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError) as error:
        raise WrongUseError(f"{file} 不是十六進位金鑰。 {file} holds no key in hex.") from error
    algorithm = _ALGORITHMS.get(len(value))
    if algorithm is None:
        raise WrongUseError(
            f"{file} 的金鑰長度不符。 The key in {file} has no length of AES-128, AES-192 or AES-256."
        )
    return ManagementKey(algorithm, value)

"""`guanfang journey`: the command."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.group import FoundError
from ops.journey.pages import JourneyError
from ops.settings import PREFIX, Settings
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from ops.journey.leaving import Left
    from ops.journey.story import Asked

DAY_SECONDS = 86400


@click.command()
@click.option(
    "--ca",
    required=True,
    type=click.Choice([str(Ca.XCA), str(Ca.GCA)]),
    help="The CA that the card is applied for at.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what it leaves.",
)
@click.option("--lapse", is_flag=True, help="Leave the card unactivated until it lapses.")
@click.option("--reader", default="", help="A PC/SC reader instead of the virtual one.")
@click.option(
    "--vpcd-port",
    type=click.IntRange(1, 65535),
    help="Where that reader waits for its virtual card, if not as usual.",
)
@click.option(
    "--keystore",
    type=click.Choice(["software", "softhsm"]),
    default="software",
    help="Where the keys of the CAs and of OCSP are: in encrypted files, or in a SoftHSM2 token.",
)
@click.option(
    "--database-url",
    default="",
    envvar=f"{PREFIX}DATABASE_URL",
    help="A database to use as it is, migrated if needed; else a new SQLite file in the folder.",
)
def command(  # noqa: PLR0913 - one parameter an option.
    ca: str, out: Path, reader: str, vpcd_port: int | None, keystore: str, database_url: str, *, lapse: bool
) -> None:
    """Walk one card through a whole registry and check the outcome.

    All goes over HTTP. The registry is its own: pages on a free port of this machine, a mail server, a worker and a
    clock that can be moved. The folder then holds papers, letters, mails, certificates, the audit log and summary.json.
    """
    from ops.journey.story import Asked

    began = time.monotonic()
    try:
        _walk(
            Asked(Ca(ca), lapse=lapse, reader=reader, vpcd_port=vpcd_port or 0), out, database_url, keystore
        )
    except JourneyError as error:
        raise FoundError(f"the journey ended early: {error}") from error
    click.echo(f"{time.monotonic() - began:6.1f} s  in all")


def _walk(asked: Asked, out: Path, database_url: str, keystore: str) -> None:
    from ops.journey import checks, leaving, stand
    from ops.journey.story import LAPSE_DAYS, Teller

    wanted = stand.Wanted(
        out=out,
        database_url=database_url,
        reader=asked.reader,
        keystore=keystore,
        key_passphrase=Settings.read().key_passphrase,
        ahead=-LAPSE_DAYS * DAY_SECONDS if asked.lapse else 0,
    )
    began = time.monotonic()
    with stand.running(wanted) as house:
        click.echo(f"{time.monotonic() - began:6.1f} s  備妥 the house stands at {house.settings.base_url}")
        teller = Teller(house, click.echo)
        told = teller.tell(asked)
        with teller.step("存檔 papers, certificates, list and audit log left in the folder"):
            left = leaving.leave(house, told, out)
    with teller.step("查驗 checked with openssl, and the audit log verified"):
        checks.check(left, house.settings, lapsed=asked.lapse)
    _tell(left, database_url)


def _tell(left: Left, database_url: str) -> None:
    out = left.out.resolve()
    click.echo(
        f"案件 Case {left.summary['case_number']}, card {left.summary['card']['number']}: {out / 'summary.json'}"
    )
    address = database_url or f"sqlite:///{out / 'registry.db'}"
    shown = "$GUANFANG_DATABASE_URL" if database_url else address
    click.echo("驗證稽核紀錄 Verify the audit log with:")
    click.echo(
        f"  GUANFANG_DATABASE_URL={shown} guanfang audit verify"
        f" --public-key {out / 'audit' / 'public.pem'} --checkpoints {out / 'checkpoints.jsonl'}"
    )
    click.echo(f"  python -m ops.verifier {out / 'audit'}")

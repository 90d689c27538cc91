"""`guanfang batch`: certificate requests in batches, from a folder or a list, examined, approved and shown."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ops.cli.acting import acting, as_somebody, signing
from ops.cli.cases import READER, when
from ops.cli.group import WrongUseError
from ops.cli.reading import line, reading
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflow.commands_of_requests import RequestedItem
    from workflow.views.requests import BatchPage

SUFFIXES = {".csr", ".pem", ".req", ".der", ".p10"}
COLUMNS = {"file", "common_name", "dns_names", "email"}


@click.group()
def batch() -> None:
    """Submit, examine and approve batches of certificate requests."""


@batch.command()
@click.argument(
    "source", type=click.Path(exists=True, path_type=Path), help="A folder of requests, or a CSV list."
)
@click.option("--profile", required=True, help="The kind of certificate, such as agency_non_card_signature.")
@click.option(
    "--ca", required=True, type=click.Choice([str(ca) for ca in Ca]), help="The CA that shall issue them."
)
@click.option("--oid", required=True, help="The organisation's OID.")
@click.option("--contact", "contact_name", required=True, help="The contact's name.")
@click.option("--email", "contact_email", required=True, help="The contact's e-mail.")
@click.option("--phone", "contact_phone", default="", help="The contact's telephone.")
@click.option(
    "--user-code",
    "with_code",
    is_flag=True,
    help="Ask for the subscriber's user code too, after the password: the CA has its certificates accepted with it.",
)
@as_somebody
def submit(  # noqa: PLR0913 - each is an option of its own.
    source: Path,
    profile: str,
    ca: str,
    oid: str,
    *,
    with_code: bool,
    login: str,
    password_stdin: bool,
    **contact: str,
) -> None:
    """Put a batch on file: a folder of requests, or a CSV list whose column `file` names them.

    Further columns are common_name, dns_names (parted by blanks) and email. Nothing is issued before two others approve.
    """
    from workflow.commands_of_requests import SubmitCertificateRequest
    from workflow.handlers import handle

    items = tuple(_items(source))
    with acting(login, from_stdin=password_stdin) as (office, actor):
        code = _user_code(from_stdin=password_stdin) if with_code else ""
        command = SubmitCertificateRequest(
            ca=Ca(ca), profile=profile, organisation_oid=oid, items=items, contact=contact, user_code=code
        )
        outcome = handle(office, command, actor)
    click.echo(f"{outcome.number}: {len(command.items)} requests are on file.")


def _user_code(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("用戶代碼 User code", hide_input=True, confirmation_prompt=True))


def _items(source: Path) -> Iterator[RequestedItem]:
    from workflow.commands_of_requests import RequestedItem

    if source.is_dir():
        found = sorted(
            path for path in source.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()
        )
        if not found:
            raise WrongUseError(f"{source} holds no file that ends in {', '.join(sorted(SUFFIXES))}")
        yield from (RequestedItem(label=path.name, csr=path.read_bytes()) for path in found)
        return
    for number, row in _rows(source):
        path = source.parent / row["file"]
        if not path.is_file():
            raise WrongUseError(f"{source}, line {number}: there is no file {path}")
        yield RequestedItem(label=path.name, csr=path.read_bytes(), subject=_subject(row))


def _rows(source: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        # A list that was kept in Excel begins with a byte order mark.
        lines = list(csv.DictReader(source.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise WrongUseError(f"{source} is no CSV list in UTF-8: {error}") from error
    for number, row in enumerate(lines, start=2):
        strange = {str(name) for name in row} - COLUMNS
        if "file" not in row or strange:
            raise WrongUseError(
                f"{source}: the columns are {', '.join(sorted(COLUMNS))}; `file` is needed, {sorted(strange)} unknown"
            )
        yield number, {name: (value or "").strip() for name, value in row.items()}


def _subject(row: dict[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {name: row[name] for name in ("common_name", "email") if row.get(name)}
    if row.get("dns_names"):
        said["dns_names"] = row["dns_names"].split()
    return said


@batch.command("dry-run")
@click.argument("number", help="The 25 digits of the batch's case.")
@as_somebody
def dry_run(number: str, login: str, *, password_stdin: bool) -> None:
    """Examine the batch with the case NUMBER now: every gate and lint, with nothing stored or signed."""
    from workflow.commands_of_requests import ExamineRequest
    from workflow.handlers import handle

    page = _page(number)
    with acting(login, from_stdin=password_stdin) as (office, actor):
        handle(office, ExamineRequest(case_id=page.case_id), actor)
    _show(_page(number))


@batch.command()
@click.argument("number", help="The 25 digits of the batch's case.")
@click.option(
    "--fingerprint", help="The fingerprint of what you saw, in full: nothing else than that is approved."
)
@click.option("--yes", is_flag=True, help="Sign the approval; without it the batch is only shown.")
@as_somebody
def approve(number: str, fingerprint: str | None, login: str, *, yes: bool, password_stdin: bool) -> None:
    """Approve the batch with the case NUMBER, the first time or the second; the second sends it to issuing.

    Look at it with `guanfang batch show` first, and give the fingerprint that stands there: a batch that was edited
    since has another one and is refused.
    """
    from workflow.commands_of_requests import ApproveRequest, ConfirmRequest
    from workflow.handlers import handle

    page = _page(number)
    _show(page)
    if not yes:
        click.echo(
            "未核准；加上 --fingerprint 與 --yes。 Would sign an approval of exactly this. Add --fingerprint and --yes."
        )
        return
    if not fingerprint:
        raise WrongUseError(
            "請以 --fingerprint 填寫 guanfang batch show 所示的指紋。"
            " --fingerprint is missing: give the one that `guanfang batch show` printed."
        )
    kind = ConfirmRequest if str(page.state) == "approved_once" else ApproveRequest
    with signing([login], from_stdin=password_stdin) as (office, people):
        command = kind(
            case_id=page.case_id,
            seen_version=page.version,
            seen_sha256=fingerprint.strip().lower(),
            password=people[0].password,
        )
        outcome = handle(office, command, people[0].actor)
    click.echo(f"Signed. The batch is now: {outcome.state}")


@batch.command()
@click.argument("number", help="The 25 digits of the batch's case.")
@click.option(
    "--save",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the certificates into this folder.",
)
def show(number: str, save: Path | None) -> None:
    """Show the batch with the case NUMBER: each item with its findings or its certificate."""
    from pki.pem import certificate_pem

    page = _page(number)
    _show(page)
    if save is None:
        return
    save.mkdir(parents=True, exist_ok=True)
    for item in page.items:
        if item.der is not None:
            path = save / f"{item.position:04d}-{item.serial}.pem"
            path.write_bytes(certificate_pem(item.der))
    click.echo(f"{page.issued} certificates are in {save}.")


def _page(number: str) -> BatchPage:
    from workflow.views.case_page import find_case_id
    from workflow.views.requests import batch_page

    with reading() as (connection, _clock):
        return batch_page(connection, READER, find_case_id(connection, READER, number.strip()))


def _show(page: BatchPage) -> None:
    line("Number", page.number)
    line("State", f"{page.state.zh} {page.state.en}")
    line("CA", f"{page.ca.zh} {page.ca.en}")
    line("Subject", page.subject_name)
    line("Profile", page.profile)
    line("Fingerprint", page.snapshot_sha256)
    line("Items", f"{len(page.items)}: {page.waiting} to issue, {page.issued} issued, {page.refused} refused")
    for item in page.items:
        what = item.serial or ", ".join(str(one["en"]) for one in item.findings) or "no findings"
        at = when(item.settled_at or item.examined_at)
        click.echo(f"  {item.position:>4}  {item.label:<30}  {item.state.en:<8}  {at}  {what}")

"""`guanfang cert list` and `guanfang cert show`: what was issued, as a table or as JSON for other programs."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import click

from ops.cli.cases import when
from ops.cli.group import FoundError
from ops.cli.reading import each, in_form, line, reading
from workflow.vocabulary import Ca, CertificateStatus

if TYPE_CHECKING:
    from pki.described import CertificateWords
    from workflow.views.issued import IssuedCertificate

_FORMATS = in_form("form", "table")


@click.command("list")
@click.option("--ca", type=click.Choice([str(ca) for ca in Ca]), help="Only those of this CA.")
@click.option(
    "--status", type=click.Choice([str(one) for one in CertificateStatus]), help="Only those that stand so."
)
@click.option("--subject", default="", help="A part of the name.")
@click.option("--case", "case_number", default="", help="The 25 digits of a case.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many at most."
)
@_FORMATS
def list_some(
    *, ca: str | None, status: str | None, subject: str, case_number: str, limit: int, form: str
) -> None:
    """List the newest certificates, published or not."""
    from workflow.views.issued import Wanted, newest

    wanted = Wanted(
        ca=Ca(ca) if ca else None,
        status=CertificateStatus(status) if status else None,
        subject=subject,
        case_number=case_number,
        limit=limit,
    )
    with reading() as (connection, _clock):
        found = newest(connection, wanted)
    if form == "json":
        click.echo(json.dumps([_plain(one) for one in found], ensure_ascii=False, indent=1))
        return
    for one in each(found):
        shown = "published" if one.published else "-"
        click.echo(
            f"{one.serial}  {one.ca!s:<6}{one.status.en:<26}{shown:<11}{when(one.not_after)}  {one.subject}"
        )


@click.command()
@click.argument("serial", help="In hexadecimal.")
@click.option("--ca", type=click.Choice([str(ca) for ca in Ca]), help="Only those of this CA.")
@_FORMATS
def show(serial: str, ca: str | None, form: str) -> None:
    """Show the certificates with this SERIAL in hexadecimal, with what they say."""
    from pki.described import describe
    from workflow.acts.revocations import canonical_serial
    from workflow.views.issued import by_serial

    with reading() as (connection, _clock):
        found = by_serial(connection, canonical_serial(serial), Ca(ca) if ca else None)
    if not found:
        raise FoundError(f"no certificate with the serial {serial} is on record")
    words = [describe(one.der) if one.der else None for one in found]
    if form == "json":
        both = zip(found, words, strict=True)
        click.echo(
            json.dumps([_plain(one) | _said(said) for one, said in both], ensure_ascii=False, indent=1)
        )
        return
    for one, said in zip(found, words, strict=True):
        _describe(one)
        if said is not None:
            _content(said)


def _plain(one: IssuedCertificate) -> dict[str, Any]:
    return {
        "ca": str(one.ca),
        "serial": one.serial,
        "status": str(one.status),
        "status_at": one.status_at.isoformat(),
        "reason": one.reason or None,
        "subject": one.subject,
        "purpose": one.purpose,
        "profile": one.profile or None,
        "case": one.case_number or None,
        "published": one.published,
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
        "der": base64.b64encode(one.der).decode() if one.der else None,
    }


def _said(words: CertificateWords | None) -> dict[str, Any]:
    if words is None:
        return {"sha256": None, "key": None, "extensions": []}
    extensions = [
        {"oid": one.oid, "name": one.name[1], "critical": one.critical, "says": [en for _zh, en in one.lines]}
        for one in words.extensions
    ]
    return {"sha256": words.sha256, "key": words.key, "extensions": extensions}


def _describe(one: IssuedCertificate) -> None:
    line("Serial", one.serial)
    line("CA", f"{one.ca.zh} {one.ca.en}")
    line("Status", f"{one.status.zh} {one.status.en} {one.reason}".strip())
    line("Since", when(one.status_at))
    line("Subject", one.subject)
    line("Purpose", one.purpose)
    line("Profile", one.profile)
    line("Case", one.case_number)
    line("Valid", f"{when(one.not_before)} to {when(one.not_after)}")
    line("Published", "yes" if one.published else "no")


def _content(words: CertificateWords) -> None:
    line("Issuer", ", ".join(f"{term.label}={term.value}" for term in words.issuer))
    line("Key", words.key)
    line("Signature", words.signature)
    line("SHA-256", words.sha256)
    for one in words.extensions:
        critical = " (critical)" if one.critical else ""
        click.echo(f"  {one.name[1]}{critical}: {'; '.join(en for _zh, en in one.lines)}")

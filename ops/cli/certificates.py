"""`guanfang cert`: certificates listed and shown, and by their serials revoked by two people, and linted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.cli.acting import as_somebody, signing
from ops.cli.cases import when
from ops.cli.certificate_reading import list_some, show
from ops.cli.group import FoundError, WrongUseError
from ops.cli.reading import line, reading
from workflow.vocabulary import Ca, RevocationReason

if TYPE_CHECKING:
    from pki.profiles import Profile
    from workflow.views.issued import IssuedCertificate

_REASONS = [
    str(reason)
    for reason in RevocationReason
    if reason not in {RevocationReason.CERTIFICATE_HOLD, RevocationReason.NOT_ACTIVATED}
]


@click.group()
def cert() -> None:
    """Look at certificates, lint them, and revoke them by serial."""


cert.add_command(list_some)
cert.add_command(show)


@cert.command()
@click.option("--serial", required=True, help="The serial in hexadecimal; colons may stand between.")
@click.option(
    "--reason", required=True, type=click.Choice(_REASONS), help="As the lists will say it (RFC 5280 §5.3.1)."
)
@click.option(
    "--note", required=True, help="Why, in a sentence; it goes into the audit log and to the holder."
)
@click.option(
    "--ca", type=click.Choice([str(ca) for ca in Ca]), help="Needed for a serial that is on no record."
)
@click.option(
    "--authority",
    help="Which generation of the CA's key signed it, such as gca-g2; else the one that issues now.",
)
@click.option("--with", "second", required=True, help="The login of the second officer, another person.")
@click.option("--yes", is_flag=True, help="Revoke; without it the command only says what it would do.")
@as_somebody
def revoke(  # noqa: PLR0913 - one parameter an option.
    serial: str,
    reason: str,
    note: str,
    ca: str | None,
    authority: str | None,
    second: str,
    *,
    yes: bool,
    login: str,
    password_stdin: bool,
) -> None:
    """Revoke a certificate by its serial, even one that was signed and never recorded. Two officers sign.

    It goes onto the CRL, and OCSP says revoked, with the next list. Nothing brings a revoked certificate back.
    """
    from workflow.acts.revocations import canonical_serial
    from workflow.commands_of_requests import RevokeSerial
    from workflow.handlers import handle

    named = Ca(ca) if ca else None
    _say_what_it_is(canonical_serial(serial), named, authority)
    if not yes:
        click.echo(f"Would revoke it for {reason}, signed by {login} and {second}. Add --yes to do it.")
        return
    with signing([login, second], from_stdin=password_stdin) as (office, people):
        command = RevokeSerial(
            serial=serial,
            ca=named,
            authority=authority,
            reason=RevocationReason(reason),
            note=note,
            second_account=people[1].actor.account_id or 0,
            passwords=(people[0].password, people[1].password),
        )
        handle(office, command, people[0].actor)
    click.echo("It is revoked. The next CRL lists it; OCSP says so at once.")


def _say_what_it_is(serial: str, ca: Ca | None, authority: str | None) -> None:
    from workflow.views.issued import by_serial

    with reading() as (connection, _clock):
        everywhere = by_serial(connection, serial)
    found = [one for one in everywhere if ca in {None, one.ca}]
    line("Serial", serial)
    for one in found:
        _describe(one)
    if not found and ca is None and authority is None:
        raise FoundError(
            "no record has this serial; name the CA that signed it with --ca to revoke it all the same"
        )
    if not found:
        for one in everywhere:
            click.echo(f"The {one.ca.en} has a certificate with this serial on record: {one.subject}")
        click.echo(
            f"{authority or ca} has no record of this serial. It would stand on its list for as long as that CA lives."
        )


def _describe(one: IssuedCertificate) -> None:
    line("CA", f"{one.ca.zh} {one.ca.en}")
    line("Status", f"{one.status.zh} {one.status.en} {one.reason}".strip())
    line("Subject", one.subject)
    line("Case", one.case_number)
    line("Valid", f"{when(one.not_before)} to {when(one.not_after)}")
    line("Recorded", "yes" if one.der is not None else "no: signed or not, its bytes were never stored")


@cert.command()
@click.argument("what", help="A file, or a serial in hexadecimal.")
@click.option("--profile", "name", help="The profile to lint against; a certificate on record knows its own.")
def lint(what: str, name: str | None) -> None:
    """Lint a certificate: a FILE in PEM or DER, or one on record by its SERIAL. Exit code 1 when there are findings."""
    der, name = _read(Path(what), name) if Path(what).is_file() else _on_record(what, name)
    findings = _lint(der, name)
    for one in findings:
        click.echo(one)
    if findings:
        raise FoundError(f"{len(findings)} findings")
    click.echo(f"No findings against RFC 5280{f' and the profile {name}' if name else ''}.")


def _read(path: Path, name: str | None) -> tuple[bytes, str | None]:
    from pki.errors import PkiError
    from pki.pem import certificate_der

    try:
        return certificate_der(path.read_bytes()), name
    except PkiError as error:
        raise FoundError(f"{path} is no certificate: {error.message}") from error


def _on_record(serial: str, name: str | None) -> tuple[bytes, str | None]:
    from workflow.acts.revocations import canonical_serial
    from workflow.views.issued import by_serial

    with reading() as (connection, _clock):
        found = [one for one in by_serial(connection, canonical_serial(serial)) if one.der is not None]
    if not found:
        raise FoundError(f"no certificate with the serial {serial} is on record")
    return found[0].der or b"", name or found[0].profile or None


def _lint(der: bytes, name: str | None) -> list[str]:
    from pki.errors import PkiError
    from pki.lint import pkix
    from pki.lint.run import run_lints

    try:
        if name is None:
            return [f"{pkix.NAME}: {finding}" for finding in pkix.findings(der)]
        return [finding.sentence for finding in run_lints(der, _profile(name)).findings]
    except PkiError as error:
        raise FoundError(f"the certificate can't be read: {error.message}") from error


def _profile(name: str) -> Profile:
    from ops.settings import Settings
    from workflow.certificate_profiles import office_profiles

    known = office_profiles(Settings.read().office())
    if name not in known:
        raise WrongUseError(f"there is no profile {name}; there are: {', '.join(sorted(known))}")
    return known[name]

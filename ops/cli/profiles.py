"""`guanfang profiles`: what each kind of certificate looks like, and whether it can be issued."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ops.cli.group import FoundError, WrongUseError
from ops.cli.reading import line
from ops.settings import Settings
from pki.names import NameAttribute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pki.profiles import KeyUse, Life, Profile


@click.group()
def profiles() -> None:
    """Look at certificate profiles; nothing here changes one."""


@profiles.command("list")
def list_all() -> None:
    """List the profiles. A star marks one with an OID that nobody has confirmed."""
    from pki.profiles import unconfirmed

    for profile in _profiles().values():
        star = "*" if unconfirmed(profile) else " "
        request = "  by request" if profile.takes_requests else ""
        click.echo(f"{star} {profile.name:<44} {_life(profile.life):<9} {profile.zh}{request}")


@profiles.command()
@click.argument("name", help="The profile's name, as `guanfang profiles list` says it.")
def show(name: str) -> None:
    """Show all that the profile NAME says."""
    from pki.profiles import unconfirmed

    profile = _profiles().get(name)
    if profile is None:
        raise WrongUseError(f"there is no profile {name}; see `guanfang profiles list`")
    line("Profile", f"{profile.name}  {profile.zh}  {profile.en}")
    line("Life", f"{_life(profile.life)}, to the end of the day in Taipei")
    line("Key usage", ", ".join(sorted(map(_use, profile.purpose.key_usage))))
    line("Extended use", ", ".join(use.name.lower() for use in profile.extended_uses))
    line("Policies", ", ".join(profile.policies))
    line("Subject", _subject(profile))
    line("Printable", ", ".join(kind.label for kind in sorted_names(profile.naming.printable)))
    line("Alternative", profile.alternative_names.label)
    if profile.subject_type is not None:
        line("Subject type", f"{profile.subject_type.oid} {profile.subject_type.en}")
    if profile.holder is not None:
        ranks = sorted("none" if rank is None else rank.value for rank in profile.holder.ranks)
        line("Rank", ", ".join(ranks))
        line("Identifiers", ", ".join(sorted(kind.value for kind in profile.holder.identifiers)))
    line("Keys", _keys(profile))
    line("Key lives in", profile.carrier.value)
    line("CRL addresses", profile.lists or None)
    for number, kind in enumerate(profile.extensions, 1):
        critical = "  critical" if kind in profile.critical else ""
        line(f"Extension {number}", f"{kind.value:<20} {kind.name.lower()}{critical}")
    line("Shape from", profile.origin)
    for oid in unconfirmed(profile):
        line(
            "Unconfirmed",
            f"{oid} was never seen in a real certificate; find out the number and set GUANFANG_SUBJECT_TYPE_OIDS before you issue",
        )


@profiles.command()
def check() -> None:
    """Check every profile, and issue and lint a sample of each under throw-away keys."""
    from ops.clock import SystemClock
    from pki.profiles import unconfirmed
    from pki.rehearsal import rehearse

    # Building them has checked that none contradicts itself.
    known = _profiles()
    now, bad = SystemClock().now(), 0
    for profile in known.values():
        for finding in rehearse(profile, now):
            bad += 1
            click.echo(f"{profile.name}: {finding}")
    waiting = sorted({(oid, one.en) for one in known.values() for oid in unconfirmed(one)})
    for oid, kind in waiting:
        click.echo(f"unconfirmed: {oid}  {kind}")
    if bad:
        raise FoundError(f"{bad} findings in {len(known)} profiles")
    click.echo(f"{len(known)} profiles are sound; {len(waiting)} have an OID that nobody has confirmed.")


def _profiles() -> Mapping[str, Profile]:
    from workflow.certificate_profiles import office_profiles

    return office_profiles(Settings.read().office())


def sorted_names(names: frozenset[NameAttribute]) -> list[NameAttribute]:
    """Return attributes of names in the order in which they are written."""
    return [kind for kind in NameAttribute if kind in names]


def _use(use: KeyUse) -> str:
    return use.value


def _life(life: Life) -> str:
    years = f"{life.years} y" if life.years else ""
    return " ".join(part for part in (years, f"{life.days} d" if life.days else "") if part)


def _subject(profile: Profile) -> str:
    naming = profile.naming
    return ", ".join(
        kind.label if kind in naming.required else f"[{kind.label}]" for kind in sorted_names(naming.allowed)
    )


def _keys(profile: Profile) -> str:
    from pki.keygate import P256, P384, P521

    names = {P256: "P-256", P384: "P-384", P521: "P-521"}
    curves = sorted(names.get(oid, oid) for oid in profile.keys.curves)
    return ", ".join((f"RSA {profile.keys.rsa_bits_from}-{profile.keys.rsa_bits_to}", *curves))

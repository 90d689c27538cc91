"""All commands of `guanfang`, read from the program itself."""

from __future__ import annotations

import click
import pytest

from ops.cli.group import main


def walked(command, path=()):
    """Yield the path and the command of a group and of all below it."""
    yield " ".join(path) or "guanfang", command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from walked(command.get_command(context, name), (*path, name))


ALL = dict(walked(main))


@pytest.mark.parametrize("path", ALL)
def test_every_command_argument_and_option_says_what_it_is(path):
    command = ALL[path]
    assert (command.help or "").strip()
    silent = [one.name for one in command.params if not (getattr(one, "help", "") or "").strip()]
    assert silent == []


@pytest.mark.parametrize("path", ALL)
def test_what_a_command_requires_is_asked_for_where_nobody_gives_it(path):
    context = click.Context(ALL[path])
    required = [one for one in ALL[path].params if one.required]
    # To click a default of None is a value as any other.
    assert [one.name for one in required if not one.value_is_missing(one.get_default(context))] == []


def test_the_walk_reaches_commands_at_every_depth():
    assert {"serve", "ca rollover", "ca shares make", "keys blocklist import"} <= ALL.keys()


# --- What asks for --yes -----------------------------------------------------------------------------------------------

READS = {
    "audit verify", "batch dry-run", "batch show", "ca list", "ca shares list", "ca show", "ca status", "ca tasks", "card info",
    "card verify", "accounts list", "accounts proposals", "case show", "cert lint", "cert list", "cert show", "crl show",
    "db check", "deadlines explain", "deadlines forecast", "deadlines list", "health", "keys blocklist count",
    "keys unfinished", "line status", "profiles check", "profiles list", "profiles show", "reconcile public-key",
    "reconcile verify", "repository list", "rules", "stock places", "stock show", "token list",
}  # fmt: skip
"""Commands that change nothing."""
_STAYS_OPEN = "people open it themselves and end it when they like"
_FOUR_EYES = "comes to nothing without another person, or can be taken back"
_COUNT = "a count, which settles nothing: another person confirms it, or settles what differs"
WITHOUT_YES = {
    "accounts add": "an account is closed as easily, and a trusted role given alone is reported until it is confirmed",
    "accounts card": "takes the holder's password and PIN; the card can be ended",
    "accounts card-unblock": "takes the holder's password and new PIN",
    "accounts confirm": "the second of two people; an account is closed as easily",
    "accounts propose": _FOUR_EYES,
    "accounts withdraw": "a proposal is made again as easily",
    "agent": _STAYS_OPEN,
    "audit export": "writes files beside the log, which stays as it is",
    "batch submit": _FOUR_EYES,
    "ca activate": "takes several people's shares; deactivation takes it back",
    "ca keeper": _STAYS_OPEN,
    "ca record": "writes files from what is on record",
    "ca shares confirm": "ends a change that was confirmed when it began, and only if the token agrees",
    "card virtual": _STAYS_OPEN,
    "db upgrade": "expands first, so that the older version goes on running; has --dry-run; installers run it unattended",
    "migrate": "the same command as `db upgrade`",
    "demo": "its own folder, with invented people; --reset has to be asked for",
    "journey": "a registry of its own, in a folder of its own",
    "keys audit": "reports what it found, and touches no key",
    "line open": "only gathers cases that are approved; cards are made from it by hand",
    "line return": "a reader can be set aside again",
    "line run": "the day's work of the line: somebody puts each card in, and each was approved",
    "monitor": "reports what it found, and fetches as anybody may",
    "reconcile": "reports what it found",
    "ocsp serve": _STAYS_OPEN,
    "serve": _STAYS_OPEN,
    "worker": _STAYS_OPEN,
    "setup organisations": "loads a list that can be loaded again, corrected",
    "setup windows": "loads a list that can be loaded again, corrected",
    "stock add-place": "an empty store",
    "stock confirm": "the second of two people over a count that agreed",
    "stock count": _COUNT,
    "stock count-place": _COUNT,
    "stock destroy": "a proposal; what a witness records is for good, and asks",
    "stock found": "into quarantine, where another person settles it",
    "stock hand-out": "on its way until another person counts and takes it in",
    "stock take-in": _COUNT,
    "token add": _FOUR_EYES,
    "token confirm": "the second of two people; `token revoke` takes it back",
}
"""Commands that change something without asking, and why they may: no harm comes of them that can't be undone."""


def acts(command):
    return not isinstance(command, click.Group) or command.invoke_without_command


def asks(command):
    options = [one for one in command.params if "--yes" in one.opts]
    return any(one.is_flag and one.get_default(click.Context(command)) is not True for one in options)


@pytest.mark.parametrize("path", [path for path, command in ALL.items() if acts(command)])
def test_every_command_reads_asks_for_yes_or_says_why_not(path):
    places = [asks(ALL[path]), path in READS, path in WITHOUT_YES]
    assert places.count(True) == 1, (
        "does it reach anybody outside, or do what can't be undone? Then it asks for --yes"
    )


def test_no_list_names_a_command_that_is_gone():
    assert READS | WITHOUT_YES.keys() <= ALL.keys()

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


def test_the_walk_reaches_commands_at_every_depth():
    assert {"serve", "ca rollover", "ca shares make", "keys blocklist import"} <= ALL.keys()

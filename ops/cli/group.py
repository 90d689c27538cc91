"""The group of all commands, and how errors become sentences."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from workflow.errors import RegistryError

# Where each command is; a colon parts the module from the name of the command in it.
COMMANDS = {
    "accounts": "ops.cli.accounts:accounts",
    "agent": "ops.cli.agent:agent",
    "audit": "ops.cli.audit:audit",
    "batch": "ops.cli.batches:batch",
    "ca": "ops.cli.ca:ca",
    "card": "ops.cli.card:card",
    "case": "ops.cli.cases:case",
    "cert": "ops.cli.certificates:cert",
    "crl": "ops.cli.crls:crl",
    "db": "ops.cli.db:db",
    "deadlines": "ops.cli.deadlines:deadlines",
    "demo": "ops.cli.running:demo",
    "health": "ops.cli.running:health",
    "journey": "ops.journey:command",
    "keys": "ops.cli.keys:keys",
    "migrate": "ops.cli.db:upgrade",
    "monitor": "ops.cli.monitor:monitor",
    "ocsp": "ops.cli.ocsp:ocsp",
    "line": "ops.cli.line:line",
    "profiles": "ops.cli.profiles:profiles",
    "reconcile": "ops.cli.reconcile:reconcile",
    "repository": "ops.cli.repository:repository",
    "rules": "ops.cli.rules:rules",
    "serve": "ops.cli.running:serve",
    "setup": "ops.cli.setup:setup",
    "stock": "ops.cli.stock:stock",
    "token": "ops.cli.tokens:token",
    "worker": "ops.cli.running:worker",
}


ROW_NUMBER = click.IntRange(1, 2**63 - 1)
"""The number of a row; beyond it no database can be asked."""


class WrongUseError(click.ClickException):
    """A request that makes no sense as things are set: exit code 2."""

    exit_code = 2


class FoundError(click.ClickException):
    """Something is wrong with what was looked at: exit code 1."""

    exit_code = 1


class LazyGroup(click.Group):
    """Imports a command when it is asked for, so that `guanfang rules` needs no database driver."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None for an unknown one."""
        del ctx
        return _load(COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it refuses becomes a sentence."""
        from ops.database import DatabaseError, MigrationError
        from ops.settings import SettingsError
        from workflow.errors import RegistryError

        try:
            return super().invoke(ctx)
        except (SettingsError, MigrationError) as error:
            raise WrongUseError(str(error)) from error
        except RegistryError as error:
            raise FoundError(_sentences(error)) from error
        except DatabaseError as error:
            raise FoundError(f"the database does not answer as it should: {_first_line(error)}") from error


def _sentences(error: RegistryError) -> str:
    """Return what a refusal says, and of fields that need correcting what is wrong with each."""
    problems = getattr(error, "problems", ())
    return "\n".join([f"{error.zh} {error.en}", *(f"{one.field}: {one.zh} {one.en}" for one in problems)])


def _first_line(error: Exception) -> str:
    """Return what the driver said first, without the statement and its values."""
    said = str(getattr(error, "orig", None) or type(error).__name__).strip()
    return said.splitlines()[0] if said else type(error).__name__


def _load(place: str) -> click.Command | None:
    module, _, name = place.partition(":")
    try:
        found = getattr(import_module(module), name, None)
        if found is None or isinstance(found, ModuleType):
            found = getattr(import_module(f"{module}.{name}"), name)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(module):
            raise
        return None
    return found if isinstance(found, click.Command) else None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="guanfang")
def main() -> None:
    """Guanfang (關防), the registry that runs the paperwork of a smart-card PKI.

    Settings come from GUANFANG_… variables and from the TOML file that GUANFANG_CONFIG names; without
    GUANFANG_DATABASE_URL the database is an SQLite file under var/.
    """

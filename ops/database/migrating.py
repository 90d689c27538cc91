"""Bringing a database to a revision of the schema, forwards and backwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

import migrations

if TYPE_CHECKING:
    import sqlalchemy as sa

FOLDER = Path(migrations.__file__).parent


class MigrationError(Exception):
    """A migration that can't be made: an unknown revision, or a database address that is none."""


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate forwards; one transaction a migration, and only one migrator at a time."""
    _make_folder(url)
    _run(url, revision, forwards=True)


def downgrade(url: str, revision: str) -> None:
    """Migrate backwards; what the newer schema held beyond the older one is lost."""
    _run(url, revision, forwards=False)


def head_revision() -> str:
    """Return the newest revision that this code knows."""
    return str(_scripts().get_current_head())


def current_revision(engine: sa.Engine) -> str | None:
    """Return the revision at which the database stands; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(engine: sa.Engine) -> bool:
    """Tell whether the database stands at the newest revision."""
    return current_revision(engine) == head_revision()


def pending(engine: sa.Engine) -> tuple[str, ...]:
    """Return the migrations that `upgrade` would make, oldest first: revision and sentence."""
    current = current_revision(engine)
    try:
        found = list(_scripts().iterate_revisions("head", current or "base"))
    except CommandError as error:
        raise MigrationError(f"the database stands at {current}, which this version does not know") from error
    return tuple(f"{script.revision} {script.doc}" for script in reversed(found))


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER), version_locations=[str(FOLDER / "versions")])


def _run(url: str, revision: str, *, forwards: bool) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    # Not an option of the file: an address may hold a password and percent signs.
    config.attributes["url"] = url
    try:
        (command.upgrade if forwards else command.downgrade)(config, revision)
    except CommandError as error:
        raise MigrationError(str(error)) from error


def _make_folder(url: str) -> None:
    """Make the folder of an SQLite file that is not there yet."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise MigrationError("GUANFANG_DATABASE_URL is not a database address") from error
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)

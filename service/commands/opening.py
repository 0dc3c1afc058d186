"""What every command begins with: the settings of the environment, and the database they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from service.database import Database
    from service.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


def settings_of(**given: Any) -> "Settings":
    """The settings of the environment with these options before it; ends the command with 2 where they cannot be."""
    from service import logs, settings

    try:
        loaded = settings.load(**{name: value for name, value in given.items() if value is not None})
    except settings.ConfigurationError as error:
        for line in str(error).splitlines():
            typer.echo(f"engagements: {line}", err=True)
        raise typer.Exit(2) from None
    logs.configure(loaded)
    return loaded


@contextmanager
def opened(settings: "Settings") -> Iterator["Database"]:
    """The database, closed again in the end."""
    from service.database import Database

    database = Database(settings.database)
    try:
        yield database
    finally:
        database.dispose()

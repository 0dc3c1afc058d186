"""`engagements keys …`: making, listing and revoking the keys that programs and people bring.

A key is shown once, when it is made. A service that is running knows of a new key, or of a revoked one, a second later.
"""

import json
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import typer

from service.commands.opening import AsJson, opened, settings_of

commands = typer.Typer(help="The keys that a request may bring, and what each of them allows.", no_args_is_help=True)


@commands.command("make")
def make(
    name: Annotated[str, typer.Argument(help="Who will use it; what they change is kept under this name.")],
    scope: Annotated[
        Literal["read", "write", "admin"], typer.Option(help="What it allows; each includes those before it.")
    ] = "read",
    sees: Annotated[
        Literal["public", "internal", "confidential"], typer.Option(help="Up to which level of visibility it sees.")
    ] = "public",
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="After how many days it expires; never otherwise.")] = None,
) -> None:
    """Make a key, and print it. It cannot be shown again."""
    from service.access import keys
    from service.register.text import Line
    from service.register.validation import checked

    with opened(settings_of()) as database:
        first = not _rows(database)
        lifetime = timedelta(days=days) if days else None
        with database.writing() as connection:
            key = keys.make(connection, checked(Line, name), scope, sees, lifetime)
    typer.echo(key)
    if first:
        typer.echo("This is the first key: from now on, nothing is open without one, on this machine neither.", err=True)


@commands.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """All keys that were ever made, without their secrets."""
    with opened(settings_of()) as database:
        rows = _rows(database)
    if as_json:
        shown = [{name: value for name, value in row.items() if name != "digest"} for row in rows]
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2, default=datetime.isoformat))
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['scope']:<5}  {row['sees']:<12}  {_state(row):<30}  {row['name']}")
    if not rows:
        typer.echo("There are no keys.", err=True)


@commands.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="The id of the key, as `engagements keys list` shows it.")]) -> None:
    """Let a key be good for nothing from now on."""
    from service.access import keys

    with opened(settings_of()) as database, database.writing() as connection:
        keys.revoke(connection, key_id)
    typer.echo(f"The key {key_id} is revoked.")


def _rows(database: Any) -> Any:
    from service.access import keys
    from service.schema import require_current

    require_current(database)
    with database.reading() as connection:
        return keys.every(connection)


def _state(row: Any) -> str:
    from service.access import keys
    from service.register.table import now

    if row["revoked_at"]:
        return f"revoked {row['revoked_at']:%Y-%m-%d}"
    if not keys.is_good(row, now()):
        return f"expired {row['expires_at']:%Y-%m-%d}"
    used = f"used {row['last_used_at']:%Y-%m-%d %H:%M}" if row["last_used_at"] else "never used"
    return used + (f", until {row['expires_at']:%Y-%m-%d}" if row["expires_at"] else "")

"""The command line: `engagements serve | worker | migrate | seed | search | import | export | index … | keys … | openapi …`.

Every command reads the same `ENGAGEMENTS_` environment as the service. It exits with 0 when it did what was asked, 1 when
that was not possible, and 2 when it was asked wrongly. What only one command needs is loaded by that command alone, so
that the worker loads no web framework and `version` is quick.
"""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service import __version__
from service.commands import index, keys, transfer
from service.commands.opening import AsJson, opened, settings_of
from service.errors import Problem

if TYPE_CHECKING:
    from service.database import Database

cli = typer.Typer(
    name="engagements",
    help="The Engagement Register: who met whom, when, where, about what, and which source says so.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(index.commands, name="index")
cli.add_typer(keys.commands, name="keys")
cli.command("import")(transfer.import_file)
cli.command("export")(transfer.export_file)


def main() -> None:
    """Run the command line; a problem becomes one line on standard error and the exit code 1."""
    try:
        cli()
    except Problem as problem:
        for line in [problem.detail, *(fault.detail for fault in problem.faults if fault.detail != problem.detail)]:
            typer.echo(f"engagements: {line}", err=True)
        sys.exit(1)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; ENGAGEMENTS_HOST otherwise.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; ENGAGEMENTS_PORT otherwise.")] = None,
    migrate: Annotated[bool | None, typer.Option(help="Migrate first. Done by itself for the SQLite file.")] = None,
    seed: Annotated[bool, typer.Option(help="Load the seed data first, where it is not there yet.")] = False,
) -> None:
    """Serve the API, and keep the mirrors in step unless ENGAGEMENTS_WORKER is `outside`."""
    from service import schema, serving

    settings = settings_of(host=host, port=port)
    with opened(settings) as database:
        if migrate or (migrate is None and database.is_sqlite):
            schema.upgrade(database)
        if seed:
            _seed(database)
        serving.refuse_without_keys(settings, database)
    serving.serve(settings)


@cli.command()
def worker() -> None:
    """Keep the mirrors in step, as a process of its own, until it is told to stop."""
    from service import collector
    from service.mirror.worker import Worker
    from service.schema import require_current

    settings = settings_of()
    with opened(settings) as database:
        require_current(database)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Worker(settings):
        collector.settle_in()
        typer.echo(f"Keeping in step: {', '.join(mirror.name for mirror in settings.mirrors)}. Ctrl-C stops.", err=True)
        stop.wait()


@cli.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say whether the database and the code agree.")] = False,
) -> None:
    """Bring the database to the newest shape."""
    from service import schema

    with opened(settings_of()) as database:
        if not check:
            before = schema.current(database)
            schema.upgrade(database)
            typer.echo(f"The database stands at {schema.current(database)}{'' if before else ', made anew'}.")
            return
        found = [f"The database stands at {schema.current(database)}, the code at {schema.head()}."]
        found = [] if schema.current(database) == schema.head() else found
        with database.reading() as connection:
            found += [
                f"The trigger {name} is missing or changed."
                for name in (schema.missing_triggers(connection) if not found else [])
            ]
        found += schema.differences(database) if not found else []
    for line in found:
        typer.echo(line, err=True)
    if found:
        raise typer.Exit(1)
    typer.echo("The database and the code agree.")


@cli.command()
def seed(as_json: AsJson = False) -> None:
    """Load the seed data: the real engagements of a Korean province. A second time loads nothing twice."""
    from service.schema import require_current

    with opened(settings_of()) as database:
        require_current(database)
        report = _seed(database, quiet=as_json)
    typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2) if as_json else "\n".join(report.lines()))


@cli.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for, in Korean or English.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many hits to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Search the index of the first mirror that can answer."""
    import asyncio

    from service.mirror.asking import Answered, Search
    from service.mirror.freshness import Watch
    from service.register.audience import OFFICE
    from service.search import hits, question

    settings = settings_of()

    async def ask() -> Answered:
        with opened(settings) as database:
            asking = Search(settings.mirrors, settings.data_dir, settings.database, Watch(database, settings.poll_seconds))
            try:
                return await asking.ask(question.Question(text=" ".join(words), limit=limit), OFFICE)
            finally:
                await asking.close()

    found = asyncio.run(ask())
    items, total, notes = hits.hits(found.answer, found.way.query.text), found.answer.total, question.told(found.way)
    if as_json:
        typer.echo(json.dumps({"total": total, "understood": notes, "items": items}, ensure_ascii=False, indent=2))
        return
    for hit in items:
        typer.echo(
            f"{hit['when'] or 'undated':<24}{hit['title_en'] or hit['title_ko']}  [{', '.join(hit['external_ids']) or hit['id']}]"
        )
    typer.echo("".join(f"{note}\n" for note in notes) + (f"{total} found" if total else "Nothing found."))


@cli.command()
def openapi(
    check: Annotated[
        Path | None, typer.Option(help="Compare with this file instead of printing, and exit with 1 when they differ.")
    ] = None,
) -> None:
    """Print the OpenAPI document of the API."""
    from service.app import create_app

    document = json.dumps(create_app(settings_of()).openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    if check is None:
        typer.echo(document, nl=False)
    elif not check.is_file() or check.read_text(encoding="utf-8") != document:
        typer.echo(f"{check} is not the document of this version; write it with: engagements openapi > {check}", err=True)
        raise typer.Exit(1)


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _seed(database: "Database", *, quiet: bool = False) -> Any:
    from service import seeding
    from service.settings import resource

    return seeding.load(database, resource("seed"), progress=None if quiet else _progress())


def _progress() -> Callable[[str, int, int], None]:
    """A line that is written over where standard error is a terminal, and one line a step elsewhere."""
    terminal = sys.stderr.isatty()

    def show(step: str, done: int, total: int) -> None:
        if terminal:
            sys.stderr.write(f"\r{step}: {done} of {total}\x1b[K" + ("\n" if done >= total else ""))
            sys.stderr.flush()
        elif done >= total:
            typer.echo(f"{step}: {total}", err=True)

    return show

"""The command line: `engagements serve | worker | migrate | seed | search | index status | openapi | version`.

Every command reads the same `ENGAGEMENTS_` environment as the service. It exits with 0 when it did what was asked, 1 when
that was not possible, and 2 when it was asked wrongly. What only one command needs is loaded by that command alone, so
that the worker loads no web framework and `version` is quick.
"""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service import __version__
from service.errors import Problem

if TYPE_CHECKING:
    from service.database import Database
    from service.settings import Settings

cli = typer.Typer(
    name="engagements",
    help="The Engagement Register: who met whom, when, where, about what, and which source says so.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
index = typer.Typer(help="The search index: how far every mirror is.", no_args_is_help=True)
cli.add_typer(index, name="index")

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


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

    settings = _settings(host=host, port=port)
    with _open(settings) as database:
        if migrate or (migrate is None and database.is_sqlite):
            schema.upgrade(database)
        if seed:
            _seed(database)
    serving.serve(settings)


@cli.command()
def worker() -> None:
    """Keep the mirrors in step, as a process of its own, until it is told to stop."""
    from service.mirror.worker import Worker
    from service.schema import require_current

    settings = _settings()
    with _open(settings) as database:
        require_current(database)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Worker(settings):
        typer.echo(f"Keeping in step: {', '.join(mirror.name for mirror in settings.mirrors)}. Ctrl-C stops.", err=True)
        stop.wait()


@cli.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say whether the database and the code agree.")] = False,
) -> None:
    """Bring the database to the newest shape."""
    from service import schema
    from service.mirror import capture

    with _open(_settings()) as database:
        if not check:
            before = schema.current(database)
            schema.upgrade(database)
            typer.echo(f"The database stands at {schema.current(database)}{'' if before else ', made anew'}.")
            return
        found = [f"The database stands at {schema.current(database)}, the code at {schema.head()}."]
        found = [] if schema.current(database) == schema.head() else found
        with database.reading() as connection:
            found += [f"The trigger {name} is missing or changed." for name in (capture.missing(connection) if not found else [])]
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

    with _open(_settings()) as database:
        require_current(database)
        report = _seed(database, quiet=as_json)
    typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2) if as_json else "\n".join(report.lines()))


@cli.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for, in Korean or English.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many hits to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Search the index of the first mirror."""
    import asyncio

    from service.search import question
    from service.search.engines import open_searcher

    settings = _settings()

    async def ask() -> tuple[list[dict[str, Any]], int]:
        searcher = open_searcher(settings.mirrors[0], settings.data_dir)
        query = question.to_query(question.Question(text=" ".join(words), limit=limit))
        try:
            answer, _ = await question.ask(searcher, query)
        finally:
            await searcher.close()
        return question.hits(answer, query.text), answer.total

    found, total = asyncio.run(ask())
    if as_json:
        typer.echo(json.dumps({"total": total, "items": found}, ensure_ascii=False, indent=2))
        return
    for hit in found:
        typer.echo(
            f"{hit['when'] or 'undated':<24}{hit['title_en'] or hit['title_ko']}  [{', '.join(hit['external_ids']) or hit['id']}]"
        )
    typer.echo(f"{total} found" if total else "Nothing found.")


@index.command("status")
def index_status(as_json: AsJson = False) -> None:
    """How far every mirror is. Exits with 1 while one is not in step."""
    from service.mirror import status

    with _open(_settings()) as database:
        mirrors = status.read(database)
    if as_json:
        typer.echo(json.dumps([asdict(mirror) for mirror in mirrors], ensure_ascii=False, indent=2, default=str))
    for mirror in [] if as_json else mirrors:
        state = "in step" if mirror.in_step else f"{mirror.pending} pending for {mirror.lag_ms} ms"
        typer.echo(f"{mirror.name} ({mirror.engine}): {state}, {mirror.documents} documents, {mirror.dead} set aside")
        if mirror.last_error:
            typer.echo(f"  last error at {mirror.last_error_at}: {mirror.last_error}")
    if not mirrors:
        typer.echo("No mirror is enrolled yet; the first start of `serve` or `worker` enrols them.", err=True)
    if not mirrors or not all(mirror.in_step for mirror in mirrors):
        raise typer.Exit(1)


@cli.command()
def openapi(
    check: Annotated[
        Path | None, typer.Option(help="Compare with this file instead of printing, and exit with 1 when they differ.")
    ] = None,
) -> None:
    """Print the OpenAPI document of the API."""
    from service.app import create_app

    document = json.dumps(create_app(_settings()).openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    if check is None:
        typer.echo(document, nl=False)
    elif not check.is_file() or check.read_text(encoding="utf-8") != document:
        typer.echo(f"{check} is not the document of this version; write it with: engagements openapi > {check}", err=True)
        raise typer.Exit(1)


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _settings(**given: Any) -> "Settings":
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
def _open(settings: "Settings") -> Iterator["Database"]:
    from service.database import Database

    database = Database(settings.database)
    try:
        yield database
    finally:
        database.dispose()


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

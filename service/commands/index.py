"""`engagements index …`: how far every mirror is, and what an operator can do about it.

What has to be written to an engine is done by the worker, which alone may; these commands leave their wish in the database
and say so, or watch until it is done.
"""

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from service.commands.opening import AsJson, opened, settings_of
from service.errors import Problem

if TYPE_CHECKING:
    from service.database import Database
    from service.mirror.audit import Report
    from service.mirror.status import MirrorStatus
    from service.settings import Settings

commands = typer.Typer(help="The search index: how far every mirror is, and what can be done about it.", no_args_is_help=True)

OneMirror = Annotated[str | None, typer.Option("--mirror", help="One mirror by its name; all of them otherwise.")]

_LOOK_SECONDS: Final = 0.2


@commands.command("status")
def status(as_json: AsJson = False) -> None:
    """How far every mirror is. Exits with 1 while one is not in step."""
    from service.mirror import status as told

    with opened(settings_of()) as database:
        mirrors = told.read(database)
    if as_json:
        typer.echo(json.dumps([asdict(mirror) for mirror in mirrors], ensure_ascii=False, indent=2, default=str))
    for mirror in [] if as_json else mirrors:
        typer.echo("\n".join(_lines(mirror)))
    if not mirrors:
        typer.echo("No mirror is enrolled yet; the first start of `serve` or `worker` enrols them.", err=True)
    if not mirrors or not all(mirror.in_step for mirror in mirrors):
        raise typer.Exit(1)


def _lines(mirror: "MirrorStatus") -> list[str]:
    pending = f", {mirror.pending} pending for {mirror.lag_ms} ms" if mirror.pending else ""
    state = mirror.state.replace("-", " ")
    lines = [f"{mirror.name} ({mirror.engine}): {state}{pending}, {mirror.documents} documents, {mirror.dead} set aside"]
    if mirror.build.state != "idle":
        lines.append(f"  rebuild: {mirror.build.state}, {mirror.build.documents} of {mirror.build.total} ({mirror.build.reason})")
    elif mirror.build.wanted:
        lines.append(f"  rebuild wanted: {mirror.build.wanted}")
    if mirror.build.last_error:
        lines.append(f"  last rebuild abandoned: {mirror.build.last_error}")
    if mirror.doubt:
        lines.append(f"  in doubt: {mirror.doubt}")
    if mirror.last_error:
        lines.append(f"  last error at {mirror.last_error_at}: {mirror.last_error}")
    if mirror.last_audit:
        audit = mirror.last_audit
        wrong = {kind: audit[kind] for kind in ("missing", "extra", "stale")}
        lines.append(f"  last audit at {audit['ended_at']}: {audit['documents']} documents, {wrong}")
    if mirror.hint:
        lines.append(f"  hint: {mirror.hint}")
    return lines


@commands.command("rebuild")
def rebuild(
    mirror: OneMirror = None,
    back: Annotated[bool, typer.Option("--back", help="Go back to the index that was replaced last.")] = False,
    wait: Annotated[float, typer.Option(help="For how many seconds to watch; 0 only leaves the wish.")] = 600.0,
) -> None:
    """Build the index anew beside the live one, which goes on answering. Exits with 1 where that was not done in time."""
    from service.mirror import ledger
    from service.mirror.rebuild import ROLLBACK

    settings = settings_of()
    with opened(settings) as database:
        names = [each.name for each in _mirrors(database, mirror)]
        for name in names:
            if not ledger.want_rebuild(database, name, ROLLBACK if back else "an operator asked for it"):
                typer.echo(f"{name}: a rebuild is under way already.", err=True)
        done = [_watched(database, name, wait) for name in names if wait > 0]
    if not all(done):
        raise typer.Exit(1)


def _watched(database: "Database", name: str, seconds: float) -> bool:
    """Show the states that a rebuild goes through until it is done; false where it was not, or was abandoned."""
    from service.mirror import status as told

    until, shown = time.monotonic() + seconds, ""
    while time.monotonic() < until:
        mirror = next(each for each in told.read(database) if each.name == name)
        if mirror.build.failures and mirror.build.state == "idle":
            typer.echo(f"{name}: abandoned, {mirror.build.last_error}", err=True)
            return False
        if not mirror.build.wanted and mirror.build.state == "idle":
            error = f", {mirror.build.last_error}" if mirror.build.last_error else ""
            typer.echo(f"{name}: done{error}.", err=True)
            return not error
        if mirror.build.state != shown:
            shown = mirror.build.state
            typer.echo(f"{name}: {shown}, {mirror.build.documents} of {mirror.build.total}", err=True)
        time.sleep(_LOOK_SECONDS)
    typer.echo(f"{name}: not done within {seconds:g} s. Is a worker running?", err=True)
    return False


@commands.command("audit")
def audit(
    mirror: OneMirror = None,
    repair: Annotated[bool, typer.Option("--repair", help="Have the worker send anew what is wrong.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every document of a mirror with the register. Exits with 1 where one is missing, extra or stale."""
    settings = settings_of()
    with opened(settings) as database:
        reports = [_audited(database, settings, each.name, repair) for each in _mirrors(database, mirror)]
    if as_json:
        typer.echo(json.dumps([report.as_json() for report in reports], ensure_ascii=False, indent=2))
    for report in [] if as_json else reports:
        found = f"{report.missing} missing, {report.extra} extra, {report.stale} stale"
        mended = ", given to the worker to send anew" if report.repaired else ""
        typer.echo(f"{report.mirror}: {report.documents} documents compared; {found}{mended}")
        for kind, ids in report.named.items():
            typer.echo("".join(f"  {kind} {document_id}\n" for document_id in ids), nl=False)
        if report.settings:
            typer.echo(f"  settings that differ: {', '.join(report.settings)}")
    if any(report.wrong or report.settings for report in reports):
        raise typer.Exit(1)


def _audited(database: "Database", settings: "Settings", name: str, repair: bool) -> "Report":
    from service.mirror import copies
    from service.mirror.audit import Audit
    from service.search.engines import open_engine

    configured = next((each for each in settings.mirrors if each.name == name), None)
    with database.reading() as connection:
        live = copies.standing(connection, name).live
    if configured is None or live is None:
        raise Problem(f"The mirror {name!r} has no index that could be audited yet.")
    engine = open_engine(configured, settings.data_dir)
    try:
        return Audit(database, engine, live, repair=repair).run()
    finally:
        engine.close()


@commands.command("dead")
def dead(as_json: AsJson = False) -> None:
    """The documents that were set aside because an engine refuses them, with its reasons."""
    from service.mirror import status as told

    with opened(settings_of()) as database:
        found = told.dead(database)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2, default=str))
        return
    for each in found:
        typer.echo(f"{each.mirror}  {each.document_id}  {each.code}: {each.message}")
    if not found:
        typer.echo("Nothing is set aside.")


@commands.command("retry")
def retry(
    document: Annotated[str | None, typer.Argument(help="The id of one document; all that are set aside otherwise.")] = None,
) -> None:
    """Give documents that were set aside another try."""
    from service.mirror import ledger

    with opened(settings_of()) as database:
        count = ledger.retry(database, document)
    typer.echo(f"{count} documents are tried again.")


def _mirrors(database: "Database", name: str | None) -> list["MirrorStatus"]:
    from service.mirror import status as told

    found = [mirror for mirror in told.read(database) if name in (None, mirror.name)]
    if not found:
        raise Problem(f"There is no mirror {name!r}." if name else "No mirror is enrolled yet; start `serve` or `worker` once.")
    return found

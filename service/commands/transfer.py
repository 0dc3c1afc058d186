"""`engagements import` and `engagements export`: files in and out, by whoever may do everything."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.opening import AsJson, opened, settings_of

if TYPE_CHECKING:
    from service.transfer.importing import Plan


class Plural(StrEnum):
    """What a file has records of."""

    ENGAGEMENTS = "engagements"
    PEOPLE = "people"
    ORGANIZATIONS = "organizations"
    TOPICS = "topics"
    SOURCES = "sources"


class Format(StrEnum):
    """How a file is written."""

    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"


class Language(StrEnum):
    """In which language headings are written, and problems told."""

    EN = "en"
    KO = "ko"


def import_file(
    noun: Annotated[Plural, typer.Argument(help="What the file has records of.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A .csv, .xlsx or .jsonl file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done, and what is wrong.")] = False,
    mapping: Annotated[str | None, typer.Option(help="A mapping that ships (visits, travels), or a file of one.")] = None,
    good_rows: Annotated[bool, typer.Option("--good-rows", help="Take in what is right, and leave out the rest.")] = False,
    language: Annotated[Language, typer.Option(help="In which language problems are told.")] = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Take in a file of records. Without --good-rows, nothing is recorded where any row is wrong."""
    from service.register.verbs.journal import Actor
    from service.schema import require_current
    from service.transfer import importing

    plan = _plan(noun, file, mapping, dry_run=dry_run, atomic=not good_rows)
    with opened(settings_of()) as database, file.open("rb") as content:
        require_current(database)
        try:
            report = importing.take_in(database, content, plan, by=Actor(f"import of {file.name}"[:200]), language=language.value)
        except importing.ImportRefused as refused:
            _tell(refused.members["report"], as_json)
            raise
    _tell(report.as_json(plan, language.value), as_json)
    if report.troubles:
        raise typer.Exit(1)


def export_file(
    noun: Annotated[Plural, typer.Argument(help="What to give out.")],
    output: Annotated[Path, typer.Argument(help="The file to write; its ending says how: .jsonl, .csv or .xlsx.")],
    language: Annotated[Language, typer.Option(help="Of headings and codes in tables.")] = Language.EN,
) -> None:
    """Give out all records of a noun. JSON Lines lose nothing and can be taken in again."""
    from service.register.audience import OFFICE
    from service.schema import require_current
    from service.transfer import exporting

    form = _format(output)
    with opened(settings_of()) as database:
        require_current(database)
        found = exporting.pages(database, _noun(noun), _no_filters(noun), audience=OFFICE)
        with output.open("wb") as file:
            if form is Format.XLSX:
                with exporting.workbook(_noun(noun), found, language.value) as book:
                    file.writelines(iter(lambda: book.read(1 << 16), b""))
            elif form is Format.CSV:
                file.writelines(exporting.csv_text(_noun(noun), found, language.value, mark=True))
            else:
                file.writelines(exporting.lines(_noun(noun), found))
    typer.echo(f"{output}: {output.stat().st_size} bytes", err=True)


def _plan(noun: Plural, file: Path, mapping: str | None, *, dry_run: bool, atomic: bool) -> "Plan":
    from service.transfer import mapping as mappings
    from service.transfer.importing import Plan

    written = Path(mapping).read_text(encoding="utf-8") if mapping and Path(mapping).is_file() else mapping
    return Plan(_noun(noun), _format(file).value, mappings.named(_noun(noun), written), dry_run, atomic)


def _format(file: Path) -> Format:
    try:
        return Format(file.suffix.lower().removeprefix("."))
    except ValueError:
        raise typer.BadParameter(f"{file.name} ends in none of .jsonl, .csv, .xlsx") from None


def _noun(plural: Plural) -> Any:
    return "person" if plural is Plural.PEOPLE else plural.value.removesuffix("s")


def _no_filters(plural: Plural) -> Any:
    from service.register.reading import directory, engagements

    return {
        Plural.ENGAGEMENTS: engagements.EngagementFilters,
        Plural.PEOPLE: directory.PersonFilters,
        Plural.ORGANIZATIONS: directory.OrganizationFilters,
        Plural.TOPICS: directory.TopicFilters,
        Plural.SOURCES: directory.SourceFilters,
    }[plural]()


def _tell(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for column in report["columns"]:
        typer.echo(f"{column['heading']:<30} {column['column'] or 'not understood, left out'} ({column['how']})")
    for problem in report["problems"]:
        where = f"row {problem['row']}" + (f", {problem['column']}" if problem["column"] else "")
        typer.echo(f"{where}: {problem['detail']}", err=True)
    counts = {**report["counts"], **{f"{noun} recorded beside": count for noun, count in report["recorded_beside"].items()}}
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    typer.echo(f"{report['rows']} rows{' looked at' if report['dry_run'] else ''}: {told}")

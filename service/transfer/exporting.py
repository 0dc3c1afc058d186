"""Giving records out: as JSON Lines, which lose nothing, or as a table for people.

Records are read page by page in the order of recording, so that a file of any length costs the memory of a page. A page sees one
moment; what is changed while the file is written may be in it or not, and what is recorded meanwhile comes last.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, Final, Literal

import orjson
import xlsxwriter

from service.database import Database
from service.register.audience import Audience
from service.register.reading import directory, engagements
from service.register.reading.question import Window
from service.register.reading.records import Noun
from service.register.verbs.journal import as_header
from service.register.verbs.revising import PARTS, part_as_given
from service.transfer import columns
from service.transfer.tables import neutral
from service.transfer.trouble import Language

Format = Literal["jsonl", "csv", "xlsx"]

MEDIA_TYPES: Final[dict[Format, str]] = {
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PAGE: Final = 500
_MARK: Final = "﻿"


def pages(register: Database, noun: Noun, filters: Any, *, audience: Audience) -> Iterator[list[dict[str, Any]]]:
    """All records that pass the filters, whole, page by page."""
    window = Window("recorded_at", None, _PAGE)
    while True:
        if noun == "engagement":
            found = engagements.list_whole(register, filters, window, audience=audience)
        else:
            found = directory.list_records(register, noun, filters, window, audience=audience)
        yield [orjson.loads(item) for item in found.items]
        if found.next is None:
            return
        window = window._replace(after=found.next)


def as_recorded(noun: Noun, record: Mapping[str, Any]) -> dict[str, Any]:
    """A record in the form in which it is recorded, with its id: what a line of JSON Lines has."""
    header = as_header(noun, dict(record))
    parts: dict[str, Any] = {part: [part_as_given(each) for each in record[part]] for part in PARTS if part in record}
    return {"id": record["id"], **header, **parts}


def lines(noun: Noun, found: Iterable[list[dict[str, Any]]]) -> Iterator[bytes]:
    """JSON Lines, a page at a time."""
    for page in found:
        yield b"".join(orjson.dumps(as_recorded(noun, record), option=orjson.OPT_APPEND_NEWLINE) for record in page)


def csv_text(noun: Noun, found: Iterable[list[dict[str, Any]]], language: Language, *, mark: bool) -> Iterator[bytes]:
    """CSV (RFC 4180) in UTF-8, a page at a time; with a mark, Excel takes it for what it is. No cell is run as a formula."""
    written = columns.written(noun)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write(_MARK if mark else "")
    writer.writerow(columns.headings(written, language))
    for page in found:
        writer.writerows([neutral(cell) for cell in columns.cells(written, record, language)] for record in page)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def workbook(noun: Noun, found: Iterable[list[dict[str, Any]]], language: Language) -> IO[bytes]:
    """A workbook (.xlsx) in a temporary file, written row by row; its cells are text, so that none is run as a formula."""
    written = columns.written(noun)
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed by whoever sends it
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, columns.headings(written, language), bold)
    row = 0
    for page in found:
        for record in page:
            row += 1
            for column, cell in enumerate(columns.cells(written, record, language)):
                if cell:
                    sheet.write_string(row, column, cell[:32_767])
    book.close()
    file.seek(0)
    return file

"""Rows of a table file, one after the other: CSV in any usual encoding and with any separator, or a workbook's first sheet."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO, Final, NamedTuple

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from service.transfer.decoding import encoding_of
from service.transfer.trouble import TooMuch, Unreadable

_LONGEST_CELL: Final = 100_000
_MOST_COLUMNS: Final = 300
_MOST_UNPACKED: Final = 512 << 20
_MOST_PACKED_TIMES: Final = 200
_SMALL: Final = 10 << 20
"""Bytes: what is unpacked to less than this may be packed as tightly as it likes."""

_SEPARATORS: Final = ",;\t"
_NEUTRALISED: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""


class Row(NamedTuple):
    """The cells of a row as text, and its number in the file; the header is row 1."""

    number: int
    cells: list[str]


def neutral(text: str) -> str:
    """Text that no spreadsheet runs as a formula: with an apostrophe before it, which `plain` takes away."""
    return f"'{text}" if text.lstrip("'").startswith(_NEUTRALISED) else text


def plain(text: str) -> str:
    """The text before it was made neutral."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_NEUTRALISED) else text


def csv_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows of a CSV file (RFC 4180). Raises `Unreadable` with the row where it cannot be read any further."""
    encoding = encoding_of(file)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        separator = _separator(text.readline(_LONGEST_CELL))
        text.seek(0)
        reader = csv.reader(text, delimiter=separator, strict=True)
        csv.field_size_limit(_LONGEST_CELL)
        number = 0
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise Unreadable(f"Row {number + 1}, which begins before line {reader.line_num + 1}: {_meant(error)}") from None
            if cells is None:
                return
            number += 1
            if len(cells) > _MOST_COLUMNS:
                raise Unreadable(f"Row {number} has {len(cells)} cells; {_MOST_COLUMNS} are read at most")
            if any(cells):
                yield Row(number, [plain(cell.strip("﻿")) for cell in cells])
    finally:
        text.detach()


def _separator(first_line: str) -> str:
    outside = "".join(first_line.split('"')[::2])
    return max(_SEPARATORS, key=outside.count)


def _meant(error: csv.Error) -> str:
    told = str(error)
    if "field larger" in told:
        return f"a cell has more than {_LONGEST_CELL} characters; perhaps a quotation mark is not closed"
    if "NUL" in told:
        return "it has a NUL character, which no text has"
    return f"{told}; a quotation mark inside of a cell is written twice"


def sheet_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows of the first sheet of a workbook (.xlsx), read one by one.

    Raises `Unreadable` for what is no workbook, and `TooMuch` for one that would become too large when it is unpacked.
    """
    _refuse_bombs(file)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as error:
        raise Unreadable(f"The file is no workbook that can be read: {error}") from None
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS), 1):
            row = [_text(cell, number) for cell in cells]
            while row and not row[-1]:
                row.pop()
            if row:
                yield Row(number, row)
    except (KeyError, ValueError, SyntaxError, zipfile.BadZipFile, EOFError) as error:
        raise Unreadable(f"The workbook cannot be read: {error}") from None
    finally:
        book.close()


def _refuse_bombs(file: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise Unreadable("The workbook is encrypted; save it without a password")
    except zipfile.BadZipFile:
        hint = "an old or encrypted workbook" if _begins_old(file) else "no workbook"
        raise Unreadable(f"The file is {hint}; save it as .xlsx without a password, or as CSV") from None
    # No more than what is declared is ever unpacked.
    unpacked, packed_size = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if unpacked > _MOST_UNPACKED or (unpacked > _SMALL and unpacked > packed_size * _MOST_PACKED_TIMES):
        megabytes = unpacked >> 20
        raise TooMuch(f"The workbook of {packed_size >> 10} KiB would become {megabytes} MiB when it is unpacked; save it as CSV")
    file.seek(0)


def _begins_old(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _text(cell: Any, number: int) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell)
    if len(text) > _LONGEST_CELL:
        raise Unreadable(f"Row {number} has a cell of more than {_LONGEST_CELL} characters")
    return plain(text)

"""Dates as the sources know them: an EDTF string, and the inclusive days between which the thing happened.

The profile is EDTF level 1 (Library of Congress, 4 February 2019; ISO 8601-2:2019) for years 0001 to 9999:

    2023-11-06              a day                       2023, 2023-10             a year, a month
    2024-05~  2023-09?      approximate, uncertain      2023-04%                  both
    2023-10-XX  202X        digits not known            2023-10-30/2023-11-03     from … to …, both included
    ../2024-04  2025-06/..  open at one end             2022/2024-06?             each end may carry its own mark

Seasons (2024-21), years beyond four digits and the sets of level 2 are not accepted. The derived days are what is
filtered and sorted on; marks do not widen them, because nobody knows by how much.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

Precision = Literal["day", "month", "year", "decade", "century", "interval", "undated"]
Qualifier = Literal["none", "uncertain", "approximate", "uncertain-approximate"]

PRECISIONS: Final = ("day", "month", "year", "decade", "century", "interval", "undated")
QUALIFIERS: Final = ("none", "uncertain", "approximate", "uncertain-approximate")

_DATE = re.compile(r"(?P<year>\d{4}|\d{3}X|\d{2}XX)(?:-(?P<month>\d\d|XX)(?:-(?P<day>\d\d|XX))?)?(?P<mark>[?~%]?)", re.ASCII)
_EXPECTED = "EDTF level 1 is expected, such as 2023-11-06, 2023-10, 2024-05~, 2023-10-30/2023-11-03 or ../2024-04"
_MARKS: Final[dict[frozenset[str], Qualifier]] = {
    frozenset(): "none",
    frozenset("?"): "uncertain",
    frozenset("~"): "approximate",
    frozenset("?~"): "uncertain-approximate",
}


@dataclass(frozen=True, slots=True)
class When:
    """A date as stated, with the inclusive days derived from it; None is an open or unknown end."""

    edtf: str | None
    start: date | None
    end: date | None
    precision: Precision
    qualifier: Qualifier


UNDATED: Final = When(None, None, None, "undated", "none")


class _End(NamedTuple):
    start: date
    end: date
    precision: Precision
    marks: frozenset[str]


@lru_cache(maxsize=65536)
def parse(edtf: str) -> When:
    """The days that an EDTF string stands for.

    Raises ValueError with a sentence that says what is wrong and what would be right.
    """
    if "/" in edtf:
        return _interval(edtf)
    only = _date(edtf, edtf)
    return When(edtf, only.start, only.end, only.precision, _MARKS[only.marks])


def _interval(edtf: str) -> When:
    first, _, last = edtf.partition("/")
    start = None if first in ("", "..") else _date(first, edtf)
    end = None if last in ("", "..") else _date(last, edtf)
    if start is None and end is None:
        raise ValueError(f"{edtf!r} is open at both ends; leave the date out instead")
    if start and end and start.start > end.end:
        raise ValueError(f"{edtf!r} ends before it begins; the earlier date comes first")
    marks = (start.marks if start else frozenset()) | (end.marks if end else frozenset())
    return When(edtf, start.start if start else None, end.end if end else None, "interval", _MARKS[marks])


def _date(text: str, whole: str) -> _End:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{whole!r} is no date that can be kept: {_EXPECTED}")
    year, month, day, mark = found.group("year", "month", "day", "mark")
    marks = frozenset("?~") if mark == "%" else frozenset(mark)
    if "X" in year:
        if (month or day) and {month, day} - {"XX", None}:
            raise ValueError(f"{whole!r} has a month in a year that is not known: {_EXPECTED}")
        first, last = int(year.replace("X", "0")), int(year.replace("X", "9"))
        return _End(_day(max(first, 1), 1, 1, whole), _day(last, 12, 31, whole), "century" if "XX" in year else "decade", marks)
    if month in (None, "XX"):
        if day not in (None, "XX"):
            raise ValueError(f"{whole!r} has a day in a month that is not known: {_EXPECTED}")
        return _End(_day(int(year), 1, 1, whole), _day(int(year), 12, 31, whole), "year", marks)
    return _within_month(int(year), int(month), day, marks, whole)


def _within_month(year: int, month: int, day: str | None, marks: frozenset[str], whole: str) -> _End:
    if day in (None, "XX"):
        first = _day(year, month, 1, whole)
        return _End(first, first.replace(day=monthrange(year, month)[1]), "month", marks)
    only = _day(year, month, int(day), whole)
    return _End(only, only, "day", marks)


def _day(year: int, month: int, day: int, whole: str) -> date:
    if 21 <= month <= 41:
        raise ValueError(f"{whole!r} is a season, which is not kept: give the months, such as 2024-03/2024-05")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f"{whole!r} names a day that no calendar has: {error}") from None


def years(when: When, limit: int = 60) -> list[int]:
    """The calendar years that the days touch; of a span open at one end, or over `limit` years long, only the known ends."""
    if when.start is None or when.end is None or when.end.year - when.start.year > limit:
        return sorted({day.year for day in (when.start, when.end) if day})
    return list(range(when.start.year, when.end.year + 1))


def _check(edtf: str) -> str:
    try:
        return parse(edtf).edtf or edtf
    except ValueError as error:
        raise PydanticCustomError("edtf", "{hint}", {"hint": str(error)}) from None


Edtf = Annotated[
    str,
    StringConstraints(max_length=40, strip_whitespace=True),
    AfterValidator(_check),
    WithJsonSchema(
        {"type": "string", "maxLength": 40, "description": "EDTF level 1, such as 2024-05~", "examples": ["2024-05~"]}
    ),
]
"""A field that holds an EDTF string of this profile."""

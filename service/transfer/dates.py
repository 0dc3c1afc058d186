"""Dates as people write them in tables, turned into EDTF: 3 June 2024, 2024.6.3, 2024년 6월 3일, and spans of such."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from service.register import when
from service.search.dates import MONTHS

_MONTHS: Final = {name: number for number, name in enumerate(MONTHS, 1)} | {
    name[:3]: number for number, name in enumerate(MONTHS, 1)
}
_NUMERIC: Final = re.compile(r"(\d{4})\s*[.\-/년]\s*(\d{1,2})\s*(?:[.\-/월]\s*(?:(\d{1,2})\s*[.일]?)?)?")
_MONTH_FIRST: Final = re.compile(r"([a-z]{3,9})\.?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]{3,9})\.?,?\s+(\d{4})")
_SPAN: Final = re.compile(r"\s+(?:-|–|—|~|to|until)\s+|\s*[–—~]\s*(?=\S)|\s*부터\s*", re.IGNORECASE)


@lru_cache(maxsize=4096)
def edtf(text: str) -> str:
    """The EDTF string that a date or span in a cell means. Raises `ValueError` for what is neither."""
    text = text.strip().removesuffix("까지").strip()
    try:
        when.parse(text)
    except ValueError:
        pass
    else:
        return text
    if (one := _day(text)) is not None:
        return one
    parts = [part for part in _SPAN.split(text) if part]
    if len(parts) == 2 and (start := _day(parts[0])) and (end := _day(parts[1]) or _rest_of(parts[1], start)):
        return span(start, end)
    raise ValueError(f"{text!r} is no date that is understood; write 2024-06-03, or 2024-06-03/2024-06-05")


def span(start: str, end: str) -> str:
    """From the one to the other; one day is no span. Raises `ValueError` where the end comes first."""
    if start == end:
        return start
    made = f"{start}/{end}"
    when.parse(made)
    return made


def _day(text: str) -> str | None:
    lowered = text.strip().lower()
    if found := _NUMERIC.fullmatch(lowered):
        return _made(found[1], int(found[2]), found[3])
    if found := _MONTH_FIRST.fullmatch(lowered):
        return _made(found[3], _MONTHS.get(found[1]), found[2])
    if found := _DAY_FIRST.fullmatch(lowered):
        return _made(found[3], _MONTHS.get(found[2]), found[1])
    return None


def _rest_of(text: str, start: str) -> str | None:
    """A day whose year, or year and month, are those of the start: 2024.6.3 ~ 6.5."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if len(start) != 10 or len(numbers) not in (1, 2) or not re.fullmatch(r"[\d\s./월일\-]+", text):
        return None
    month = numbers[0] if len(numbers) == 2 else int(start[5:7])
    return _made(start[:4], month, str(numbers[-1]))


def _made(year: str, month: int | None, day: str | None) -> str | None:
    if month is None or not 1 <= month <= 12:
        return None
    if day is None:
        return f"{year}-{month:02}"
    try:
        return date(int(year), month, int(day)).isoformat()
    except ValueError:
        return None

"""Dates in the words of a question, in English and Korean: where they stand, and what they mean as EDTF.

2024년 5월 14일   2024.5.14   May 14, 2024   14 May 2024   2024-05-14        a day
2024년 5월   2024.5   May 2024   2024-05                                      a month
2024년 상반기   first half of 2024   2024년 1분기   Q1 2024                    a part of a year
2024년   2024   작년   last year                                              a year
2023-2024   2023..2024   2023년~2024년   from 2023 to 2024   2023-10/2024-04   a span
지난달   last month   오늘   today                                            counted from the day of asking
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from service.register import when

MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NUMBERS: Final = {name[:length]: number for number, name in enumerate(MONTHS, 1) for length in (3, len(name))} | {"sept": 9}
_YEAR: Final = r"(?:19[5-9]\d|20\d\d)"
_NAME: Final = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_AFTER: Final = r"(?:에서의|에서|에는|에도|에|의|부터|까지|도|은|는|이|을|중에|중)?(?![가-힣\w])"
"""What may follow a Korean date, and that the word ends there."""


class Found(NamedTuple):
    """A date in a text: from `start` to `end`, in code points, and what it means."""

    start: int
    end: int
    edtf: str


Meaning = Callable[[re.Match[str], date], str | None]


def _ymd(year: str, month: str, day: str) -> str:
    return f"{int(year):04}-{int(month):02}-{int(day):02}"


def _ym(year: str, month: str | int) -> str:
    return f"{int(year):04}-{int(month):02}"


def _part_of_year(year: str, first: int, months: int) -> str:
    return f"{_ym(year, first)}/{_ym(year, first + months - 1)}"


def _half(found: re.Match[str], _: date) -> str:
    return _part_of_year(found["year"], 1 if found["half"] in ("상", "first") else 7, 6)


def _quarter(found: re.Match[str], _: date) -> str:
    return _part_of_year(found["year"], 3 * int(found["quarter"]) - 2, 3)


def _span(found: re.Match[str], _: date) -> str | None:
    return f"{found['first']}/{found['last']}" if found["first"] < found["last"] else None


def _relative(found: re.Match[str], asked_on: date) -> str:
    word = " ".join(found[0].lower().split())
    for words, years in ((("last year", "작년", "지난해"), -1), (("this year", "올해", "금년"), 0), (("next year", "내년"), 1)):
        if word.startswith(words):
            return f"{asked_on.year + years:04}"
    for words, months in ((("last month", "지난달", "지난 달"), -1), (("this month", "이번 달", "이번달"), 0)):
        if word.startswith(words):
            year, month = divmod(asked_on.year * 12 + asked_on.month - 1 + months, 12)
            return _ym(str(year), month + 1)
    return (asked_on - timedelta(days=word.startswith(("yesterday", "어제")))).isoformat()


_ENGLISH_RELATIVE: Final = r"\b(?:last|this)\s+(?:year|month)\b|\bnext\s+year\b|\byesterday\b|\btoday\b"
_KOREAN_RELATIVE: Final = rf"(?<![가-힣\w])(?:작년|지난해|올해|금년|내년|지난\s?달|이번\s?달|어제|오늘){_AFTER}"

_MAY_BE: Final = re.compile(r"\d|year|month|today|yesterday|년|해|달|늘|제", re.IGNORECASE)
"""What stands in every text in which there is a date."""

_PATTERNS: Final[tuple[tuple[re.Pattern[str], Meaning], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (
            rf"(?<![\w.-])(?:from\s+)?(?P<first>{_YEAR})\s*년?(?:\s*(?:-|–|~|\.\.)\s*|\s*부터\s*|\s+to\s+)(?P<last>{_YEAR})(?:년{_AFTER}|(?![\w.-]))",
            _span,
        ),
        (
            rf"(?<!\w)(?P<y>{_YEAR})\s*년\s*(?P<m>{_MONTH})\s*월\s*(?P<d>{_DAY})\s*일{_AFTER}",
            lambda m, _: _ymd(m["y"], m["m"], m["d"]),
        ),
        (rf"(?<!\w)(?P<y>{_YEAR})\s*년\s*(?P<m>{_MONTH})\s*월{_AFTER}", lambda m, _: _ym(m["y"], m["m"])),
        (rf"(?<!\w)(?P<year>{_YEAR})\s*년?\s*(?P<half>상|하)반기{_AFTER}", _half),
        (rf"(?<!\w)(?P<year>{_YEAR})\s*년?\s*(?P<quarter>[1-4])\s*분기{_AFTER}", _quarter),
        (rf"\b(?P<half>first|second)\s+half\s+of\s+(?P<year>{_YEAR})\b", _half),
        (rf"\bQ(?P<quarter>[1-4])\s+(?P<year>{_YEAR})\b", _quarter),
        (
            rf"\b(?P<m>{_NAME})\.?\s+(?P<d>{_DAY})(?:st|nd|rd|th)?,?\s+(?P<y>{_YEAR})\b",
            lambda m, _: _ymd(m["y"], str(_NUMBERS[m["m"].lower()]), m["d"]),
        ),
        (
            rf"\b(?P<d>{_DAY})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m>{_NAME})\.?,?\s+(?P<y>{_YEAR})\b",
            lambda m, _: _ymd(m["y"], str(_NUMBERS[m["m"].lower()]), m["d"]),
        ),
        (rf"\b(?P<m>{_NAME})\.?,?\s+(?P<y>{_YEAR})\b", lambda m, _: _ym(m["y"], _NUMBERS[m["m"].lower()])),
        (r"(?<![\w.-])(?:\d{4}(?:-\d\d){0,2}[?~%]?|\.\.)/(?:\d{4}(?:-\d\d){0,2}[?~%]?|\.\.)(?![\w/-])", lambda m, _: m[0]),
        (
            rf"(?<![\w.-])(?P<y>{_YEAR})[-.](?P<m>{_MONTH})[-.](?P<d>{_DAY})\.?(?![\w-])",
            lambda m, _: _ymd(m["y"], m["m"], m["d"]),
        ),
        (rf"(?<![\w.-])(?P<y>{_YEAR})[-.](?P<m>{_MONTH})(?![\w.-])", lambda m, _: _ym(m["y"], m["m"])),
        (rf"(?<!\w)(?P<y>{_YEAR})\s*년(?:도)?{_AFTER}", lambda m, _: m["y"]),
        (rf"(?<![\w.:/-])(?P<y>{_YEAR})(?![\w:/-]|\.\d)", lambda m, _: m["y"]),
        (_ENGLISH_RELATIVE, _relative),
        (_KOREAN_RELATIVE, _relative),
    )
)
"""The longest first: what one has taken no other looks at."""


def today() -> date:
    """The day of asking, where this service runs."""
    return datetime.now(UTC).astimezone().date()


def dates(text: str, asked_on: date) -> Iterator[Found]:
    """The dates that a text names, in the order of the patterns above; none that no calendar has."""
    if not _MAY_BE.search(text):
        return
    taken: list[Found] = []
    for pattern, meaning in _PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in taken):
                continue
            edtf = meaning(match, asked_on)
            if edtf is not None and _is_known(edtf):
                taken.append(Found(match.start(), match.end(), edtf))
                yield taken[-1]


def _is_known(edtf: str) -> bool:
    try:
        when.parse(edtf)
    except ValueError:
        return False
    return True

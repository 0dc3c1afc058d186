"""Dates as the sources know them: which EDTF strings are kept, and the days that they stand for.

The cases restate the Library of Congress specification of EDTF (4 February 2019), level 0 and level 1, and where the
register's profile is narrower.
"""

from datetime import date
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from service.register import when
from service.register.when import Edtf, parse

D = date

KEPT: list[tuple[str, date | None, date | None, str, str]] = [
    # Level 0: days, months, years.
    ("1985-04-12", D(1985, 4, 12), D(1985, 4, 12), "day", "none"),
    ("1985-04", D(1985, 4, 1), D(1985, 4, 30), "month", "none"),
    ("1985", D(1985, 1, 1), D(1985, 12, 31), "year", "none"),
    ("2024-02", D(2024, 2, 1), D(2024, 2, 29), "month", "none"),
    ("1900-02", D(1900, 2, 1), D(1900, 2, 28), "month", "none"),
    ("2000-02-29", D(2000, 2, 29), D(2000, 2, 29), "day", "none"),
    ("0001", D(1, 1, 1), D(1, 12, 31), "year", "none"),
    ("9999-12-31", D(9999, 12, 31), D(9999, 12, 31), "day", "none"),
    # Level 0: intervals, whose ends may differ in precision.
    ("1964/2008", D(1964, 1, 1), D(2008, 12, 31), "interval", "none"),
    ("2004-06/2006-08", D(2004, 6, 1), D(2006, 8, 31), "interval", "none"),
    ("2004-02-01/2005-02-08", D(2004, 2, 1), D(2005, 2, 8), "interval", "none"),
    ("2004-02-01/2005-02", D(2004, 2, 1), D(2005, 2, 28), "interval", "none"),
    ("2004-02-01/2005", D(2004, 2, 1), D(2005, 12, 31), "interval", "none"),
    ("2005/2006-02", D(2005, 1, 1), D(2006, 2, 28), "interval", "none"),
    ("2023-11-06/2023-11-06", D(2023, 11, 6), D(2023, 11, 6), "interval", "none"),
    # Level 1: a mark at the end of a date concerns the whole of it.
    ("1984?", D(1984, 1, 1), D(1984, 12, 31), "year", "uncertain"),
    ("2004-06~", D(2004, 6, 1), D(2004, 6, 30), "month", "approximate"),
    ("2004-06-11%", D(2004, 6, 11), D(2004, 6, 11), "day", "uncertain-approximate"),
    ("1984?/2004-06~", D(1984, 1, 1), D(2004, 6, 30), "interval", "uncertain-approximate"),
    ("1984/2004-06?", D(1984, 1, 1), D(2004, 6, 30), "interval", "uncertain"),
    ("1984~/2004", D(1984, 1, 1), D(2004, 12, 31), "interval", "approximate"),
    # Level 1: digits that are not known.
    ("201X", D(2010, 1, 1), D(2019, 12, 31), "decade", "none"),
    ("20XX", D(2000, 1, 1), D(2099, 12, 31), "century", "none"),
    ("000X", D(1, 1, 1), D(9, 12, 31), "decade", "none"),
    ("2004-XX", D(2004, 1, 1), D(2004, 12, 31), "year", "none"),
    ("1985-04-XX", D(1985, 4, 1), D(1985, 4, 30), "month", "none"),
    ("1985-XX-XX", D(1985, 1, 1), D(1985, 12, 31), "year", "none"),
    ("201X?", D(2010, 1, 1), D(2019, 12, 31), "decade", "uncertain"),
    # Level 1: open and unknown ends.
    ("1985-04-12/..", D(1985, 4, 12), None, "interval", "none"),
    ("1985-04/..", D(1985, 4, 1), None, "interval", "none"),
    ("1985/..", D(1985, 1, 1), None, "interval", "none"),
    ("../1985-04-12", None, D(1985, 4, 12), "interval", "none"),
    ("../1985-04", None, D(1985, 4, 30), "interval", "none"),
    ("1985-04-12/", D(1985, 4, 12), None, "interval", "none"),
    ("/1985-04", None, D(1985, 4, 30), "interval", "none"),
    # The register's own: a governor's term, a delegation's stay, an approximate visit.
    ("2022-07-01/..", D(2022, 7, 1), None, "interval", "none"),
    ("2023-10-30/2023-11-03", D(2023, 10, 30), D(2023, 11, 3), "interval", "none"),
    ("2024-05~", D(2024, 5, 1), D(2024, 5, 31), "month", "approximate"),
]

REFUSED = [
    ("", "EDTF level 1 is expected"),
    ("yesterday", "EDTF level 1 is expected"),
    ("2023/11/06", "EDTF level 1 is expected"),
    ("06-11-2023", "EDTF level 1 is expected"),
    ("2023-1-6", "EDTF level 1 is expected"),
    ("20231106", "EDTF level 1 is expected"),
    ("2023-11-06T10:00:00Z", "EDTF level 1 is expected"),
    ("2023-11-06 ", "EDTF level 1 is expected"),
    ("２０２３", "EDTF level 1 is expected"),
    ("2023-13", "no calendar has"),
    ("2023-00", "no calendar has"),
    ("2023-02-29", "no calendar has"),
    ("1900-02-29", "no calendar has"),
    ("2023-11-31", "no calendar has"),
    ("2023-11-00", "no calendar has"),
    ("0000", "no calendar has"),
    # Level 1 of the specification has these, the register has not.
    ("2001-21", "is a season"),
    ("2001-24", "is a season"),
    ("Y170000002", "EDTF level 1 is expected"),
    ("-1985", "EDTF level 1 is expected"),
    ("XXXX", "EDTF level 1 is expected"),
    ("../..", "open at both ends"),
    ("/", "open at both ends"),
    # What follows something unknown cannot be known.
    ("201X-05", "a month in a year that is not known"),
    ("2004-XX-05", "a day in a month that is not known"),
    # Level 2 of the specification.
    ("2001-41", "is a season"),
    ("1985-04-1X", "EDTF level 1 is expected"),
    ("?2004-06-11", "EDTF level 1 is expected"),
    ("2004?-06-11", "EDTF level 1 is expected"),
    ("[1667,1668]", "EDTF level 1 is expected"),
    ("{1960,1961-12}", "EDTF level 1 is expected"),
    ("1950S2", "EDTF level 1 is expected"),
    # Intervals that run backwards.
    ("2023-11-03/2023-10-30", "ends before it begins"),
    ("2024/2023-06", "ends before it begins"),
    ("2020/2021/2022", "EDTF level 1 is expected"),
]


@pytest.mark.parametrize(("edtf", "start", "end", "precision", "qualifier"), KEPT, ids=[case[0] for case in KEPT])
def test_a_date_stands_for_its_days(edtf: str, start: date | None, end: date | None, precision: str, qualifier: str) -> None:
    assert parse(edtf) == when.When(edtf, start, end, precision, qualifier)  # type: ignore[arg-type]


@pytest.mark.parametrize(("edtf", "reason"), REFUSED, ids=[case[0] or "empty" for case in REFUSED])
def test_what_is_no_date_of_the_profile_is_refused_with_the_reason(edtf: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(edtf)


def test_the_lists_of_the_database_are_those_of_the_type() -> None:
    assert get_args(when.Precision) == when.PRECISIONS
    assert get_args(when.Qualifier) == when.QUALIFIERS
    assert {case[3] for case in KEPT} | {"undated"} == set(when.PRECISIONS)
    assert {case[4] for case in KEPT} == set(when.QUALIFIERS)


def test_a_field_keeps_the_string_and_drops_only_the_blanks_around_it() -> None:
    assert TypeAdapter(Edtf).validate_python(" 2024-05~ ") == "2024-05~"


def test_a_field_refuses_with_a_sentence_and_not_a_traceback() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Edtf).validate_python("2023-02-30")
    (found,) = refused.value.errors()
    assert found["type"] == "edtf"
    assert found["msg"] == "'2023-02-30' names a day that no calendar has: day is out of range for month"


def test_a_long_string_is_refused_unread() -> None:
    with pytest.raises(ValidationError, match="at most 40"):
        TypeAdapter(Edtf).validate_python("2023-11-06" * 1000)


@pytest.mark.parametrize(
    ("edtf", "years"),
    [
        ("2023-12-30/2024-01-02", [2023, 2024]),
        ("2022/2025", [2022, 2023, 2024, 2025]),
        ("202X", list(range(2020, 2030))),
        ("20XX", [2000, 2099]),
        ("2022-07-01/..", [2022]),
        ("../2024-04", [2024]),
        ("1900/2000", [1900, 2000]),
    ],
)
def test_the_years_of_a_date_are_all_that_its_days_touch_unless_they_are_too_many(edtf: str, years: list[int]) -> None:
    assert when.years(parse(edtf)) == years


def test_what_is_undated_touches_no_year() -> None:
    assert when.years(when.UNDATED) == []


days = st.dates()
marks = st.sampled_from(["", "?", "~", "%"])
points = st.one_of(
    st.builds("{:%Y-%m-%d}{}".format, st.dates(min_value=D(1000, 1, 1)), marks),
    st.builds("{:%Y-%m}{}".format, st.dates(min_value=D(1000, 1, 1)), marks),
    st.builds("{:04d}{}".format, st.integers(1, 9999), marks),
    st.builds("{:03d}X{}".format, st.integers(0, 999), marks),
    st.builds("{:02d}XX{}".format, st.integers(0, 99), marks),
)


@given(st.text())
def test_any_text_is_parsed_or_refused_as_a_value_error(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    assert found.edtf == text


@given(st.text(alphabet="0123456789-/.X?~%", max_size=24))
def test_anything_like_a_date_is_parsed_or_refused_and_never_ends_before_it_begins(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    assert found.start or found.end
    assert not (found.start and found.end) or found.start <= found.end


@given(points)
def test_a_single_date_has_both_ends(point: str) -> None:
    found = parse(point)
    assert found.start is not None
    assert found.end is not None
    assert found.start <= found.end
    assert found.precision != "interval"


@given(points)
def test_a_mark_widens_nothing(point: str) -> None:
    plain, marked = parse(point.rstrip("?~%")), parse(point)
    assert (plain.start, plain.end, plain.precision) == (marked.start, marked.end, marked.precision)


@given(st.dates())
def test_a_day_lies_in_its_month_and_the_month_in_its_year_and_decade(day: date) -> None:
    year = f"{day.year:04d}"
    chain = [parse(text) for text in (day.isoformat(), day.isoformat()[:7], year, f"{year[:3]}X", f"{year[:2]}XX")]
    for inner, outer in pairwise(chain):
        assert inner.start is not None
        assert inner.end is not None
        assert outer.start is not None
        assert outer.end is not None
        assert outer.start <= inner.start <= inner.end <= outer.end


@given(st.dates())
def test_a_month_and_a_year_begin_and_end_on_days_of_their_own(day: date) -> None:
    for text, length in ((day.isoformat()[:7], 7), (day.isoformat()[:4], 4)):
        found = parse(text)
        assert found.start is not None
        assert found.end is not None
        assert found.start.isoformat()[:length] == found.end.isoformat()[:length] == text
        assert found.start.toordinal() == 1 or D.fromordinal(found.start.toordinal() - 1).isoformat()[:length] != text
        assert found.end == D.max or D.fromordinal(found.end.toordinal() + 1).isoformat()[:length] != text


@given(points, points)
def test_an_interval_runs_from_the_first_day_of_its_start_to_the_last_of_its_end(first: str, last: str) -> None:
    start, end = parse(first), parse(last)
    assert start.start is not None
    assert end.end is not None
    if start.start > end.end:
        with pytest.raises(ValueError, match="ends before it begins"):
            parse(f"{first}/{last}")
        return
    found = parse(f"{first}/{last}")
    assert (found.start, found.end, found.precision) == (start.start, end.end, "interval")
    assert (found.qualifier == "none") == (start.qualifier == end.qualifier == "none")


@given(points)
def test_an_open_end_is_no_day(point: str) -> None:
    closed = parse(point)
    for text in (f"{point}/..", f"{point}/"):
        assert (parse(text).start, parse(text).end) == (closed.start, None)
    for text in (f"../{point}", f"/{point}"):
        assert (parse(text).start, parse(text).end) == (None, closed.end)

"""What is given out can be taken in again: JSON Lines byte by byte, tables without taking anything away."""

from io import BytesIO

import openpyxl
import pytest

from service.database import Database
from service.register.audience import OFFICE
from service.register.reading.records import Noun
from service.transfer import exporting
from service.transfer.tables import neutral, plain
from tests.register.desk import Desk
from tests.transfer.conftest import FILTERS, ORDER, Take, dumped, revisions, tabled


def test_json_lines_of_the_whole_seed_come_back_byte_by_byte(seeded: Database, database: Database, take: Take) -> None:
    for noun in ORDER:
        content = dumped(seeded, noun)
        report = take(content, noun, "jsonl")
        assert report.counts == {"recorded": report.rows}
        assert report.rows > 100
        assert dumped(database, noun) == content
    before = revisions(database)
    for noun in ORDER:
        report = take(dumped(seeded, noun), noun, "jsonl")
        assert report.counts == {"unchanged": report.rows}
    assert revisions(database) == before
    seeded.dispose()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_table_that_is_taken_in_as_it_was_given_out_changes_nothing(
    seeded: Database, database: Database, take: Take, language: str
) -> None:
    for noun in ORDER:
        take(dumped(seeded, noun), noun, "jsonl")
    before = revisions(database)
    for noun in ORDER:
        report = take(tabled(database, noun, language), noun, "csv")
        assert (report.troubles, report.counts) == ([], {"unchanged": report.rows})
        assert {guess.how for guess in report.guesses} == {"name"}
    assert revisions(database) == before
    seeded.dispose()


def test_a_workbook_says_what_the_table_says(seeded: Database, database: Database, take: Take) -> None:
    found = exporting.pages(seeded, "person", FILTERS["person"], audience=OFFICE)
    with exporting.workbook("person", found, "ko") as file:
        content = file.read()
    sheet = openpyxl.load_workbook(BytesIO(content), read_only=True).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:4] == ("기록 ID", "외부 ID", "영문 이름", "한글 이름")
    assert len(rows) == 135
    report = take(content, "person", "xlsx")
    assert report.counts == {"recorded": 134}
    assert tabled(database, "person") == tabled(seeded, "person")
    seeded.dispose()


def test_a_part_may_stand_before_its_trip_and_an_outcome_before_what_closed_it(
    database: Database, desk: Desk, take: Take
) -> None:
    trip, closing = desk.meeting("Trip"), desk.meeting("Closing")
    part = desk.meeting("Part", parent=trip["id"], external_ids=["a:1"])
    first = desk.meeting("First", outcomes=[{"kind": "mou", "title_en": "MOU", "closed_by": closing["id"]}])
    desk.revise("engagement", trip["id"], parent=first["id"])
    content = dumped(database, "engagement")
    by_title = {line.split(b'"title_en":"')[1].split(b'"')[0].decode(): line for line in content.splitlines(keepends=True)}
    shuffled = b"".join(by_title[title] for title in ("Part", "First", "Trip", "Closing"))
    with database.writing() as connection:
        for table in ("change", "revision", "outcome", "external_id", "engagement"):
            connection.exec_driver_sql(
                f"DELETE FROM {table}" if table != "engagement" else "UPDATE engagement SET parent_id = NULL"
            )
        connection.exec_driver_sql("DELETE FROM engagement")
    report = take(shuffled, "engagement", "jsonl")
    assert report.troubles == []
    assert sorted(dumped(database, "engagement").splitlines()) == sorted(content.splitlines())
    assert part["id"] != first["id"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "'=1", "''=1", "x", "", "'", "'x", "it's", "-", "''"])
def test_no_cell_is_a_formula_and_none_is_changed_by_it(text: str) -> None:
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert plain(neutral(text)) == text


@pytest.mark.parametrize("noun", ORDER)
def test_an_empty_register_gives_an_empty_file(database: Database, noun: Noun) -> None:
    assert dumped(database, noun) == b""
    assert tabled(database, noun).decode("utf-8-sig").count("\r\n") == 1

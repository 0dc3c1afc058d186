"""Tables as people send them: in every encoding and with every mistake, which are told by row and column, in both languages."""

import zipfile
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from service.database import Database
from service.register.verbs.journal import Actor
from service.transfer import mapping
from service.transfer.dates import edtf
from service.transfer.importing import ImportRefused, Plan, Report, take_in
from service.transfer.trouble import TooMuch, Unreadable
from tests.register.desk import Desk
from tests.transfer.conftest import Take, revisions

KOREAN = (
    '번호,제목,유형,일자,상대국,상대 인사,비고\r\n1,뉴섬 주지사 면담,면담,2024.5.6.,미국,개빈 뉴섬 (주지사),"첫 줄\n둘째 줄"\r\n'
)


def told(report: Report, language: Any = "en") -> list[tuple[int, str | None, str]]:
    return [(each["row"], each["column"], each["code"]) for each in (trouble.told(language) for trouble in report.troubles)]


def titles(database: Database) -> list[tuple[str | None, str | None]]:
    return database.ask("SELECT title_en, title_ko FROM engagement ORDER BY id", {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16"])
def test_a_korean_table_is_read_in_whatever_it_was_saved(database: Database, take: Take, encoding: str) -> None:
    report = take(KOREAN.encode(encoding))
    assert (report.counts, report.recorded_beside) == ({"recorded": 1}, {"person": 1})
    assert titles(database) == [(None, "뉴섬 주지사 면담")]
    [(kind, when, note)] = database.ask("SELECT kind, when_edtf, note FROM engagement", {})
    assert (kind, when, note) == ("meeting", "2024-05-06", "첫 줄\n둘째 줄")
    assert database.ask("SELECT name_ko FROM person", {}) == [("개빈 뉴섬",)]
    assert database.ask("SELECT office_as_titled, side FROM participation", {}) == [("주지사", "counterpart")]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_another_separator_is_noticed(database: Database, take: Take, separator: str) -> None:
    content = f"Title{separator}Kind{separator}Note\nOne{separator}meeting{separator}a,b,c\n"
    assert take(content.encode()).counts == {"recorded": 1}
    assert database.ask("SELECT note FROM engagement", {}) == [("a,b,c",)]


def test_a_dry_run_lists_everything_by_row_and_column_and_writes_nothing(database: Database, desk: Desk, take: Take) -> None:
    desk.person("Kim"), desk.person("Kim")
    before = revisions(database)
    content = (
        "Ref,Title,Kind,Date,Country,Counterpart,Colour,Web\n"
        "f:1,One,lunch,2024-05-06,US,Kim,red,\n"
        "f:2,,meeting,someday,Atlantis,,,\n"
        "f:3,Three,meeting,2024-05-06,US,,,,,x\n"
        "f:4,Four,meeting,2024-05-06,US,,,\n"
    )
    report = take(content.encode(), dry_run=True)
    assert told(report) == [
        (2, "Kind", "unknown_code"),
        (2, "Counterpart", "ambiguous"),
        (3, "Date", "unknown_date"),
        (4, None, "ragged"),
    ]
    assert (report.rows, report.troubles_total, report.counts) == (4, 4, {"refused": 3, "fit": 1})
    guesses = {guess.heading: (guess.column, guess.how) for guess in report.guesses}
    assert guesses["Ref"] == ("external_ids", "name")
    assert guesses["Colour"] == (None, "ignored")
    assert "면담" not in str(report.troubles[0].told("en")["detail"])
    assert all(any("가" <= letter <= "힣" for letter in trouble.told("ko")["detail"]) for trouble in report.troubles)
    assert revisions(database) == before


def test_a_date_that_is_wrong_does_not_hide_what_else_is(take: Take) -> None:
    content = "Title,Kind,Country\n,meeting,Atlantis\n"
    report = take(content.encode(), dry_run=True)
    assert {(column, code) for _, column, code in told(report)} == {("Country", "unknown_place")}
    content = "Title,Kind\n,meeting\n"
    assert told(take(content.encode(), dry_run=True)) == [(2, "Title", "missing")]


def test_a_record_stands_in_one_row_only(database: Database, take: Take) -> None:
    content = b"Ref,Title,Kind\nf:1,One,meeting\nf:1,Two,meeting\n"
    report = take(content, dry_run=True)
    assert told(report) == [(3, "Ref", "repeated")]
    assert titles(database) == []


def test_a_character_that_is_no_text_is_named(take: Take) -> None:
    assert told(take(b"Title,Kind\nO\0ne,meeting\n", dry_run=True)) == [(2, "Title", "not_text")]


def test_all_or_nothing_and_what_can_be_taken(database: Database, take: Take) -> None:
    content = b"Title,Kind\nOne,meeting\nTwo,lunch\nThree,visit\n"
    with pytest.raises(ImportRefused) as refused:
        take(content)
    assert refused.value.members["report"]["problems"][0]["row"] == 3
    assert titles(database) == []
    report = take(content, atomic=False)
    assert report.counts == {"recorded": 2, "refused": 1}
    assert titles(database) == [("One", None), ("Three", None)]


def test_what_the_register_refuses_undoes_everything(database: Database, desk: Desk, take: Take) -> None:
    desk.topic("trade")
    content = b"Label,External ids\nclimate,t:1\ntrade,t:2\n"
    with pytest.raises(ImportRefused) as refused:
        take(content, "topic")
    assert refused.value.members["report"]["problems"][0]["column"] == "Label"
    [(topics,)] = database.ask("SELECT count(*) FROM topic", {})
    assert topics == 1


def test_the_same_file_again_changes_nothing_and_a_changed_cell_its_record(database: Database, take: Take) -> None:
    content = "External ids,Title,Kind,Counterparts\nf:1,One,meeting,Gavin Newsom (Governor)\nf:2,Two,visit,Eby; Newsom\n"
    assert take(content.encode()).counts == {"recorded": 2}
    before = revisions(database)
    assert take(content.encode()).counts == {"unchanged": 2}
    assert revisions(database) == before
    assert take(content.replace("Two", "2").encode()).counts == {"unchanged": 1, "revised": 1}
    assert titles(database) == [("One", None), ("2", None)]


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no rows|empty"),
    "only a header": (b"Title,Kind\n", "no rows below its header"),
    "nothing understood": (b"Foo,Bar\n1,2\n", "No heading is understood"),
    "two alike": (b"Title,Title\n1,2\n", "Two columns are headed 'Title'"),
    "neither encoding": (b"Title,Kind\n\xff\xfe\xfa\xfb,meeting\n", "nor cp949"),
    "half a character": ("Title,Kind\n면담".encode()[:-1] + b"\xff\n", "from byte"),
    "an open quotation mark": (b'Title,Kind\n"One,meeting\n' + b"x" * 200_000, "Row 2"),
    "a cell of ten megabytes": (b"Title,Kind\n" + b"x" * 10_000_000 + b",meeting\n", "more than 100000 characters"),
    "text after a quotation mark": (b'Title,Kind\n"One"two,meeting\n', "Row 2"),
    "a thousand columns": (b"Title," + b"x," * 1000 + b"\n1\n", "cells"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_said_with_the_place(database: Database, take: Take, what: str) -> None:
    content, why = UNREADABLE[what]
    with pytest.raises(Unreadable, match=why):
        take(content)
    assert titles(database) == []


def sheet(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_workbook_is_read_with_its_dates_and_numbers(database: Database, take: Take) -> None:
    from datetime import date

    content = sheet(
        ["번호", "제목", "구분", "시작일", "종료일"], [17, "방문", "방문", date(2024, 5, 6), date(2024, 5, 8)], [None]
    )
    assert take(content, format="xlsx").counts == {"recorded": 1}
    assert database.ask("SELECT when_edtf, kind FROM engagement", {}) == [("2024-05-06/2024-05-08", "visit")]
    assert database.ask("SELECT key FROM external_id", {}) == [("17",)]


def packed(**parts: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def test_a_bomb_is_not_unpacked(database: Database, by: Actor, tmp_path: Any) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        block = b"0" * (1 << 20)
        for _ in range(2048):
            part.write(block)
    with bomb.open("rb") as file, pytest.raises(TooMuch, match="would become 2048 MiB"):
        take_in(database, file, Plan("engagement", "xlsx"), by=by)


@pytest.mark.parametrize(
    "content",
    [
        b"Title,Kind\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        packed(a=b"b"),
        packed(**{"[Content_Types].xml": b"<x/>", "xl__workbook.xml": b"<not-xml"}),
        sheet(["Title", "Kind"], ["One", "meeting"])[:-40],
    ],
)
def test_what_is_no_workbook_is_refused(database: Database, take: Take, content: bytes) -> None:
    with pytest.raises(Unreadable):
        take(content, format="xlsx")


def test_entities_of_a_workbook_are_not_blown_up(take: Take) -> None:
    lol = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 12))
    xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY lol0 "lol">{lol}]><sst>&lol11;</sst>'
    book = BytesIO(sheet(["Title", "Kind"], ["One", "meeting"]))
    file = BytesIO()
    with zipfile.ZipFile(book) as whole, zipfile.ZipFile(file, "w") as other:
        for part in whole.infolist():
            other.writestr(part.filename, xml if part.filename.endswith("sheet1.xml") else whole.read(part))
    with pytest.raises(Unreadable, match="amplification"):
        take(file.getvalue(), format="xlsx")


def test_lines_of_json_are_told_by_their_number(database: Database, take: Take) -> None:
    content = (
        b'{"kind": "meeting", "title_en": "One"}\n\n{"kind": "lunch"}\n[1]\n{"kind": \n'
        b'{"id": "x", "kind": "visit", "title_en": "X"}\n'
    )
    report = take(content, format="jsonl", dry_run=True)
    assert [(row, code) for row, _, code in told(report)] == [
        (3, "unknown_code"),
        (4, "not_an_object"),
        (5, "json_invalid"),
        (6, "string_pattern_mismatch"),
    ]
    with pytest.raises(Unreadable, match="longer than"):
        take(b'{"note": "' + b"x" * (2 << 20) + b'"}', format="jsonl")


VISITS = """id,start-date,end-date,visitor,country,description
1001,2023-04-24,2023-04-29,President Yoon Suk Yeol,south-korea,"State visit. Addressed a joint meeting of Congress, ""Rock""."
1002,2023-08-18,2023-08-18,Prime Minister Kishida Fumio,Japan,Working visit
1003,2023-10-25,2023-10-20,Prime Minister Anthony Albanese,australia,Official visit
"""


def test_a_table_of_visits_is_taken_in_by_the_mapping_that_ships(database: Database, take: Take) -> None:
    visits = mapping.named("engagement", "visits")
    report = take(VISITS.encode(), mapping=visits, dry_run=True)
    assert told(report) == [(4, "end-date", "dates_reversed")]
    assert [(guess.heading, guess.column) for guess in report.guesses] == [
        ("id", "external_ids"),
        ("start-date", "start"),
        ("end-date", "end"),
        ("visitor", "counterparts"),
        ("country", "countries"),
        ("description", "note"),
    ]
    report = take(VISITS.replace("2023-10-20", "2023-10-26").encode(), mapping=visits)
    assert report.counts == {"recorded": 3}
    rows = database.ask(
        "SELECT e.title_en, e.kind, e.direction, e.when_edtf, c.country, p.name_as_printed, x.system || ':' || x.key"
        " FROM engagement e JOIN engagement_country c ON c.engagement_id = e.id JOIN participation p ON p.engagement_id = e.id"
        " JOIN external_id x ON x.engagement_id = e.id ORDER BY e.id",
        {},
    )
    assert [tuple(row) for row in rows] == [
        (
            "Visit of President Yoon Suk Yeol",
            "visit",
            "inbound",
            "2023-04-24/2023-04-29",
            "KR",
            "President Yoon Suk Yeol",
            "visits:1001",
        ),
        (
            "Visit of Prime Minister Kishida Fumio",
            "visit",
            "inbound",
            "2023-08-18",
            "JP",
            "Prime Minister Kishida Fumio",
            "visits:1002",
        ),
        (
            "Visit of Prime Minister Anthony Albanese",
            "visit",
            "inbound",
            "2023-10-25/2023-10-26",
            "AU",
            "Prime Minister Anthony Albanese",
            "visits:1003",
        ),
    ]
    assert take(VISITS.replace("2023-10-20", "2023-10-26").encode(), mapping=visits).counts == {"unchanged": 3}


TRAVELS = """id,role,name,start-date,end-date,country,locale,remarks
7,president,Joseph R. Biden,2022-05-20,2022-05-22,south-korea,"Seoul, Pyeongtaek",Met with President Yoon Suk Yeol.
"""


def test_a_table_of_travels_too(database: Database, take: Take) -> None:
    assert take(TRAVELS.encode(), mapping=mapping.named("engagement", "travels")).counts == {"recorded": 1}
    rows = database.ask("SELECT title_en, kind, place_city, summary_en FROM engagement", {})
    assert [tuple(row) for row in rows] == [
        ("Joseph R. Biden in Seoul, Pyeongtaek, south-korea", "trip", "Seoul, Pyeongtaek", "Met with President Yoon Suk Yeol.")
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2024-06-03", "2024-06-03"),
        ("2024-05~", "2024-05~"),
        ("June 3, 2024", "2024-06-03"),
        ("3 June 2024", "2024-06-03"),
        ("Jun 2024", "2024-06"),
        ("2024.6.3.", "2024-06-03"),
        ("2024. 6. 3.", "2024-06-03"),
        ("2024년 6월 3일", "2024-06-03"),
        ("2024년 6월", "2024-06"),
        ("2024/06/03", "2024-06-03"),
        ("2024.6.3 ~ 6.5", "2024-06-03/2024-06-05"),
        ("2024.6.3. ~ 2024.6.5.", "2024-06-03/2024-06-05"),
        ("June 3, 2024 – June 5, 2024", "2024-06-03/2024-06-05"),
        ("2024-06-03 to 2024-06-05", "2024-06-03/2024-06-05"),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, meant: str) -> None:
    assert edtf(text) == meant


@pytest.mark.parametrize("text", ["someday", "2024-13-01", "31 June 2024", "2024.2.30", "6/3/2024", "2024-06-05 ~ 2024-06-03"])
def test_what_may_be_another_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        edtf(text)


def test_a_mapping_that_cannot_be_is_refused() -> None:
    from service.errors import Invalid

    for text in ("vists", '{"columns": {"a": "colour"}}', '{"column": {}}', "{"):
        with pytest.raises(Invalid) as refused:
            mapping.named("engagement", text)
        assert refused.value.faults[0].parameter == "mapping"


def test_headings_are_understood_as_they_are_written_and_each_column_once() -> None:
    guesses = mapping.guess(
        "engagement", ["TITLE_EN", "Titel (English)", "제 목", "Kind ", "", "Country", "countries"], mapping.Mapping()
    )
    assert [(guess.column, guess.how) for guess in guesses] == [
        ("title_en", "name"),
        (None, "ignored"),
        ("title_ko", "name"),
        ("kind", "name"),
        (None, "ignored"),
        ("countries", "name"),
        (None, "ignored"),
    ]

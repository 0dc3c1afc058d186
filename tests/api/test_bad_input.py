"""What cannot be right is refused with the field, the value and what would be right, and nothing of it is written."""

import json
from typing import Any, NamedTuple

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from service.database import Database
from tests.api.expectations import faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024


class Wrong(NamedTuple):
    """A field of an engagement that is wrong: its value, where the fault stands, and what the answer says would be right."""

    field: str
    value: Any
    told: str
    pointer: str | None = None
    named: Any = ...


def whole(**fields: Any) -> dict[str, Any]:
    return {"kind": "meeting", "title_en": "Meeting with Governor Newsom", **fields}


def participation(**fields: Any) -> list[dict[str, Any]]:
    return [{"side": "host", "name_as_printed": "Gavin Newsom"}, {"side": "counterpart", "name_as_printed": "김동연", **fields}]


def outcome(**fields: Any) -> list[dict[str, Any]]:
    return [{"kind": "mou", "title_en": "Climate", **fields}]


WRONG = [
    # Dates
    Wrong("when", "2024-02-30", "no calendar"),
    Wrong("when", "2023-02-29", "no calendar"),
    Wrong("when", "2024-13-01", "no calendar"),
    Wrong("when", "2024-00-10", "no calendar"),
    Wrong("when", "0000-01-01", "no calendar"),
    Wrong("when", "2024-05-10/2024-05-01", "the earlier date comes first"),
    Wrong("when", "2024/2023-06?", "the earlier date comes first"),
    Wrong("when", "../..", "open at both ends"),
    Wrong("when", "07.05.2024", "EDTF"),
    Wrong("when", "May 2024", "EDTF"),
    Wrong("when", "2024년 5월", "EDTF"),
    Wrong("when", "2024-21", "season"),
    Wrong("when", "２０２４-05-07", "EDTF"),
    Wrong("when", "", "EDTF"),
    Wrong("when", "2024-05-07T10:00:00Z", "EDTF"),
    Wrong("when", "Y170000002", "EDTF"),
    Wrong("when", "[2024,2025]", "EDTF"),
    Wrong("when", "2024-05/2024-06/2024-07", "EDTF"),
    Wrong("when", 2024, "string"),
    Wrong("outcomes", outcome(signed_on="2024-02-30"), "no calendar", "#/outcomes/0/signed_on", "2024-02-30"),
    Wrong("outcomes", outcome(expires_on="soon"), "EDTF", "#/outcomes/0/expires_on", "soon"),
    # Codes and places
    Wrong("kind", "meting", "did you mean 'meeting'?"),
    Wrong("kind", "Meeting", "did you mean 'meeting'?"),
    Wrong("status", "done", "known are"),
    Wrong("mode", "in person", "did you mean 'in-person'?"),
    Wrong("visibility", "publc", "did you mean 'public'?"),
    Wrong("countries", ["USA"], "ISO 3166-1 alpha-2", "#/countries/0", "USA"),
    Wrong("countries", ["KR", "us"], "write 'US'", "#/countries/1", "us"),
    Wrong("countries", ["ZZ"], "ISO 3166-1 alpha-2", "#/countries/0", "ZZ"),
    Wrong("countries", ["Korea"], "ISO 3166-1 alpha-2", "#/countries/0", "Korea"),
    Wrong("countries", ["EU"], "An international body has no country", "#/countries/0", "EU"),
    Wrong("countries", "US", "list", "#/countries", "US"),
    Wrong("countries", {"US": 1}, "list", "#/countries", None),
    Wrong("place", {"country": "UK"}, "ISO 3166-1 alpha-2", "#/place/country", "UK"),
    Wrong("place", {"subdivision": "KR-99"}, "ISO 3166-2", "#/place/subdivision", "KR-99"),
    Wrong("place", "Suwon", "object", "#/place", "Suwon"),
    Wrong(
        "participations",
        participation(office_type="govenor"),
        "did you mean 'governor'?",
        "#/participations/1/office_type",
        "govenor",
    ),
    Wrong("outcomes", outcome(status="sined"), "did you mean 'signed'?", "#/outcomes/0/status", "sined"),
    Wrong("outcomes", outcome(amount={"currency": "WON", "amount": "1"}), "ISO 4217", "#/outcomes/0/amount/currency", "WON"),
    # Text
    Wrong("title_en", "", "empty"),
    Wrong("title_en", " \t\n ", "empty"),
    Wrong("title_ko", "\u3000", "empty"),
    Wrong("title_en", "x" * 501, "500 are kept at most"),
    Wrong("title_en", "x" * MIB, "at most"),
    Wrong("summary_en", "x" * 20_001, "20000 are kept at most"),
    Wrong("title_en", "New\0som", "U+0000"),
    Wrong("title_en", "New\x1bsom", "U+001B"),
    Wrong("title_en", "\ud800", "surrogate"),
    Wrong("note", "half of 😀: \ude00", "surrogate"),
    Wrong("external_ids", ["two words"], "pattern", "#/external_ids/0", "two words"),
    Wrong("external_ids", ["\ud83d"], "surrogate", "#/external_ids/0", "\\ud83d"),
    Wrong("participations", participation(name_as_printed=""), "empty", "#/participations/1/name_as_printed", ""),
    # Types
    Wrong("title_en", 7, "string"),
    Wrong("title_en", True, "string"),
    Wrong("title_en", ["x"], "string", "#/title_en", None),
    Wrong("in_scope", "yes", "boolean"),
    Wrong("in_scope", 1, "boolean"),
    Wrong("in_scope", None, "boolean"),
    Wrong("participations", None, "list"),
    Wrong("participations", [None], "object", "#/participations/0", None),
    Wrong("participations", participation(headcount="12"), "integer", "#/participations/1/headcount", "12"),
    Wrong("participations", participation(headcount=1.5), "integer", "#/participations/1/headcount", 1.5),
    Wrong("participations", participation(headcount=True), "integer", "#/participations/1/headcount", True),
    Wrong("participations", participation(headcount=0), "greater than or equal to 1", "#/participations/1/headcount", 0),
    Wrong("participations", participation(headcount=10**30), "1000000", "#/participations/1/headcount", 10**30),
    Wrong("outcomes", outcome(quantity=-1), "greater than or equal to 0", "#/outcomes/0/quantity", -1),
    Wrong("outcomes", outcome(amount={"currency": "KRW", "amount": 5300}), "string", "#/outcomes/0/amount/amount", 5300),
    Wrong("outcomes", outcome(amount={"currency": "KRW", "amount": "1e9"}), "pattern", "#/outcomes/0/amount/amount", "1e9"),
    Wrong("outcomes", outcome(amount={"currency": "KRW"}), "required", "#/outcomes/0/amount/amount", None),
    # Fields
    Wrong("titel_en", "x", "did you mean 'title_en'?"),
    Wrong("id", UNKNOWN, "There is no field 'id'"),
    Wrong("place", {"town": "Suwon"}, "known are: city, country, subdivision, venue", "#/place/town", "Suwon"),
    Wrong("participations", participation(offce="x"), "did you mean 'office'?", "#/participations/1/offce", "x"),
    Wrong(
        "outcomes",
        outcome(amount={"currency": "KRW", "amount": "1", "valeu": "2"}),
        "There is no field",
        "#/outcomes/0/amount/valeu",
        "2",
    ),
    Wrong("a/b~c", 1, "There is no field", "#/a~1b~0c", 1),
    # References
    Wrong("parent", UNKNOWN, "no engagement"),
    Wrong("parent", "gg 2024", "pattern"),
    Wrong("topics", [UNKNOWN], "no topic", "#/topics/0", UNKNOWN),
    Wrong("participations", participation(person=UNKNOWN), "no person", "#/participations/1/person", UNKNOWN),
    Wrong("participations", participation(organization=UNKNOWN), "no organization", "#/participations/1/organization", UNKNOWN),
    Wrong("outcomes", outcome(parties=[UNKNOWN]), "no organization", "#/outcomes/0/parties/0", UNKNOWN),
    Wrong("outcomes", outcome(closed_by=UNKNOWN), "no engagement", "#/outcomes/0/closed_by", UNKNOWN),
    Wrong("citations", [{"source": UNKNOWN}], "no source", "#/citations/0/source", UNKNOWN),
    Wrong("assertions", [{"field": "when", "value": "x", "source": UNKNOWN}], "no source", "#/assertions/0/source", UNKNOWN),
]


def written(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    with database.reading() as connection:
        return {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in SQLModel.metadata.tables
        }


def shown(value: Any) -> Any:
    """A value as an answer shows it: long text shortened, half surrogate pairs as escapes, objects and lists not at all."""
    if isinstance(value, str):
        told = value.encode("utf-8", "backslashreplace").decode()
        return told if len(told) <= 200 else told[:200] + "…"
    return None if isinstance(value, list | dict) else value


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.field}={json.dumps(wrong.value)[:40]}")
async def test_a_wrong_value_is_named_with_what_would_be_right(
    client: httpx.AsyncClient, database: Database, office: Office, wrong: Wrong
) -> None:
    before = written(database)
    found = faults(await client.post("/v1/engagements", content=json.dumps(whole(**{wrong.field: wrong.value})), headers=JSON))
    fault = found[wrong.pointer or f"#/{wrong.field}"]
    assert wrong.told in fault["detail"]
    assert fault["value"] == shown(wrong.value if wrong.named is ... else wrong.named)
    assert written(database) == before


async def test_all_that_is_wrong_is_told_at_once(client: httpx.AsyncClient) -> None:
    found = faults(await client.post("/v1/engagements", json={"kind": "lunch", "title_en": "", "when": "soon", "extra": 1}))
    assert set(found) == {"#/kind", "#/title_en", "#/when", "#/extra"}


async def test_however_much_is_wrong_the_answer_stays_readable(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/engagements", json=whole(countries=["X" * 1000] * 500))
    assert len(refused(response, 422)["errors"]) == 50
    assert len(response.content) < 50_000


@pytest.mark.parametrize(
    ("sent", "status", "code", "pointer", "told"),
    [
        (b"", 422, "missing", "#", "JSON object is expected"),
        (b"{", 400, "json_invalid", "#", "line 1, column 2"),
        (b'{"kind": "meeting",\n "title_en": }', 400, "json_invalid", "#", "line 2, column 14"),
        (b"{'kind': 1}", 400, "json_invalid", "#", "column 2"),
        (b'{"a": 1} {}', 400, "json_invalid", "#", "Extra data"),
        (b'{"title_en": "a\nb"}', 400, "json_invalid", "#", "control character"),
        (b'{"title_en": "\\ud8"}', 400, "json_invalid", "#", "escape"),
        (b'{"a": 01}', 400, "json_invalid", "#", "column 8"),
        (b'{"title_en": "\xff"}', 400, "not_utf8", "#", "byte 15"),
        (b'{"title_en": "\xed\xa0\x80"}', 400, "not_utf8", "#", "byte 15"),
        ('{"kind": "meeting"}'.encode("utf-16"), 400, "not_utf8", "#", "byte 1"),
        (b'{"title_en": NaN}', 400, "not_a_number", "#/title_en", "NaN"),
        (b'{"participations": [{"headcount": -Infinity}]}', 400, "not_a_number", "#/participations/0/headcount", "-Infinity"),
        (b'{"kind": "call", "kind": "visit"}', 400, "duplicate_name", "#", "'kind' is given twice"),
        (b'{"place": {"city": "a", "city": "b"}}', 400, "duplicate_name", "#/place", "'city' is given twice"),
        (b'{"kind": "call", "title_en": "x", "participations": [{"side": "host", "headcount": 1e400}]}', 422, "int_type",
         "#/participations/0/headcount", "integer"),
        (b'{"headcount": ' + b"9" * 5000 + b"}", 400, "json_invalid", "#", "number"),
        (b'{"note": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "too_deep", "#", "nested too deeply"),
        (b'{"note": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}", 422, "string_type", "#/note", "string"),
        (b"[]", 422, "model_attributes_type", "#", "object"),
        (b'"x"', 422, "model_attributes_type", "#", "object"),
        (b"null", 422, "model_attributes_type", "#", "object"),
        (b'{"\\ud800": 1, "kind": "call", "title_en": "x"}', 422, "string_unicode", "#", "surrogate"),
    ],
)  # fmt: skip
async def test_a_body_that_cannot_be_read_is_told_where(
    client: httpx.AsyncClient, database: Database, sent: bytes, status: int, code: str, pointer: str, told: str
) -> None:
    before = written(database)
    response = await client.post("/v1/engagements", content=sent, headers=JSON)
    fault = faults(response, status)[pointer]
    assert fault["code"] == code
    assert told in fault["detail"]
    assert refused(response, status)["type"] == ("/problems/malformed-json" if status == 400 else "/problems/invalid")
    assert written(database) == before


async def test_a_byte_order_mark_is_passed_over(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/people", content='{"name_ko": "김동연"}'.encode("utf-8-sig"), headers=JSON)
    assert response.status_code == 201


async def test_when_one_part_is_wrong_the_whole_is_not_written(
    client: httpx.AsyncClient, database: Database, office: Office
) -> None:
    before = written(database)
    body = whole(
        participations=[{"side": "host", "person": office.newsom}],
        outcomes=outcome(parties=[office.california]),
        citations=[{"source": office.release}, {"source": UNKNOWN}],
    )
    assert set(faults(await client.post("/v1/engagements", json=body))) == {"#/citations/1/source"}
    assert written(database) == before

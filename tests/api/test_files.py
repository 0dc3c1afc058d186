"""Files over HTTP: exports that are sent as they are read, imports that are looked at first."""

from urllib.parse import quote

import httpx
import pytest

from service.api.imports import ImportReport
from service.database import Database
from tests.api.expectations import faults, refused
from tests.api.office import Office

pytestmark = pytest.mark.anyio

CSV = {"Content-Type": "text/csv"}
LINES = {"Content-Type": "application/jsonl"}


async def revisions(database: Database) -> int:
    [(count,)] = database.ask("SELECT count(*) FROM revision", {})
    return int(count)


async def test_an_export_is_a_file_with_a_name(client: httpx.AsyncClient, office: Office) -> None:
    lines = await client.get("/v1/exports/engagements?country=US")
    assert lines.headers["content-type"] == "application/jsonl"
    assert lines.headers["content-disposition"] == 'attachment; filename="engagements.jsonl"'
    assert lines.text.count("\n") == 2
    table = await client.get("/v1/exports/engagements?format=csv&language=ko")
    assert table.headers["content-disposition"].endswith("filename*=UTF-8''" + quote("교류.csv"))
    assert table.content.startswith("\ufeff기록 ID,".encode())
    assert not (await client.get("/v1/exports/people?format=csv&bom=false")).content.startswith("\ufeff".encode())
    book = await client.get("/v1/exports/people?format=xlsx")
    assert book.content[:2] == b"PK"
    assert (await client.head("/v1/exports/engagements")).status_code == 200
    assert "county" in faults(await client.get("/v1/exports/engagements?county=US"))
    assert "format" in faults(await client.get("/v1/exports/engagements?format=pdf"))
    unknown = await client.get("/v1/exports/engagements?topic=00000000-0000-7000-8000-000000000000")
    assert faults(unknown)["topic"]["code"] == "unknown_id"


async def test_an_export_comes_back(client: httpx.AsyncClient, office: Office, database: Database) -> None:
    before = await revisions(database)
    for noun in ("topics", "sources", "people", "organizations", "engagements"):
        content = (await client.get(f"/v1/exports/{noun}")).content
        answer = await client.post(f"/v1/imports/{noun}", content=content, headers=LINES)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        ImportReport.model_validate(body)
        assert body["counts"] == {"unchanged": body["rows"]}
    assert await revisions(database) == before


async def test_a_dry_run_tells_and_writes_nothing(client: httpx.AsyncClient, office: Office, database: Database) -> None:
    before = await revisions(database)
    content = "제목,유형\n면담,점심\n".encode("cp949")
    for language, headers in (("ko", {"Accept-Language": "ko-KR,ko;q=0.9"}), ("ko", {}), ("en", {})):
        path = "/v1/imports/engagements?dry_run=true" + ("&language=ko" if language == "ko" and not headers else "")
        answer = await client.post(path, content=content, headers={**CSV, **headers})
        assert answer.status_code == 200, answer.text
        [problem] = answer.json()["problems"]
        assert (problem["row"], problem["column"], problem["code"], problem["value"]) == (2, "유형", "unknown_code", "점심")
        assert ("분류" in problem["detail"]) == (language == "ko")
    assert await revisions(database) == before


async def test_a_file_with_a_wrong_row_is_refused_with_the_whole_report(client: httpx.AsyncClient, office: Office) -> None:
    content = b"Title,Kind\nOne,meeting\nTwo,lunch\n"
    body = refused(await client.post("/v1/imports/engagements", content=content, headers=CSV), 422, "import-refused")
    assert body["report"]["problems"][0]["row"] == 3
    assert body["report"]["problems_total"] == 1
    done = await client.post("/v1/imports/engagements?atomic=false", content=content, headers=CSV)
    assert done.json()["counts"] == {"recorded": 1, "refused": 1}


async def test_a_retried_import_is_done_once(client: httpx.AsyncClient, office: Office, database: Database) -> None:
    key = {"Idempotency-Key": "file-1", **CSV}
    content = b"Title,Kind\nOne,meeting\n"
    first = await client.post("/v1/imports/engagements", content=content, headers=key)
    again = await client.post("/v1/imports/engagements", content=content, headers=key)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    other = await client.post("/v1/imports/engagements", content=content + b"Two,visit\n", headers=key)
    refused(other, 422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        (b"x", {}, 415, "unsupported-media-type"),
        (b"{}", {"Content-Type": "application/json"}, 415, "unsupported-media-type"),
        (b"", CSV, 422, "unreadable-file"),
        (b"Title,Kind\n", CSV, 422, "unreadable-file"),
        (b"\xff\xfe\xfa", CSV, 422, "unreadable-file"),
        (b"x", {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}, 422, "unreadable-file"),
    ],
)
async def test_what_cannot_be_read_is_a_problem(
    client: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    refused(await client.post("/v1/imports/engagements", content=content, headers=headers), status, slug)


async def test_a_file_beyond_the_bound_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    headers = {**CSV, "Content-Length": str(1 << 40)}
    refused(await client.post("/v1/imports/engagements", content=b"", headers=headers), 413, "too-large")

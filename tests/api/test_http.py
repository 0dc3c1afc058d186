"""What holds for every path: methods, ids of requests, bounds, and refusals that a program can read."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from service.database import Database
from tests.api.conftest import BODY_BOUND
from tests.api.expectations import faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


def paths(app: FastAPI) -> dict[str, set[str]]:
    """Every path of the API with the methods that its routes have."""
    found: dict[str, set[str]] = {}
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.path:
            found.setdefault(route.path, set()).update(route.methods or ())
    return found


def filled(path: str) -> str:
    return path.replace("{id}", UNKNOWN).replace("{part_id}", UNKNOWN).replace("{version}", "1")


async def test_every_path_tells_all_its_methods(client: httpx.AsyncClient, app: FastAPI) -> None:
    assert len(paths(app)) > 40
    for path, methods in paths(app).items():
        expected = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        options = await client.options(filled(path))
        assert options.status_code == 204
        assert set(options.headers["allow"].split(", ")) == expected
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - methods:
            response = await client.request(method, filled(path))
            refused(response, 405, "method-not-allowed")
            assert set(response.headers["allow"].split(", ")) == expected


async def test_head_answers_as_get_does_but_without_the_body(client: httpx.AsyncClient, office: Office) -> None:
    for path in ("/v1/engagements", f"/v1/engagements/{office.meeting}", "/healthz", f"/v1/engagements/{UNKNOWN}", "/nowhere"):
        got, head = await client.get(path), await client.head(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        assert head.headers["content-type"] == got.headers["content-type"]
    assert (await client.head(f"/v1/engagements/{office.meeting}")).headers["content-length"] == str(
        len((await client.get(f"/v1/engagements/{office.meeting}")).content)
    )


async def test_head_is_refused_where_get_is_not_possible(client: httpx.AsyncClient) -> None:
    response = await client.head(f"/v1/people/{UNKNOWN}/withdraw")
    assert (response.status_code, response.headers["allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v2/engagements", "/v1/engagement", "/v1/people/x/y/z", "/%EC%97%86%EC%9D%8C", "/v1/engagements%00"]
)
async def test_a_path_that_leads_nowhere_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    for response in (await client.get(path), await client.post(path, json={})):
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["title"] == "There is nothing at this path"
    assert (await client.options(path)).status_code == 404


async def test_the_nearest_path_is_named(client: httpx.AsyncClient) -> None:
    assert "did you mean /v1/engagements?" in refused(await client.get("/v1/engagement"), 404)["detail"]


@pytest.mark.parametrize("given", ["7f3a", "trace:01/a=b~!", "x" * 128])
async def test_a_sane_request_id_is_taken_over(client: httpx.AsyncClient, given: str) -> None:
    for path in ("/healthz", "/nowhere"):
        assert (await client.get(path, headers={"X-Request-ID": given})).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "two words", "한글".encode(), b"\x01"])
async def test_any_other_request_id_is_replaced(client: httpx.AsyncClient, given: str | bytes) -> None:
    response = await client.get("/healthz", headers=[(b"X-Request-ID", given if isinstance(given, bytes) else given.encode())])
    made = response.headers["x-request-id"]
    assert len(made) == 36
    assert made != (await client.get("/healthz")).headers["x-request-id"]


TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


async def test_a_request_of_a_trace_goes_by_the_name_of_the_trace(client: httpx.AsyncClient) -> None:
    parent = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
    assert (await client.get("/healthz", headers=parent)).headers["x-request-id"] == TRACE
    assert (await client.get("/healthz", headers=parent | {"X-Request-ID": "7f3a"})).headers["x-request-id"] == "7f3a"


@pytest.mark.parametrize(
    "parent",
    [
        "",
        TRACE,
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
    ],
)
async def test_what_is_no_trace_is_passed_over(client: httpx.AsyncClient, parent: str) -> None:
    assert len((await client.get("/healthz", headers={"traceparent": parent})).headers["x-request-id"]) == 36


async def test_no_answer_may_be_taken_for_another_type(client: httpx.AsyncClient, office: Office) -> None:
    for path in ("/v1/engagements", f"/v1/people/{office.newsom}", "/nowhere", "/healthz", "/openapi.json"):
        for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            assert (await client.request(method, path)).headers.get_list("x-content-type-options") == ["nosniff"]


async def test_a_body_beyond_the_bound_is_413_however_it_is_sent(client: httpx.AsyncClient, database: Database) -> None:
    body = b'{"name_en": "' + b"x" * BODY_BOUND + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    for content in (body, pieces()):
        problem = refused(await client.post("/v1/people", content=content, headers=JSON), 413, "too-large")
        assert str(BODY_BOUND) in problem["detail"]
    refused(await client.request("GET", "/v1/people", content=body), 413, "too-large")


@pytest.mark.parametrize(
    "media_type", ["text/plain", "text/json", "application/xml", "application/x-www-form-urlencoded", "json", "", "\xff"]
)
async def test_a_body_of_another_type_is_415(client: httpx.AsyncClient, media_type: str) -> None:
    response = await client.post("/v1/people", content="{}", headers=[(b"Content-Type", media_type.encode("latin-1"))])
    refused(response, 415, "unsupported-media-type")
    assert response.headers["accept"] == "application/json"


async def test_a_body_without_a_type_is_415(client: httpx.AsyncClient) -> None:
    refused(await client.post("/v1/people", content=b"{}"), 415, "unsupported-media-type")


@pytest.mark.parametrize("media_type", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"])
async def test_the_type_of_json_is_read_as_the_standard_says(client: httpx.AsyncClient, media_type: str) -> None:
    response = await client.post("/v1/people", content='{"name_ko":"김동연"}'.encode(), headers={"Content-Type": media_type})
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("path", "parameter", "told"),
    [
        ("/v1/engagements?contry=US", "contry", "did you mean 'country'?"),
        ("/v1/engagements?limit=1&limit=2", "limit", "more than once"),
        ("/v1/engagements?limit=0", "limit", "greater than or equal to 1"),
        ("/v1/engagements?limit=201", "limit", "less than or equal to 200"),
        ("/v1/engagements?limit=many", "limit", "integer"),
        ("/v1/engagements?limit=", "limit", "integer"),
        ("/v1/engagements?sort=title", "sort", "-when"),
        ("/v1/engagements?kind=meting", "kind", "did you mean 'meeting'?"),
        ("/v1/engagements?status=hold", "status", "did you mean 'held'?"),
        ("/v1/engagements?country=USA", "country", "ISO 3166-1"),
        ("/v1/engagements?country=대한민국", "country", "'KR'"),
        ("/v1/engagements?office=govenor", "office", "did you mean 'governor'?"),
        ("/v1/engagements?outcome_kind=mous", "outcome_kind", "did you mean 'mou'?"),
        ("/v1/engagements?outcome_status=sined", "outcome_status", "did you mean 'signed'?"),
        ("/v1/engagements?visibility=secret", "visibility", "known are"),
        ("/v1/engagements?year=0", "year", "greater than or equal to 1"),
        ("/v1/engagements?year=24-05", "year", "integer"),
        ("/v1/engagements?when=2024-13", "when", "2024-13"),
        ("/v1/engagements?when=2024-05/2023-05", "when", "ends before it begins"),
        ("/v1/engagements?person=Newsom", "person", "pattern"),
        ("/v1/engagements?in_scope=perhaps", "in_scope", "boolean"),
        ("/v1/engagements?total=all", "total", "exact"),
        ("/v1/engagements?external_id=a%20b", "external_id", "pattern"),
        ("/v1/engagements?kind=%zz", "kind", "%25"),
        ("/v1/engagements?kind=%ff", "kind", "UTF-8"),
        ("/v1/engagements?kind=%00", "kind", "U+0000"),
        ("/v1/people?name=%ed%a0%80", "name", "UTF-8"),
        ("/v1/people?name=", "name", "empty"),
        ("/v1/people?nam=x", "nam", "did you mean 'name'?"),
        ("/healthz?verbose=1", "verbose", "nothing can be asked here"),
    ],
)
async def test_a_parameter_that_cannot_be_right_is_named(client: httpx.AsyncClient, path: str, parameter: str, told: str) -> None:
    assert told in faults(await client.get(path))[parameter]["detail"]


async def test_a_record_takes_no_parameters(client: httpx.AsyncClient, office: Office) -> None:
    for method, path in (
        ("GET", f"/v1/engagements/{office.meeting}"),
        ("PATCH", f"/v1/people/{office.eby}"),
        ("POST", "/v1/people"),
    ):
        assert "fields" in faults(
            await client.request(method, f"{path}?fields=id", json={"name_en": "x"} if method != "GET" else None)
        )
    assert "did you mean 'reason'?" in faults(await client.delete(f"/v1/people/{office.eby}?reasn=x"))["reasn"]["detail"]


async def test_a_mistake_of_ours_is_a_500_that_tells_nothing_but_the_request_id(
    client: httpx.AsyncClient, app: FastAPI, capfd: pytest.CaptureFixture[str]
) -> None:
    del app.state.database
    problem = refused(await client.get("/v1/people"), 500, "internal")
    assert set(problem) == {"type", "title", "status", "detail", "instance", "request_id"}
    assert "database" not in problem["detail"]
    logged = capfd.readouterr()
    assert problem["request_id"] in logged.out + logged.err


async def test_a_database_that_is_away_is_a_503_that_says_when_to_come_again(
    client: httpx.AsyncClient, app: FastAPI, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app.state.database = Database(f"postgresql+psycopg://nobody@/nothing?host={tmp_path_factory.mktemp('no-server')}")
    for response in (
        await client.get("/v1/people"),
        await client.post("/v1/people", json={"name_en": "x"}),
        await client.get("/readyz"),
    ):
        refused(response, 503, "unavailable")
        assert int(response.headers["retry-after"]) > 0
    app.state.database.dispose()

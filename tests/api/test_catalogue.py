"""`/.well-known/api-catalog` leads a program from the host's name to everything that it needs."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

PATH = "/.well-known/api-catalog"


async def linkset(reader: httpx.AsyncClient, **headers: str) -> list[dict[str, Any]]:
    answer = await reader.get(PATH, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
    found: list[dict[str, Any]] = answer.json()["linkset"]
    return found


async def test_it_names_the_api_and_what_describes_it(reader: httpx.AsyncClient) -> None:
    catalogue, api = await linkset(reader)
    assert catalogue["item"] == [{"href": api["anchor"]}]
    assert [each["href"] for each in api["service-desc"]] == ["http://register.test/openapi.json"]
    assert {each["href"] for each in api["service-doc"]} == {"http://register.test/docs", "http://register.test/problems"}
    for relation in ("service-desc", "service-doc"):
        for link in api[relation]:
            answer = await reader.get(link["href"], headers={"Accept": link["type"]})
            assert answer.status_code == 200
            assert answer.headers["content-type"].partition(";")[0] == link["type"]


async def test_the_state_that_it_names_is_there(client: httpx.AsyncClient) -> None:
    _, api = await linkset(client)
    answer = await client.get(api["status"][0]["href"])
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_the_addresses_are_those_at_which_the_client_is(reader: httpx.AsyncClient) -> None:
    _, api = await linkset(reader, Host="register.example:8443")
    assert api["anchor"] == "http://register.example:8443/v1/"


async def test_head_tells_the_relations_in_a_header(reader: httpx.AsyncClient) -> None:
    answer = await reader.head(PATH)
    assert answer.content == b""
    assert {link["rel"] for link in answer.links.values()} == {"api-catalog", "item"}

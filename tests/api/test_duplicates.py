"""Hints at duplicates over HTTP: of one record, of the whole register, and when something is recorded."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from service.api import duplicates
from service.api.preferences import is_strict
from service.register.codes import VISIBILITY
from tests.api.expectations import answered, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
STRICT = {"Prefer": "handling=strict"}
TWICE: dict[str, Json] = {
    "people": {"name_en": "Gavin Newsom", "nationality": "US"},
    "organizations": {"name_en": "State of California", "country": "US"},
    "engagements": {"kind": "meeting", "title_en": "Meeting with Governor Newsom", "when": "2024-05-07"},
}
NOUNS: Any = {"people": "person", "organizations": "organization", "engagements": "engagement"}
THERE: dict[str, Callable[[Office], str]] = {
    "people": lambda office: office.newsom,
    "organizations": lambda office: office.california,
    "engagements": lambda office: office.meeting,
}


def models(plural: str) -> tuple[type[BaseModel], type[BaseModel]]:
    return duplicates._models(NOUNS[plural])


async def count(client: httpx.AsyncClient, plural: str) -> int:
    total: int = (await client.get(f"/v1/{plural}", params={"total": "exact", "limit": 1})).json()["total"]
    return total


@pytest.mark.parametrize("plural", TWICE)
async def test_what_is_recorded_twice_is_recorded_with_a_link_and_listed(
    client: httpx.AsyncClient, office: Office, plural: str
) -> None:
    there = THERE[plural](office)
    assert (await client.get(f"/v1/duplicates/{plural}")).json() == {"items": []}
    made = await client.post(f"/v1/{plural}", json=TWICE[plural])
    assert made.status_code == 201
    assert made.headers["link"] == f'</v1/{plural}/{there}>; rel="duplicate"'
    one, every = models(plural)
    (found,) = answered(await client.get(f"/v1/{plural}/{made.json()['id']}/duplicates"), one)["items"]
    assert found["record"]["id"] == there
    assert found["score"] >= 0.7
    (pair,) = answered(await client.get(f"/v1/duplicates/{plural}"), every)["items"]
    assert [record["id"] for record in pair["records"]] == [there, made.json()["id"]]
    assert (pair["score"], pair["reasons"]) == (found["score"], found["reasons"])


@pytest.mark.parametrize("plural", TWICE)
async def test_strict_handling_refuses_it_with_the_candidates_and_records_nothing(
    client: httpx.AsyncClient, office: Office, plural: str
) -> None:
    before = await count(client, plural)
    refusal = await client.post(f"/v1/{plural}", json=TWICE[plural], headers=STRICT)
    (found,) = refused(refusal, 409, "possible-duplicate")["duplicates"]
    assert found["path"] == f"/v1/{plural}/{THERE[plural](office)}"
    assert await count(client, plural) == before
    lenient = await client.post(f"/v1/{plural}", json=TWICE[plural], headers={"Prefer": "handling=lenient"})
    assert lenient.status_code == 201


async def test_strict_handling_also_finds_what_is_spelt_in_another_way(client: httpx.AsyncClient, office: Office) -> None:
    refusal = await client.post("/v1/people", json={"name_en": "NEWSOM, Gavin"}, headers=STRICT)
    assert refused(refusal, 409, "possible-duplicate")["duplicates"][0]["id"] == office.newsom
    assert "link" not in (await client.post("/v1/people", json={"name_en": "NEWSOM, Gavin"})).headers


async def test_strict_handling_records_what_is_new(client: httpx.AsyncClient, office: Office) -> None:
    made = await client.post("/v1/people", json={"name_en": "Jay Inslee", "name_ko": "제이 인즐리"}, headers=STRICT)
    assert made.status_code == 201
    assert "link" not in made.headers


async def test_a_family_name_alone_is_no_link(client: httpx.AsyncClient, office: Office) -> None:
    for _ in range(2):
        made = await client.post("/v1/people", json={"name_en": "Newsom"})
        assert made.status_code == 201
        assert "link" not in made.headers


async def test_at_most_three_are_linked(client: httpx.AsyncClient, office: Office) -> None:
    made = [await client.post("/v1/people", json={"name_en": "David Eby"}) for _ in range(5)]
    assert [each.headers["link"].count('rel="duplicate"') for each in made] == [1, 2, 3, 3, 3]


async def test_a_further_name_is_a_name_to_be_linked_by(client: httpx.AsyncClient, office: Office) -> None:
    made = await client.post("/v1/people", json={"name_en": "Premier Eby"})
    assert made.headers["link"] == f'</v1/people/{office.eby}>; rel="duplicate"'


async def test_a_replayed_answer_keeps_its_link(client: httpx.AsyncClient, office: Office) -> None:
    key = {"Idempotency-Key": "feed-7"}
    first, again = [await client.post("/v1/people", json=TWICE["people"], headers=key) for _ in range(2)]
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["link"] == first.headers["link"]
    # What it recorded itself is no duplicate of the same request.
    strict = await client.post("/v1/people", json=TWICE["people"], headers=key | STRICT)
    assert (strict.status_code, strict.content) == (201, first.content)


async def test_a_key_that_was_refused_for_a_duplicate_may_be_used_to_record_it(client: httpx.AsyncClient, office: Office) -> None:
    key = {"Idempotency-Key": "feed-8"}
    for _ in range(2):
        refused(await client.post("/v1/people", json=TWICE["people"], headers=key | STRICT), 409, "possible-duplicate")
    assert (await client.post("/v1/people", json=TWICE["people"], headers=key)).status_code == 201


@pytest.mark.parametrize(
    ("prefer", "strict"),
    [
        ("handling=strict", True),
        ('return=minimal, HANDLING = "strict"; x=y', True),
        ("wait=5;handling=strict", True),
        ("handling=strict, handling=lenient", True),
        ("handling=lenient, handling=strict", False),
        ("handling=strictly", False),
        ("mishandling=strict", False),
        ("handling", False),
        ("", False),
    ],
)
def test_which_preferences_are_strict(prefer: str, strict: bool) -> None:
    assert is_strict(prefer) is strict


@pytest.mark.parametrize("plural", TWICE)
async def test_what_is_not_there_has_no_duplicates(client: httpx.AsyncClient, office: Office, plural: str) -> None:
    refused(await client.get(f"/v1/{plural}/{UNKNOWN}/duplicates"), 404, "not-found")
    refused(await client.get(f"/v1/{plural}/7/duplicates"), 404, "not-found")
    gone = (await client.post(f"/v1/{plural}", json={**TWICE[plural], "external_ids": ["x:1"]})).json()["id"]
    merged = (await client.post(f"/v1/{plural}", json=TWICE[plural])).json()["id"]
    assert (await client.post(f"/v1/{plural}/{merged}/merge", json={"into": THERE[plural](office)})).status_code == 200
    assert (await client.post(f"/v1/{plural}/{gone}/withdraw")).status_code == 200
    refused(await client.get(f"/v1/{plural}/{gone}/duplicates"), 410, "withdrawn")
    answer = refused(await client.get(f"/v1/{plural}/{merged}/duplicates"), 308, "merged")
    assert answer["survivor"] == THERE[plural](office)


async def test_parameters_that_cannot_be_right_are_named(client: httpx.AsyncClient, office: Office) -> None:
    for limit in ("0", "201", "x", "-1", ""):
        assert "limit" in faults(await client.get("/v1/duplicates/people", params={"limit": limit}))
    assert "cursor" in faults(await client.get("/v1/duplicates/people?cursor=x"))
    assert "limit" in faults(await client.get(f"/v1/people/{office.newsom}/duplicates?limit=3"))


async def test_an_answer_that_has_not_changed_is_not_sent_again(client: httpx.AsyncClient, office: Office) -> None:
    for path in ("/v1/duplicates/people", f"/v1/people/{office.newsom}/duplicates"):
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304


async def test_nothing_hidden_is_linked_or_named_in_a_refusal(client: httpx.AsyncClient, office: Office, app: FastAPI) -> None:
    from service.access import keys

    secret = {"kind": "meeting", "title_en": "Secret talks at the lake", "when": "2024-06-01", "visibility": "confidential"}
    hidden = await client.post("/v1/people", json={"name_en": "Deep Throat"})
    part = {"side": "counterpart", "person": hidden.json()["id"]}
    assert (await client.post("/v1/engagements", json={**secret, "participations": [part]})).status_code == 201
    with app.state.database.writing() as connection:
        made = {level: keys.make(connection, level, "admin", level) for level in VISIBILITY}
    app.state.keyring.take()
    bodies = (("people", {"name_en": "Deep Throat"}), ("engagements", {**secret, "visibility": "public"}))
    for plural, body in bodies:
        bearer = {"Authorization": f"Bearer {made['internal']}"}
        for headers in (bearer, bearer | STRICT):
            answer = await client.post(f"/v1/{plural}", json=body, headers=headers)
            said = (answer.status_code, hidden.json()["id"] in answer.text + answer.headers.get("link", ""))
            if headers is bearer:
                assert (*said, "link" in answer.headers) == (201, False, False)
        # What the same reader recorded a moment ago may be told; what is hidden may not.
        told = refused(answer, 409, "possible-duplicate")["duplicates"]
        assert len(told) == 1
        all_seen = await client.post(
            f"/v1/{plural}", json=body, headers=STRICT | {"Authorization": f"Bearer {made['confidential']}"}
        )
        assert len(refused(all_seen, 409, "possible-duplicate")["duplicates"]) == 2

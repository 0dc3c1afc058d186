"""Conditional requests: what is known is not sent again, and what was changed meanwhile is not changed away."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from service.access import keys
from service.database import Database
from tests.api.expectations import Json, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
async def careful(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that says nothing by itself."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://register.test") as made:
        yield made


async def retitled(client: httpx.AsyncClient, path: str, title: str, if_match: str | None) -> httpx.Response:
    headers = MERGE if if_match is None else {**MERGE, "If-Match": if_match}
    return await client.patch(path, json={"title_en": title}, headers=headers)


async def test_every_reading_has_a_strong_tag_and_is_not_sent_again(careful: httpx.AsyncClient, office: Office) -> None:
    meeting = f"/v1/engagements/{office.meeting}"
    outcome = (await careful.get(meeting)).json()["outcomes"][0]["id"]
    paths = [
        meeting,
        f"{meeting}/participations",
        f"{meeting}/outcomes/{outcome}",
        f"{meeting}/revisions",
        f"{meeting}/revisions/1",
        f"/v1/outcomes/{outcome}",
        f"/v1/people/{office.newsom}",
        "/v1/engagements?country=US&total=exact",
        "/v1/organizations",
        "/v1/outcomes",
    ]
    for path in paths:
        first = await careful.get(path)
        tag = first.headers["etag"]
        assert tag.startswith('"'), path
        assert first.headers["cache-control"] == "private, no-cache", path
        again = await careful.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["etag"] == tag
        assert "content-length" not in again.headers, path
        head = await careful.head(path, headers={"If-None-Match": tag})
        assert head.status_code == 304, path
        assert (await careful.get(path, headers={"If-None-Match": '"other"'})).content == first.content, path


async def test_a_tag_changes_with_whatever_is_shown(careful: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    before = await careful.get(path)
    person = await careful.get(f"/v1/people/{office.newsom}")
    renamed = await careful.patch(
        f"/v1/people/{office.newsom}", json={"name_en": "G. Newsom"}, headers={**MERGE, "If-Match": person.headers["etag"]}
    )
    assert renamed.status_code == 200
    after = await careful.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["participations"][0]["person"]["name_en"] == "G. Newsom"
    # The engagement itself is the one that was read, so it may be changed.
    assert (await retitled(careful, path, "Meeting", before.headers["etag"])).status_code == 200


async def test_the_tag_of_an_answer_to_a_change_is_that_of_the_next_reading(careful: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    changed = await retitled(careful, path, "Meeting", (await careful.get(path)).headers["etag"])
    read = await careful.get(path, headers={"If-None-Match": changed.headers["etag"]})
    assert read.status_code == 304
    made = await careful.post("/v1/topics", json={"label_en": "forestry"})
    read = await careful.get(made.headers["location"], headers={"If-None-Match": made.headers["etag"]})
    assert read.status_code == 304


async def test_a_change_says_for_which_version_it_is(careful: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    tag = (await careful.get(path)).headers["etag"]
    missing = await retitled(careful, path, "Meeting", None)
    assert refused(missing, 428, "if-match-required")["current_version"] == 1
    assert missing.headers["etag"] == tag
    assert (await careful.get(path)).json()["version"] == 1
    assert (await retitled(careful, path, "Meeting", '"1"')).status_code == 200
    stale = await retitled(careful, path, "Another", tag)
    body = refused(stale, 412, "stale")
    assert body["current_version"] == 2
    assert stale.headers["etag"] == (await careful.get(path)).headers["etag"]
    assert (await careful.get(path)).json()["title_en"] == "Meeting"


async def test_any_of_several_tags_will_do_and_a_weak_one_will_not(careful: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    refused(await retitled(careful, path, "Meeting", 'W/"1"'), 412, "stale")
    refused(await retitled(careful, path, "Meeting", '"not-one-of-ours"'), 412, "stale")
    assert (await retitled(careful, path, "Meeting", '"a,b" ,, "7", "1"')).status_code == 200


@pytest.mark.parametrize("malformed", ["1", "1-aa", '"1', "'1'", '"1" "2"', "W/1", '"\x7f"'])
async def test_a_malformed_tag_is_refused_by_name(careful: httpx.AsyncClient, office: Office, malformed: str) -> None:
    body = refused(await retitled(careful, f"/v1/engagements/{office.meeting}", "Meeting", malformed), 422)
    assert body["errors"][0]["parameter"] == "If-Match"


async def test_every_way_to_change_holds_the_condition(careful: httpx.AsyncClient, office: Office) -> None:
    meeting, person = f"/v1/engagements/{office.meeting}", f"/v1/people/{office.newsom}"
    record: Json = (await careful.get(meeting)).json()
    assertion = record["assertions"][0]["id"]
    changes = [
        ("PATCH", person, {"name_en": "G. Newsom"}),
        ("DELETE", meeting, None),
        *(("PATCH", f"{meeting}/{part}/{record[part][0]['id']}", {"note": None}) for part in ("participations", "outcomes")),
        *(("DELETE", f"{meeting}/{part}/{record[part][0]['id']}", None) for part in ("participations", "outcomes", "citations")),
        ("PATCH", f"{meeting}/assertions/{assertion}", {"reason": "none"}),
    ]
    for method, path, body in changes:
        for tag, status in ((None, 428), ('"9"', 412)):
            headers = {**(MERGE if body else {}), **({"If-Match": tag} if tag else {})}
            answer = (
                await careful.request(method, path, json=body, headers=headers)
                if body
                else await careful.request(method, path, headers=headers)
            )
            assert answer.status_code == status, (method, path, answer.text)
    assert (await careful.get(meeting)).json() == record


async def test_an_action_holds_the_condition_where_there_is_one(careful: httpx.AsyncClient, office: Office) -> None:
    for path in ("withdraw", "participations", "merge"):
        body = {"participations": {"side": "host", "headcount": 3}, "merge": {"into": office.undated}}.get(path)
        answer = await careful.post(f"/v1/engagements/{office.meeting}/{path}", json=body, headers={"If-Match": '"7"'})
        refused(answer, 412, "stale")
    assert (await careful.post(f"/v1/engagements/{office.undated}/withdraw", headers={"If-Match": '"1"'})).status_code == 200
    refused(await careful.post(f"/v1/engagements/{office.undated}/restore", headers={"If-Match": '"1"'}), 412, "stale")
    assert (await careful.post(f"/v1/engagements/{office.undated}/restore", headers={"If-Match": '"2"'})).status_code == 200


async def test_what_is_not_there_is_said_before_what_is_missing(careful: httpx.AsyncClient, office: Office) -> None:
    refused(await retitled(careful, f"/v1/engagements/{UNKNOWN}", "Meeting", None), 404, "not-found")
    await careful.post(f"/v1/engagements/{office.undated}/withdraw")
    refused(await retitled(careful, f"/v1/engagements/{office.undated}", "Meeting", None), 410, "withdrawn")
    await careful.post(f"/v1/people/{office.newsom}/merge", json={"into": office.eby})
    moved = await careful.patch(f"/v1/people/{office.newsom}", json={"name_en": "X"}, headers=MERGE)
    assert (moved.status_code, moved.headers["location"]) == (308, f"/v1/people/{office.eby}")


async def test_only_an_admin_changes_whatever_is_there(app: FastAPI, database: Database, office: Office) -> None:
    with database.writing() as connection:
        made = {scope: keys.make(connection, scope, scope, "confidential") for scope in ("write", "admin")}
    app.state.keyring.take()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://register.test") as client:
        for scope, status in (("write", 403), ("admin", 200)):
            client.headers["Authorization"] = f"Bearer {made[scope]}"
            answer = await retitled(client, f"/v1/engagements/{office.meeting}", "Meeting", "*")
            assert answer.status_code == status, answer.text


async def test_of_a_hundred_writers_at_once_one_changes_a_version(careful: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    for version in (1, 2, 3):
        answers = await asyncio.gather(
            *(retitled(careful, path, f"Version {version} by {writer}", f'"{version}"') for writer in range(100))
        )
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {200: 1, 412: 99}
        (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
        assert (await careful.get(path)).json() == winner
        assert winner["version"] == version + 1


async def test_a_client_that_reads_again_and_tries_again_loses_nothing(careful: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"

    async def append(word: str) -> None:
        while True:
            read = await careful.get(path)
            note = f"{read.json()['note'] or ''} {word}".strip()
            answer = await careful.patch(path, json={"note": note}, headers={**MERGE, "If-Match": read.headers["etag"]})
            if answer.status_code == 200:
                return
            assert answer.status_code == 412

    words = [f"w{n}" for n in range(20)]
    await asyncio.gather(*map(append, words))
    assert sorted((await careful.get(path)).json()["note"].split()) == sorted(words)


async def test_whoever_wants_little_gets_the_tag_alone(careful: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    headers = {**MERGE, "If-Match": '"1"', "Prefer": "handling=strict, return=minimal"}
    changed = await careful.patch(path, json={"title_en": "Meeting"}, headers=headers)
    assert (changed.status_code, changed.content, changed.headers["preference-applied"]) == (204, b"", "return=minimal")
    assert "content-type" not in changed.headers
    assert changed.headers["etag"] == (await careful.get(path)).headers["etag"]
    key = {"Idempotency-Key": "1", "Prefer": "return=minimal"}
    made = await careful.post("/v1/topics", json={"label_en": "forestry"}, headers=key)
    assert (made.status_code, made.content, made.headers["content-length"]) == (201, b"", "0")
    # The kept answer is whole, whatever the first try wanted to see of it.
    again = await careful.post("/v1/topics", json={"label_en": "forestry"}, headers={"Idempotency-Key": "1"})
    assert again.json()["id"] == made.headers["location"].rpartition("/")[2]
    assert (await careful.get(path, headers={"Prefer": "return=minimal"})).json()["version"] == 2

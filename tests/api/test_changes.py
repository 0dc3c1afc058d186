"""The feed: every change once, in the order of commits, with cursors that are known again."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from service.api import bell as bells
from service.api.bell import Bell
from service.api.changes import ChangePage
from service.database import Database
from service.register.audience import EVERYBODY, Audience
from service.register.reading import changes
from service.register.reading.changes import BEGINNING, read
from service.register.seal import seal_of
from service.register.topic import TopicShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from tests.api.expectations import Json, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture(autouse=True)
async def bell(app: FastAPI, database: Database) -> AsyncIterator[Bell]:
    made = app.state.bell = Bell(database, 0.05)
    app.state.seal = seal_of(database)
    database.on_commit.append(made.ring)
    yield made
    made.stop()


async def page(client: httpx.AsyncClient, **asked: object) -> Json:
    answer = await client.get("/v1/changes", params=asked)  # type: ignore[arg-type]  # anything that can be written
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    ChangePage.model_validate(body)
    return body


async def test_every_change_is_told_once_in_the_order_of_commits(client: httpx.AsyncClient, office: Office) -> None:
    path = f"/v1/engagements/{office.meeting}"
    start = (await page(client, start="latest"))["next_cursor"]
    await client.patch(path, json={"title_en": "New"}, headers=MERGE)
    await client.post(f"/v1/people/{office.newsom}/merge", json={"into": office.eby})
    await client.post(f"/v1/engagements/{office.undated}/withdraw")
    await client.post(f"/v1/engagements/{office.undated}/restore")
    await client.post(f"/v1/people/{office.newsom}/unmerge")
    seen, cursor = [], start
    while True:
        body = await page(client, after=cursor, limit=2)
        seen += body["items"]
        cursor = body["next_cursor"]
        if not body["more"]:
            break
    assert [(each["noun"], each["id"], each["change"]) for each in seen] == [
        ("engagement", office.meeting, "revised"),
        ("engagement", office.meeting, "revised"),
        ("person", office.newsom, "merged"),
        ("person", office.eby, "revised"),
        ("engagement", office.undated, "withdrawn"),
        ("engagement", office.undated, "restored"),
        ("engagement", office.meeting, "revised"),
        ("person", office.newsom, "unmerged"),
        ("person", office.eby, "revised"),
    ]
    assert seen[2]["merged_into"] == office.eby
    assert (await page(client, after=cursor))["items"] == []
    resumed = await page(client, after=seen[4]["cursor"])
    assert [without_cursor(each) for each in resumed["items"]] == [without_cursor(each) for each in seen[5:]]


async def test_from_the_beginning_everything_there_is_can_be_had(client: httpx.AsyncClient, office: Office) -> None:
    await client.post(f"/v1/engagements/{office.undated}/withdraw")
    everything = await page(client, include="record", limit=1000)
    assert not everything["more"]
    copy = {each["id"]: each["record"] for each in everything["items"]}
    assert copy[office.undated] is None
    for record_id in (office.meeting, office.visit, office.trip):
        assert copy[record_id] == (await client.get(f"/v1/engagements/{record_id}")).json()
    assert copy[office.newsom] == (await client.get(f"/v1/people/{office.newsom}")).json()
    only = await page(client, noun="topic", limit=1000)
    assert {each["noun"] for each in only["items"]} == {"topic"}
    assert (await page(client, after=only["next_cursor"]))["items"] == []


async def test_what_is_rolled_back_leaves_no_gap(client: httpx.AsyncClient, office: Office, database: Database) -> None:
    before = (await page(client, start="latest"))["next_cursor"]

    def undone() -> None:
        with database.writing() as connection:
            recording.record(connection, "topic", [TopicShape(label_en="undone")], by=Actor("someone"))
            raise LookupError

    with pytest.raises(LookupError):
        undone()
    assert (await client.post("/v1/topics", json={"label_en": "forestry"})).status_code == 201
    assert len((await page(client, after=before))["items"]) == 1
    with database.reading() as connection:
        positions = list(connection.execute(text("SELECT position FROM change ORDER BY position")).scalars())
        revisions = connection.execute(text("SELECT count(*) FROM revision")).scalar()
    assert positions == list(range(1, len(positions) + 1))
    assert len(positions) == revisions


@pytest.mark.parametrize("cursor", ["nonsense", "bnVsbA", "WzEsMl0", "Wy0xLCJ4Il0", "eyJhIjoxfQ", "é"])
async def test_a_forged_cursor_is_refused(client: httpx.AsyncClient, office: Office, cursor: str) -> None:
    assert "after" in faults(await client.get("/v1/changes", params={"after": cursor}))
    assert "after" in faults(await client.get("/v1/changes/stream", params={"after": cursor}))


async def test_a_register_that_was_put_back_is_noticed(client: httpx.AsyncClient, office: Office, database: Database) -> None:
    cursor = (await page(client, limit=1000))["next_cursor"]
    with database.writing() as connection:
        connection.execute(text("DELETE FROM change WHERE position = (SELECT max(position) FROM change)"))
    refused(await client.get("/v1/changes", params={"after": cursor}), 410, "feed-reset")
    # Another change in the place of the one that is gone is not taken for it.
    assert (await client.post("/v1/topics", json={"label_en": "forestry"})).status_code == 201
    refused(await client.get("/v1/changes", params={"after": cursor}), 410, "feed-reset")


async def test_what_looks_like_a_cursor_and_was_not_given_out_begins_anew(client: httpx.AsyncClient, office: Office) -> None:
    cursor = (await page(client))["next_cursor"]
    turned = f"{cursor[:-1]}{'A' if cursor[-1] != 'A' else 'B'}"
    for forged in (turned, "A" * len(cursor), f"B{cursor[1:]}" if cursor[0] != "B" else f"C{cursor[1:]}"):
        refused(await client.get("/v1/changes", params={"after": forged}), 410, "feed-reset")
        refused(await client.get("/v1/changes/stream", params={"after": forged}), 410, "feed-reset")


async def test_a_cursor_tells_nothing_not_even_that_it_is_the_same(client: httpx.AsyncClient, office: Office) -> None:
    cursors = [(await page(client, start="latest"))["next_cursor"] for _ in range(3)]
    assert len(set(cursors)) == 3
    assert {len(cursor) for cursor in cursors} == {51}
    for cursor in cursors:
        assert (await page(client, after=cursor))["items"] == []


async def test_a_cursor_of_a_list_is_none_of_the_changes(client: httpx.AsyncClient, office: Office) -> None:
    other = (await client.get("/v1/engagements?limit=1")).json()["next_cursor"]
    assert "after" in faults(await client.get("/v1/changes", params={"after": other}))
    own = (await page(client))["next_cursor"]
    assert "cursor" in faults(await client.get("/v1/engagements", params={"cursor": own}))


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("limit", "0"), ("limit", "1001"), ("wait", "31"), ("wait", "-1"), ("noun", "people"), ("start", "x")],
)
async def test_a_limit_is_kept(client: httpx.AsyncClient, parameter: str, value: str) -> None:
    assert parameter in str(faults(await client.get("/v1/changes", params={parameter: value})))


async def test_whoever_waits_is_answered_as_soon_as_there_is_something(client: httpx.AsyncClient, office: Office) -> None:
    cursor = (await page(client, start="latest"))["next_cursor"]
    waiting = asyncio.create_task(page(client, after=cursor, wait=20))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await client.patch(f"/v1/people/{office.kim}", json={"note": "New"}, headers=MERGE)
    found = await asyncio.wait_for(waiting, 5)
    assert [each["id"] for each in found["items"]] == [office.kim]
    began = asyncio.get_running_loop().time()
    assert (await page(client, after=found["next_cursor"], wait=1))["items"] == []
    assert asyncio.get_running_loop().time() - began >= 0.9


async def test_the_commit_of_another_process_is_noticed(
    client: httpx.AsyncClient, office: Office, database: Database, bell: Bell
) -> None:
    listening = asyncio.create_task(bell.listen())
    cursor = (await page(client, start="latest"))["next_cursor"]
    waiting = asyncio.create_task(page(client, after=cursor, wait=20))
    await asyncio.sleep(0.3)
    database.on_commit.clear()
    await client.patch(f"/v1/people/{office.kim}", json={"note": "New"}, headers=MERGE)
    assert [each["id"] for each in (await asyncio.wait_for(waiting, 5))["items"]] == [office.kim]
    listening.cancel()


async def test_more_than_can_wait_are_sent_away(
    client: httpx.AsyncClient, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "MOST_WAITING", 1)
    cursor = (await page(client, start="latest"))["next_cursor"]
    waiting = asyncio.create_task(page(client, after=cursor, wait=20))
    await asyncio.sleep(0.2)
    beyond = await client.get("/v1/changes", params={"after": cursor, "wait": 5})
    refused(beyond, 503)
    assert beyond.headers["retry-after"] == "10"
    refused(await client.get("/v1/changes/stream"), 503)
    assert (await page(client, after=cursor))["items"] == []
    await client.patch(f"/v1/people/{office.kim}", json={"note": "New"}, headers=MERGE)
    await waiting


def events(text_of: str) -> list[tuple[str, Json]]:
    """Id and data of each event."""
    found = []
    for block in text_of.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields.get("event") == "change":
            found.append((fields["id"], json.loads(fields["data"])))
    return found


def without_cursor(item: Json) -> Json:
    return {name: value for name, value in item.items() if name != "cursor"}


async def test_the_stream_says_the_same_and_resumes(client: httpx.AsyncClient, office: Office, bell: Bell) -> None:
    first = await page(client, limit=1000)
    loop = asyncio.get_running_loop()
    loop.call_later(0.5, bell.stop)
    answer = await client.get("/v1/changes/stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    streamed = events(answer.text)
    assert [without_cursor(data) for _, data in streamed] == [without_cursor(item) for item in first["items"]]
    bell.stopped = False
    loop.call_later(0.5, bell.stop)
    resumed = await client.get("/v1/changes/stream", headers={"Last-Event-ID": streamed[3][0]})
    assert [without_cursor(data) for _, data in events(resumed.text)] == [without_cursor(data) for _, data in streamed[4:]]
    assert (await asyncio.wait_for(client.head("/v1/changes/stream"), 5)).status_code == 200


async def test_what_is_beyond_a_reader_is_not_told_and_what_was_taken_from_it_is(
    client: httpx.AsyncClient, office: Office, database: Database
) -> None:
    def told(audience: Audience) -> list[tuple[str, str]]:
        found = read(database, BEGINNING, 1000, with_records=True, audience=audience)
        return [(item["id"], item["change"]) for item in found.items if item["noun"] == "engagement"]

    assert office.visit not in str(read(database, BEGINNING, 1000, with_records=True, audience=EVERYBODY))
    assert (office.visit, "recorded") in told(Audience("internal"))
    await client.patch(f"/v1/engagements/{office.meeting}", json={"visibility": "internal"}, headers=MERGE)
    await client.post(f"/v1/engagements/{office.undated}/withdraw")
    public = told(EVERYBODY)
    assert public == [
        (office.trip, "recorded"),
        (office.meeting, "removed"),
        (office.undated, "removed"),
        (office.meeting, "removed"),
        (office.undated, "removed"),
    ]
    assert "Newsom" not in str(read(database, BEGINNING, 1000, with_records=True, audience=EVERYBODY).items)
    await client.patch(f"/v1/engagements/{office.meeting}", json={"visibility": "public"}, headers=MERGE)
    assert (office.meeting, "revised") in told(EVERYBODY)
    assert UNKNOWN not in str(public)


async def test_nobody_can_count_what_is_beyond_them(client: httpx.AsyncClient, office: Office, database: Database) -> None:
    secret = f"/v1/engagements/{office.visit}"
    for n in range(7):
        await client.patch(secret, json={"note": f"Secret {n}"}, headers=MERGE)
    await client.patch(f"/v1/engagements/{office.trip}", json={"note": "Not secret"}, headers=MERGE)
    whole = read(database, BEGINNING, 1000, audience=EVERYBODY)
    assert not whole.more
    place, told, pages = BEGINNING, list[tuple[str, int]](), 0
    more = True
    while more:
        found = read(database, place, 1, audience=EVERYBODY)
        # An empty page, or one that is not full, would tell of what lies in between.
        assert found.items
        told += [(item["id"], item["version"]) for item in found.items]
        place, more, pages = found.next, found.more, pages + 1
    assert told == [(item["id"], item["version"]) for item in whole.items]
    for n in range(3):
        await client.patch(secret, json={"note": f"More secrets {n}"}, headers=MERGE)
    assert read(database, whole.next, 1, audience=EVERYBODY)[::2] == ([], False)
    # Neither does what comes after the last one that is told.
    last_but_one = read(database, BEGINNING, pages - 1, audience=EVERYBODY)
    last = read(database, last_but_one.next, 1, audience=EVERYBODY)
    assert (len(last.items) > 0, last.more) == (True, False)


async def test_what_is_passed_over_is_bounded(
    client: httpx.AsyncClient, office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_CHUNK", 2)
    monkeypatch.setattr(changes, "_MOST_CHUNKS", 2)
    place = changes.newest(database)
    for n in range(9):
        await client.patch(f"/v1/engagements/{office.visit}", json={"note": f"Secret {n}"}, headers=MERGE)
    await client.patch(f"/v1/engagements/{office.trip}", json={"note": "Not secret"}, headers=MERGE)
    found = changes.read(database, place, 1, audience=EVERYBODY)
    assert (found.items, found.more) == ([], True)
    while not found.items:
        found = changes.read(database, found.next, 1, audience=EVERYBODY)
    assert found.items[-1]["id"] == office.trip


async def test_those_who_wait_for_the_same_read_together(bell: Bell) -> None:
    reads = 0

    def read() -> int:
        nonlocal reads
        reads += 1
        number = reads
        time.sleep(0.05)
        return number

    assert await asyncio.gather(*(bell.together("same", read) for _ in range(50))) == [1] * 50
    waiting = asyncio.ensure_future(bell.together("same", read))
    await asyncio.sleep(0)
    bell.ring()
    await asyncio.sleep(0.01)
    # What was begun before it rang may lack what was committed.
    assert sorted([await bell.together("same", read), await waiting]) == [2, 3]
    gone = asyncio.ensure_future(bell.together("other", read))
    staying = asyncio.ensure_future(bell.together("other", read))
    await asyncio.sleep(0)
    gone.cancel()
    assert await staying == 4


async def test_whoever_is_not_seen_any_more_leaves_a_limited_copy_and_whoever_is_comes_into_it(
    client: httpx.AsyncClient, office: Office, database: Database
) -> None:
    place = read(database, BEGINNING, 1000, audience=EVERYBODY).next
    path = f"/v1/engagements/{office.meeting}"
    for visibility, change in (("confidential", "removed"), ("public", "revised")):
        await client.patch(path, json={"visibility": visibility}, headers=MERGE)
        found = read(database, place, 1000, with_records=True, audience=EVERYBODY)
        told = {item["id"]: (item["change"], item["record"] is None) for item in found.items}
        assert set(told) == {office.meeting, office.newsom, office.kim, office.california, office.release}
        assert set(told.values()) == {(change, change == "removed")}
        # The engagement comes last, so that a reader who stops among them begins with them again.
        assert found.items[-1]["id"] == office.meeting
        assert {item["place"] for item in found.items[:-1]} == {place}
        place = found.next


async def test_a_stream_is_not_silent_though_others_write(
    client: httpx.AsyncClient, office: Office, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.api import changes as feed

    monkeypatch.setattr(feed, "_HEARTBEAT_SECONDS", 0.3)

    async def write() -> None:
        for n in range(10):
            await client.patch(f"/v1/people/{office.kim}", json={"note": str(n)}, headers=MERGE)
            await asyncio.sleep(0.1)
        bell.stop()

    writing = asyncio.create_task(write())
    answer = await client.get("/v1/changes/stream?noun=source&start=latest")
    await writing
    assert answer.text.count(": nothing new") >= 2
    last = [line for line in answer.text.splitlines() if line.startswith("id: ")][-1].removeprefix("id: ")
    assert (await page(client, after=last))["items"] == [] or len((await page(client, after=last))["items"]) < 10

"""Many operations in one request: all or nothing, or what can be done, with a result for each; and a feed that is sent again."""

import asyncio
import random
import time
from collections import Counter
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from service.api.bulk import BulkResults
from service.database import Database
from tests.api.expectations import Json, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio


def feed(n: int, **fields: Any) -> Json:
    """An item of a nightly feed."""
    record = {
        "kind": "meeting",
        "title_en": f"Meeting {n}",
        "external_ids": [f"feed:{n}"],
        "participations": [{"side": "host", "headcount": n + 1}, {"side": "counterpart", "person": "wikidata:Q461391"}],
        **fields,
    }
    return {"do": "upsert", "record": record}


async def done(client: httpx.AsyncClient, *items: Json, atomic: bool = True, noun: str = "engagements") -> Json:
    answer = await client.post(f"/v1/bulk/{noun}", json={"atomic": atomic, "items": items})
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    BulkResults.model_validate(body, strict=True)
    return body


def counts(database: Database) -> list[int]:
    """How many rows there are in each of some tables."""
    with database.reading() as connection:
        return [
            connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() or 0
            for table in ("engagement", "participation", "external_id", "revision", "touch", "change")
        ]


async def test_a_feed_records_and_a_second_night_changes_nothing(
    client: httpx.AsyncClient, office: Office, database: Database
) -> None:
    nightly = [feed(n) for n in range(20)]
    first = await done(client, *nightly)
    assert first["counts"] == {"recorded": 20}
    assert {each["status"] for each in first["items"]} == {201}
    before = counts(database)
    assert (await done(client, *nightly))["counts"] == {"unchanged": 20}
    assert counts(database) == before
    record = (await client.get(f"/v1/engagements/{first['items'][3]['id']}")).json()
    assert [each["person"] and each["person"]["id"] for each in record["participations"]] == [None, office.newsom]


async def test_what_a_feed_names_is_set_and_what_it_does_not_stays(client: httpx.AsyncClient, office: Office) -> None:
    await done(client, feed(1))
    before = (await client.get("/v1/engagements/external/feed:1")).json()
    merge = {"Content-Type": "application/merge-patch+json"}
    path = f"/v1/engagements/{before['id']}"
    await client.patch(path, json={"note": "ours", "external_ids": ["feed:1", "ours:1"], "topics": [office.trade]}, headers=merge)
    own = (await client.post(f"{path}/outcomes", json={"kind": "mou", "title_en": "MOU"})).json()
    changed = feed(1, title_ko="면담", participations=[{"side": "counterpart", "person": office.newsom, "office": "Governor"}])
    result = (await done(client, changed))["items"][0]
    assert (result["what"], result["status"], result["version"]) == ("revised", 200, 4)
    after = (await client.get(path)).json()
    assert (after["title_ko"], after["note"], after["external_ids"]) == ("면담", "ours", ["feed:1", "ours:1"])
    assert [each["id"] for each in after["outcomes"]] == [own["id"]]
    assert [each["id"] for each in after["participations"]] == [before["participations"][1]["id"]]
    assert after["participations"][0]["office"] == "Governor"


async def test_every_kind_of_operation_in_the_order_given(client: httpx.AsyncClient, office: Office) -> None:
    body = await done(
        client,
        {"do": "record", "record": {"kind": "trip", "title_en": "Trip", "external_ids": ["t:1"]}},
        {"do": "record", "record": {"kind": "meeting", "title_en": "On the trip", "parent": "t:1"}},
        {"do": "revise", "record": "t:1", "patch": {"title_en": "Trip to Ottawa"}, "version": 1, "reason": "known now"},
        {"do": "revise", "record": "t:1", "patch": {"title_en": "Trip to Ottawa"}},
        {"do": "withdraw", "record": office.undated, "reason": "twice"},
        {"do": "restore", "record": office.undated},
    )
    assert [each["what"] for each in body["items"]] == ["recorded", "recorded", "revised", "unchanged", "withdrawn", "restored"]
    child = (await client.get(f"/v1/engagements/{body['items'][1]['id']}")).json()
    assert child["parent"]["title_en"] == "Trip to Ottawa"
    history = (await client.get("/v1/engagements/" + office.undated + "/revisions")).json()["items"]
    assert [each["reason"] for each in history] == [None, "twice", None]


async def test_all_or_nothing_names_everything_that_is_wrong(
    client: httpx.AsyncClient, office: Office, database: Database
) -> None:
    before = counts(database)
    items = [
        feed(0),
        feed(1, participations=[{"side": "host", "person": UNKNOWN}]),
        feed(2),
        {"do": "revise", "record": office.meeting, "patch": {"when": "2024-05"}, "version": 9},
        {"do": "withdraw", "record": "nobody:knows"},
        feed(5, external_ids=["gg-2024-05-07", "feed:2"]),
        {"do": "revise", "record": office.trip, "patch": {"parent": office.meeting}},
    ]
    answer = await client.post("/v1/bulk/engagements", json={"items": items})
    body = refused(answer, 422, "bulk-refused")
    assert body["refused"] == 5
    assert [fault["pointer"] for fault in body["errors"]] == [
        "#/items/1/record/participations/0/person",
        "#/items/3",
        "#/items/4/record",
        "#/items/5/record/external_ids",
        "#/items/6/patch/parent",
    ]
    assert counts(database) == before


async def test_what_can_be_done_is_done_where_that_is_wanted(client: httpx.AsyncClient, office: Office) -> None:
    items = [
        feed(0),
        {"do": "upsert", "record": {"kind": "lunch", "title_en": "", "external_ids": ["feed:1"], "titel": 1}},
        feed(2, participations=[{"side": "host", "person": UNKNOWN}]),
        {"do": "dance"},
        {"record": {}},
        "x",
        feed(6),
    ]
    body = await done(client, *items, atomic=False)  # type: ignore[arg-type]  # bad on purpose
    assert body["counts"] == {"recorded": 2, "refused": 5}
    assert [each["status"] for each in body["items"]] == [201, 422, 422, 422, 422, 422, 201]
    problems = [each["problem"] for each in body["items"]]
    assert {fault["pointer"] for fault in problems[1]["errors"]} == {
        "#/items/1/record/kind",
        "#/items/1/record/title_en",
        "#/items/1/record/titel",
    }
    assert problems[2]["errors"][0]["pointer"] == "#/items/2/record/participations/0/person"
    assert "known are" in problems[3]["detail"] or "did you mean" in problems[3]["detail"]
    assert [problems[n]["errors"][0]["pointer"] for n in (3, 4, 5)] == ["#/items/3/do", "#/items/4/do", "#/items/5"]
    assert (await client.get("/v1/engagements/external/feed:6")).status_code == 200


async def test_two_items_on_one_record_are_carried_out_one_after_the_other(client: httpx.AsyncClient, office: Office) -> None:
    body = await done(client, feed(1), feed(1, title_en="Again"), feed(1, title_en="Again"))
    assert [each["what"] for each in body["items"]] == ["recorded", "revised", "unchanged"]
    body = await done(
        client,
        {"do": "revise", "record": "feed:1", "patch": {"note": "a"}},
        {"do": "revise", "record": body["items"][0]["id"], "patch": {"note": "b"}},
    )
    assert [each["version"] for each in body["items"]] == [3, 4]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/items"),
        ({"items": []}, "#/items"),
        ({"items": [{}] * 10_001}, "#/items"),
        ({"items": {}}, "#/items"),
        ({"items": [{}], "atomic": "no"}, "#/atomic"),
        ({"item": [{}]}, "#/item"),
        ([], "#"),
    ],
)
async def test_a_body_of_another_shape_is_refused(client: httpx.AsyncClient, body: Any, pointer: str) -> None:
    assert pointer in faults(await client.post("/v1/bulk/topics", json=body))


async def test_an_upsert_needs_a_name_that_is_of_one_record(client: httpx.AsyncClient, office: Office) -> None:
    await done(client, feed(1), feed(2))
    for record, status in (
        ({"kind": "meeting", "title_en": "X"}, 422),
        ({"kind": "meeting", "title_en": "X", "external_ids": ["feed:1", "feed:2"]}, 409),
        ({"kind": "meeting", "title_en": "X", "external_ids": ["wikidata:Q461391"]}, 409),
    ):
        body = await done(client, {"do": "upsert", "record": record}, atomic=False)
        assert body["items"][0]["status"] == status, body
    withdrawn = (await client.get("/v1/engagements/external/feed:1")).json()["id"]
    await client.post(f"/v1/engagements/{withdrawn}/withdraw")
    assert (await done(client, feed(1), atomic=False))["items"][0]["status"] == 410


async def test_what_is_referred_to_by_name_does_not_take_away_what_is_not_named(
    client: httpx.AsyncClient, office: Office
) -> None:
    await done(client, feed(1, note="ours", outcomes=[{"kind": "mou", "title_en": "MOU"}]))
    named = {"kind": "meeting", "title_en": "Meeting 1", "external_ids": ["feed:1"], "parent": "gg-2024-05-07"}
    assert (await done(client, {"do": "upsert", "record": named}))["counts"] == {"revised": 1}
    after = (await client.get("/v1/engagements/external/feed:1")).json()
    assert (after["parent"]["id"], after["note"], len(after["outcomes"])) == (office.meeting, "ours", 1)


async def test_a_merged_record_s_name_means_its_survivor(client: httpx.AsyncClient, office: Office) -> None:
    await done(client, feed(1), feed(2))
    first, second = [(await client.get(f"/v1/engagements/external/feed:{n}")).json()["id"] for n in (1, 2)]
    assert (await client.post(f"/v1/engagements/{first}/merge", json={"into": "feed:2"})).status_code == 200
    body = await done(client, {"do": "upsert", "record": {"kind": "meeting", "title_en": "Both", "external_ids": ["feed:1"]}})
    assert (body["items"][0]["id"], body["items"][0]["what"]) == (second, "revised")


async def test_a_retry_of_a_whole_bulk_does_nothing_again(client: httpx.AsyncClient, office: Office, database: Database) -> None:
    items = [{"do": "record", "record": {"label_en": f"topic {n}"}} for n in range(5)]
    key = {"Idempotency-Key": "night-1"}
    first = await client.post("/v1/bulk/topics", json={"items": items}, headers=key)
    before = counts(database)
    again = await client.post("/v1/bulk/topics", json={"items": items}, headers=key)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert counts(database) == before


async def test_feeds_that_overlap_and_come_at_once_end_as_one(
    client: httpx.AsyncClient, office: Office, database: Database
) -> None:
    chance = random.Random(7)
    waiting = [[feed(n, note=f"Of feed {sender}") for n in range(40)] for sender in range(6)]
    for items in waiting:
        chance.shuffle(items)
    told: Counter[int] = Counter()
    for _ in range(20):
        sent = [client.post("/v1/bulk/engagements", json={"items": items}) for items in waiting]
        answers = await asyncio.gather(*sent)
        told.update(answer.status_code for answer in answers)
        waiting = [items for items, answer in zip(waiting, answers, strict=True) if answer.status_code != 200]
        # Whoever wrote the same at the same moment is told so, and tries again.
        assert {answer.status_code for answer in answers} <= {200, 409, 503}, [answer.text for answer in answers]
    assert not waiting, told
    listed = (await client.get("/v1/engagements", params={"limit": 200, "total": "exact"})).json()
    names = Counter(name for item in listed["items"] for name in item["external_ids"] if name.startswith("feed:"))
    assert names == {f"feed:{n}": 1 for n in range(40)}
    for item in listed["items"]:
        if any(name in names for name in item["external_ids"]):
            whole = (await client.get(f"/v1/engagements/{item['id']}")).json()
            assert len(whole["participations"]) == 2


async def test_one_bad_item_of_ten_thousand_is_found_in_bounded_time(
    client: httpx.AsyncClient, office: Office, sqlite_database: Database
) -> None:
    items = [{"do": "upsert", "record": {"label_en": f"topic {n}", "external_ids": [f"t:{n}"]}} for n in range(10_000)]
    items[7_777] = {"do": "upsert", "record": {"label_en": "climate", "external_ids": ["t:7777"]}}
    began = time.monotonic()
    answer = await client.post("/v1/bulk/topics", json={"items": items})
    took = time.monotonic() - began
    body = refused(answer, 422, "bulk-refused")
    assert [fault["pointer"] for fault in body["errors"]] == ["#/items/7777/record/label_en"]
    assert took < 60
    assert (await client.get("/v1/topics?total=exact&limit=1")).json()["total"] == 2


async def test_a_record_is_put_and_read_by_its_external_id(client: httpx.AsyncClient, office: Office) -> None:
    path = "/v1/engagements/external/feed:a/b"
    record = {"kind": "meeting", "title_en": "Meeting", "participations": [{"side": "host", "headcount": 3}], "note": "N"}
    client.headers.pop("if-match")
    refused(await client.get(path), 404)
    refused(await client.put(path, json=record, headers={"If-Match": '"1"'}), 412, "stale")
    made = await client.put(path, json=record, headers={"If-None-Match": "*"})
    assert made.status_code == 201
    assert made.json()["external_ids"] == ["feed:a/b"]
    read = await client.get(path)
    assert read.headers["content-location"] == made.headers["location"]
    assert (read.json(), read.headers["etag"]) == (made.json(), made.headers["etag"])
    refused(await client.put(path, json=record, headers={"If-None-Match": "*"}), 412, "stale")
    refused(await client.put(path, json=record), 428, "if-match-required")
    same = await client.put(path, json=record, headers={"If-Match": read.headers["etag"]})
    assert (same.status_code, same.json()["version"]) == (200, 1)
    record.pop("note")
    less = await client.put(path, json={**record, "external_ids": ["other:1"]}, headers={"If-Match": read.headers["etag"]})
    assert (less.json()["version"], less.json()["note"]) == (2, None)
    assert less.json()["external_ids"] == ["feed:a/b", "other:1"]
    assert less.json()["participations"][0]["id"] == made.json()["participations"][0]["id"]
    refused(await client.get("/v1/people/external/feed:a/b"), 404)
    refused(await client.put("/v1/people/external/feed:a/b", json={"name_en": "X"}), 409, "conflict")
    assert "external_id" in faults(await client.put("/v1/people/external/a%20b", json={"name_en": "X"}))
    assert "If-None-Match" in faults(await client.put(path, json=record, headers={"If-None-Match": '"1"'}))


async def test_the_seed_s_own_way_of_naming_is_followed_everywhere(client: httpx.AsyncClient, office: Office) -> None:
    made = await client.post(
        "/v1/engagements",
        json={
            "kind": "meeting",
            "title_en": "Meeting",
            "parent": "gg-2024-05-07",
            "participations": [{"side": "host", "person": "wikidata:Q461391"}],
        },
    )
    assert made.json()["parent"]["id"] == office.meeting
    assert made.json()["participations"][0]["person"]["id"] == office.newsom
    wrong = await client.post(
        "/v1/engagements", json={"kind": "meeting", "title_en": "X", "participations": [{"side": "host", "person": "press:7"}]}
    )
    assert "external id of the noun engagement" in faults(wrong)["#/participations/0/person"]["detail"]
    merge = {"Content-Type": "application/merge-patch+json"}
    same = await client.patch(made.headers["location"], json={"parent": "press:7"}, headers=merge)
    assert same.json()["version"] == 1
    tally = Counter(each["verb"] for each in (await client.get(f"{made.headers['location']}/revisions")).json()["items"])
    assert tally == {"record": 1}

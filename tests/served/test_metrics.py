"""The figures for Prometheus are true, and read as its format says."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.served.conftest import Search, create

pytestmark = pytest.mark.anyio


async def figures(client: httpx.AsyncClient) -> dict[str, list[tuple[dict[str, str], float]]]:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


async def test_what_was_synced_is_counted(client: httpx.AsyncClient, search: Search) -> None:
    for n in range(3):
        await create(client, "engagements", kind="meeting", title_en=f"Meeting {n}")
    await search("meeting")
    seen = await figures(client)
    mirror = seen["mirror_in_step"][0][0]["mirror"]
    assert seen["mirror_in_step"] == [({"mirror": mirror}, 1.0)]
    assert seen["mirror_documents"] == [({"mirror": mirror}, 3.0)]
    assert seen["mirror_pending_documents"] == [({"mirror": mirror}, 0.0)]
    assert seen["mirror_batch_documents_total"][0][1] >= 3
    assert seen["mirror_touches_total"][0][1] >= 3
    assert seen["mirror_lease_epoch"][0][1] >= 1
    assert ({"mirror": mirror, "result": "done"}, 1.0) in [
        (labels, min(1, value)) for labels, value in seen["mirror_batches_total"]
    ]


async def test_a_histogram_adds_up(client: httpx.AsyncClient, search: Search) -> None:
    for n in range(4):
        await create(client, "engagements", kind="meeting", title_en=f"Meeting {n}")
        await search("meeting")
    seen = await figures(client)
    buckets = [value for _, value in seen["mirror_commit_to_searchable_seconds_bucket"]]
    assert buckets == sorted(buckets), "each bucket holds what is below its bound"
    assert buckets[-1] == seen["mirror_commit_to_searchable_seconds_count"][0][1] == 4
    assert 0 < seen["mirror_commit_to_searchable_seconds_sum"][0][1] < 4 * 60
    assert buckets[0] < 4, "no change is found within ten milliseconds of its commit by all four"


async def test_searches_are_timed_by_the_mirror_that_answered(client: httpx.AsyncClient, search: Search) -> None:
    page = await search("")
    mirror = {"mirror": page["index"]["mirror"]}
    before = {labels["mirror"]: value for labels, value in (await figures(client))["search_seconds_count"]}
    await client.get("/v1/search")
    await client.get("/v1/search", params={"limit": "many"})  # Refused before anybody is asked.
    after = {labels["mirror"]: value for labels, value in (await figures(client))["search_seconds_count"]}
    assert after[mirror["mirror"]] == before[mirror["mirror"]] + 1

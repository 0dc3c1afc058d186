"""The double answers as a real server was recorded to answer: status, codes, names of fields, states of tasks.

Every recorded exchange is replayed in order on one double and is a test of its own. What a double must never answer is
skipped with the reason, so the report of a test run lists it.
"""

import gzip
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.meilisearch_double import MeilisearchDouble

RECORDED = json.loads((Path(__file__).parents[2] / "data" / "meilisearch_transcripts.json").read_text())
EXCHANGES = [(scenario["name"], n, each) for scenario in RECORDED["scenarios"] for n, each in enumerate(scenario["exchanges"])]

SHARED_BATCHES = ("poison: bad id", "poison: bad _geo", "cancel and delete tasks")
"""Scenarios in which a slow task stood in front, so that the others waited together."""

RANKING = "segmentation, typos, scores and highlights are the real engine's and never the double's"
NEVER = {
    **{("Hangul without the Korean dictionary", n): RANKING for n in range(18)},
    ("search", 5): RANKING,
    ("facet search and multi-search", 1): RANKING,
}
"""The exchanges that are not replayed, by scenario and place, each with its reason."""


@pytest.fixture(scope="module")
def replayed() -> dict[tuple[str, int], httpx.Response]:
    with MeilisearchDouble(auto=False) as double:
        return replay(double)


def replay(double: MeilisearchDouble) -> dict[tuple[str, int], httpx.Response]:
    """What the double answers to all that it should."""
    with httpx.Client(base_url=double.url, trust_env=False) as client:
        replay = Replay(client, double)
        return {(name, n): replay.send(name, n, each) for name, n, each in EXCHANGES if (name, n) not in NEVER}


class Replay:
    """Sends what was recorded, with this run's keys and task numbers in place of the recorded ones."""

    def __init__(self, client: httpx.Client, double: MeilisearchDouble) -> None:
        self._client = client
        self._double = double
        self._keys = {"master": double.master_key or "", "wrong": "wrong"}
        self._tasks: dict[str, str] = {}
        self._scenario = ""
        self._kept = double.snapshot()

    def send(self, name: str, n: int, exchange: dict[str, Any]) -> httpx.Response:
        asked, recorded = exchange["request"], exchange["response"]["body"]
        self._make_ready(name, n, asked["method"])
        headers = dict(asked["headers"])
        if asked["key"] != "none":
            headers["Authorization"] = f"Bearer {self._keys[asked['key']]}"
        content = _content(asked)
        path = re.sub(r"(?<=/tasks/)\d+|(?<=uids=)\d+", lambda number: self._tasks.get(number[0], number[0]), asked["path"])
        answer = self._client.request(asked["method"], path, headers=headers, content=content)
        self._learn(answer, recorded)
        return answer

    def _make_ready(self, name: str, n: int, method: str) -> None:
        """Do the waiting tasks, as a real server had done them by then; only a cancelation was quicker than its task."""
        if method == "GET" or name not in SHARED_BATCHES:
            self._double.run()
        if name != self._scenario and name == "search":
            # The recording leaves out that the last swap of the scenario before was undone.
            indexes = self._double.indexes
            indexes["engagements"], indexes["engagements_renamed"] = indexes["engagements_renamed"], indexes["engagements"]
        if name == "restored from an older copy" and n == 0:
            self._kept = self._double.snapshot()
        if name == "restored from an older copy" and n == 2:
            self._double.restore(self._kept)
        self._scenario = name

    def _learn(self, answer: httpx.Response, recorded: Any) -> None:
        said = answer.json() if answer.content else None
        if isinstance(said, dict) and "taskUid" in said and "taskUid" in recorded:
            self._tasks[str(recorded["taskUid"])] = str(said["taskUid"])
        if isinstance(said, dict) and "key" in said:
            self._keys[said["name"]] = said["key"]


@pytest.mark.parametrize(("name", "n", "exchange"), EXCHANGES, ids=[f"{name}-{n}" for name, n, _ in EXCHANGES])
def test_the_double_answers_as_recorded(
    name: str, n: int, exchange: dict[str, Any], replayed: dict[tuple[str, int], httpx.Response]
) -> None:
    if (name, n) in NEVER:
        pytest.skip(NEVER[name, n])
    answer, recorded = replayed[name, n], exchange["response"]
    said = answer.json() if answer.content else None
    assert (answer.status_code, _essence(said)) == (recorded["status"], _essence(recorded["body"]))


def test_all_is_replayed_but_what_is_listed() -> None:
    assert NEVER.keys() < {(name, n) for name, n, _ in EXCHANGES}
    assert (len(EXCHANGES), len(EXCHANGES) - len(NEVER)) == (210, 190)


def test_tasks_share_batches_as_recorded(replayed: dict[tuple[str, int], httpx.Response]) -> None:
    """Of the tasks that were looked at; the numbers of batches are of that run."""
    recorded, said = defaultdict(set), defaultdict(set)
    for name, n, exchange in EXCHANGES:
        task = exchange["response"]["body"]
        if (name, n) in replayed and isinstance(task, dict) and task.get("batchUid") is not None:
            recorded[task["batchUid"]].add((name, n))
            said[replayed[name, n].json()["batchUid"]].add((name, n))
    assert len(recorded) == 30
    assert sorted(map(sorted, said.values())) == sorted(map(sorted, recorded.values()))


def _content(asked: dict[str, Any]) -> bytes | None:
    if re.fullmatch(r"<\d+ bytes>", asked.get("raw", "")):
        return gzip.compress(b'[{"id":"x","body":"' + b"x" * 100_000_000 + b'"}]', compresslevel=1)
    if (compressed := re.fullmatch(r"<gzip of (.*)>", asked.get("raw", ""))) is not None:
        return gzip.compress(compressed[1].encode())
    if "raw" in asked:
        return str(asked["raw"]).encode()
    return json.dumps(asked["body"]).encode() if "body" in asked else None


def _essence(body: Any) -> Any:
    """What has to be the same: names of fields, codes and states; not numbers of tasks, instants, messages or sizes."""
    if not isinstance(body, dict):
        return body
    essence: dict[str, Any] = {"fields": set(body)}
    for name in (
        "code",
        "type",
        "status",
        "customMetadata",
        "primaryKey",
        "facetDistribution",
        "facetStats",
        "totalHits",
        "estimatedTotalHits",
    ):
        essence[name] = body.get(name)
    if isinstance(body.get("details"), dict):
        essence["details"] = {name: value for name, value in body["details"].items() if name != "originalFilter"}
    if isinstance(body.get("error"), dict):
        essence["error"] = body["error"]["code"]
    for name in ("hits", "results"):
        if isinstance(body.get(name), list):
            essence[name] = sorted(json.dumps(_entry(each), sort_keys=True, ensure_ascii=False) for each in body[name])
    return essence


def _entry(each: dict[str, Any]) -> Any:
    """A hit or document by what it holds; a task by what became of it; a batch by what is said of it, but for its course."""
    if "batchStrategy" in each:
        return sorted(each), sorted(each["stats"].keys() - {"progressTrace", "writeChannelCongestion"})
    each = {name: value for name, value in each.items() if name not in ("requestUid", "processingTimeMs")}
    return {"uid": each["uid"], "status": each["status"], "type": each["type"]} if "enqueuedAt" in each else each

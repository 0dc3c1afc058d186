"""What a rebuild may rely on: an index beside another one, and the exchange of both, whichever engine holds them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.search.beside import beside_name
from service.search.engine import Engine, EngineDown, EngineRefused, IndexLost, IndexState, Marker, Query
from tests.search.corpus import CORPUS, EBY, NEWSOM, YOUNGKIN, ask, drop, found, put

pytestmark = pytest.mark.anyio

OLD, NEW = (NEWSOM, EBY, YOUNGKIN), CORPUS[3:]


@pytest.fixture
def built(engine: Engine) -> Iterator[Engine]:
    """An engine for an index beside that of `engine`; the one holds OLD, this one NEW."""
    beside = engine.beside(beside_name(engine.index, datetime.now(UTC), "c0ffee"))
    assert beside.prepare().created
    put(engine, *OLD, batch="batch-old")
    put(beside, *NEW, batch="batch-new")
    yield beside
    beside.close()


def both(engine: Engine, built: Engine) -> tuple[IndexState | None, IndexState | None]:
    return engine.look(), built.look()


async def test_each_holds_its_own(engine: Engine, built: Engine) -> None:
    drop(built, "newsom", "lodz", batch="batch-newer")

    assert (engine.count(), built.count()) == (len(OLD), len(NEW) - 1)
    assert built.fetch(["newsom"]) == {}
    assert await found(built, "hanoi") == ["delegation"]
    assert await found(engine, "hanoi") == []
    one, other = both(engine, built)
    assert one is not None
    assert other is not None
    assert one.identity != other.identity
    assert (one.newest, other.newest) == ("batch-old", "batch-newer")


def test_what_one_expects_the_other_does_not(engine: Engine, built: Engine) -> None:
    engine.expect("content of long ago")

    assert put(built, NEWSOM).succeeded
    with pytest.raises(IndexLost):
        engine.put("batch-of-nobody", [NEWSOM])


def test_closing_one_leaves_the_other_as_it_is(engine: Engine, built: Engine) -> None:
    built.close()

    assert put(engine, *CORPUS).succeeded
    assert put(engine.beside(built.index), *CORPUS).succeeded
    assert engine.count() == len(CORPUS)


def test_removing_one_leaves_the_other_as_it_is(engine: Engine, built: Engine) -> None:
    built.clear()

    assert built.look() is None
    assert engine.others() == []
    assert put(engine, NEWSOM, batch="batch-after").succeeded
    assert engine.count() == len(OLD)


def test_they_have_one_marker(engine: Engine, built: Engine) -> None:
    marker = Marker("0197a000-register", "0197a000-instance", 41)
    built.write_marker(marker)

    assert engine.read_marker() == built.read_marker() == marker
    built.clear()
    assert engine.read_marker() == marker


def test_the_others_are_those_that_were_made_beside_and_none_else(engine: Engine) -> None:
    now = datetime.now(UTC)
    ours = sorted(beside_name(engine.index, now, chance) for chance in ("000001", "abcdef"))
    foreign = [f"{engine.index}__by_hand", beside_name(f"{engine.index}-too", now, "000001"), f"{engine.index}2"]
    made = [engine.beside(name) for name in (*ours, *foreign)]
    assert engine.others() == []
    for each in made:
        each.prepare()
    engine.write_marker(Marker("0197a000-register", "0197a000-instance", 1))

    assert sorted(engine.others()) == ours
    assert made[0].others() == []
    for each in made:
        each.clear()
        each.close()
    assert engine.others() == []


async def test_an_exchange_gives_each_the_content_of_the_other(engine: Engine, built: Engine) -> None:
    before = both(engine, built)
    engine.exchange(built.index)

    assert both(engine, built) == before[::-1]
    assert (engine.count(), built.count()) == (len(NEW), len(OLD))
    assert await found(engine, "hanoi") == ["delegation"]
    assert await found(built, "newsom") == ["newsom"]
    assert engine.others() == [built.index]
    assert engine.differences() == built.differences() == []


def test_an_exchange_asked_for_twice_undoes_itself(engine: Engine, built: Engine) -> None:
    before = both(engine, built)
    engine.exchange(built.index)
    engine.exchange(built.index)

    assert both(engine, built) == before


def test_identity_and_newest_batch_go_with_the_content_from_one_name_to_the_next(engine: Engine, built: Engine) -> None:
    old, new = both(engine, built)
    assert old is not None
    assert new is not None
    engine.exchange(built.index)
    put(engine, NEWSOM, batch="batch-newer")
    put(built, *CORPUS, batch="batch-older")

    newer = replace(new, documents=len(NEW) + 1, newest="batch-newer")
    older = replace(old, documents=len(CORPUS), newest="batch-older")
    assert both(engine, built) == (newer, older)
    engine.exchange(built.index)
    assert both(engine, built) == (older, newer)


def test_after_an_exchange_nothing_is_written_to_what_is_not_expected(engine: Engine, built: Engine) -> None:
    old, new = both(engine, built)
    assert old is not None
    assert new is not None
    engine.expect(old.identity)
    engine.exchange(built.index)

    with pytest.raises(IndexLost):
        engine.put("batch-of-nobody", [NEWSOM])
    with pytest.raises(IndexLost):
        engine.drop("batch-of-nobody", ["lodz"])
    assert both(engine, built) == (new, old)
    engine.expect(new.identity)
    assert put(engine, NEWSOM, batch="batch-newer").succeeded
    assert (engine.count(), built.count()) == (len(NEW) + 1, len(OLD))


def test_where_there_is_no_index_the_other_takes_its_name(engine: Engine, built: Engine) -> None:
    new = built.look()
    engine.clear()
    engine.exchange(built.index)

    assert both(engine, built) == (new, None)
    assert engine.others() == []
    with pytest.raises(IndexLost):
        built.put("batch-of-nobody", [NEWSOM])
    assert put(engine, NEWSOM, batch="batch-newer").succeeded


@pytest.mark.parametrize("here", [True, False], ids=["with an index", "without one"])
def test_an_index_that_is_not_there_takes_no_place(engine: Engine, here: bool) -> None:
    put(engine, *OLD)
    if not here:
        engine.clear()
    before = engine.look()

    for _ in range(2):
        with pytest.raises(EngineRefused) as refused:
            engine.exchange(beside_name(engine.index, datetime.now(UTC), "000000"))
        assert refused.value.code == "index_not_found"
    assert engine.look() == before
    assert engine.others() == []


async def test_an_open_searcher_finds_the_new_content_and_survives_that_the_old_is_removed(engine: Engine, built: Engine) -> None:
    searcher = engine.searcher()
    assert (await searcher.search(Query())).total == len(OLD)
    engine.exchange(built.index)
    assert {card["id"] for card in (await searcher.search(Query())).cards} == {"delegation", "lodz"}
    built.clear()
    assert (await searcher.search(Query(text="hanoi"))).total == 1
    put(engine, NEWSOM, batch="batch-newer")
    assert (await searcher.search(Query(text="newsom"))).total == 1
    await searcher.close()


async def test_what_was_replaced_is_removed_for_good(engine: Engine, built: Engine) -> None:
    engine.exchange(built.index)
    built.clear()

    with pytest.raises(EngineDown):
        await ask(built, Query())
    with pytest.raises(EngineRefused):
        engine.exchange(built.index)
    assert engine.count() == len(NEW)

"""Many writers at once: every write is made one after the other, none is lost, and none is told that the database is locked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier, Event
from time import monotonic
from typing import Any

import pytest

from service.database import Database
from service.errors import Conflict, Invalid, Merged, Problem, Unavailable
from service.register.engagement import EngagementShape
from service.register.person import PersonShape
from service.register.verbs import merging, recording, revising
from service.register.verbs.journal import Actor
from tests.register.desk import Desk

WRITERS = 100
BY = Actor("test")


def at_once(*verbs: Callable[[], Any]) -> list[Any]:
    """What each of these gives, or the problem that it raises, when all of them run at the same time."""
    start = Barrier(len(verbs))

    def run(verb: Callable[[], Any]) -> Any:
        start.wait(10)
        try:
            return verb()
        except Problem as problem:
            return problem

    with ThreadPoolExecutor(len(verbs)) as threads:
        return list(threads.map(run, verbs))


def test_a_hundred_writers_on_one_record_make_a_hundred_versions(desk: Desk) -> None:
    made = desk.meeting()
    begun = monotonic()
    notes = [f"note {n}" for n in range(WRITERS)]
    answers = at_once(*(lambda note=note: desk.revise("engagement", made["id"], note=note) for note in notes))
    seconds = monotonic() - begun
    assert [answer for answer in answers if isinstance(answer, Problem)] == []
    revisions = desk.revisions("engagement", made["id"])
    assert [revision["version"] for revision in revisions] == list(range(1, WRITERS + 2))
    assert {revision["after"]["note"] for revision in revisions[1:]} == set(notes)
    assert {answer["version"] for answer in answers} == set(range(2, WRITERS + 2))
    # Each one says what it really changed: the note of the version before it.
    for earlier, later in pairwise(revisions):
        assert later["changes"] == [{"field": "note", "before": earlier["after"]["note"], "after": later["after"]["note"]}]
    assert seconds < (5 if desk.database.is_sqlite else 30), f"{WRITERS} writers took {seconds:.1f} s"


def test_writers_of_different_fields_do_not_overwrite_each_other(desk: Desk) -> None:
    made = desk.meeting()
    patches: list[dict[str, Any]] = [
        {"title_ko": "면담"},
        {"note": "x"},
        {"when": "2023-10~"},
        {"mode": "in-person"},
        {"countries": ["US"]},
        {"external_ids": ["gg-1"]},
        {"place": {"city": "Sacramento"}},
        {"place": {"country": "US"}},
    ]
    at_once(*(lambda patch=patch: desk.revise("engagement", made["id"], **patch) for patch in patches))
    there = desk.read("engagement", made["id"])
    assert (there["title_ko"], there["note"], there["when"], there["mode"]) == ("면담", "x", "2023-10~", "in-person")
    assert (there["countries"], there["external_ids"]) == (["US"], ["gg-1"])
    assert (there["place"]["city"], there["place"]["country"], there["version"]) == ("Sacramento", "US", 9)


def test_of_many_who_want_one_external_id_one_gets_it_and_the_others_are_told(desk: Desk) -> None:
    shapes = [PersonShape(name_en=f"Delegate {n}", external_ids=["wikidata:Q1"]) for n in range(12)]
    answers = at_once(*(lambda shape=shape: desk.record(shape) for shape in shapes))
    refused = [answer for answer in answers if isinstance(answer, Problem)]
    assert len(refused) == 11
    assert all(isinstance(problem, Conflict) for problem in refused)
    assert (desk.row_counts()["person"], desk.row_counts()["revision"]) == (1, 1)


class Halfway:
    """A writer that does its part, waits until it may go on, and commits."""

    def __init__(self, database: Database, verb: Callable[[Any], object]) -> None:
        self.database, self.verb = database, verb
        self.written, self.go_on = Event(), Event()

    def __call__(self) -> None:
        with self.database.writing() as connection:
            self.verb(connection)
            self.written.set()
            assert self.go_on.wait(10)


def one_after_another(database: Database, first: Callable[[Any], object], second: Callable[[Any], object]) -> Any:
    """Let the second begin while the first has written and not committed; gives what the second raises, or None."""
    slow = Halfway(database, first)

    def then() -> Any:
        assert slow.written.wait(10)
        # The second is given a moment to run into the first, if it can.
        with ThreadPoolExecutor(1) as thread:
            running = thread.submit(write, database, second)
            running_alone = not_done_within(running, 0.2)
            slow.go_on.set()
            return (running_alone, running.result(10))

    with ThreadPoolExecutor(2) as threads:
        doing, following = threads.submit(slow), threads.submit(then)
        waited, outcome = following.result(20)
        doing.result(20)
    assert waited, "the second did not wait for the first"
    return outcome


def write(database: Database, verb: Callable[[Any], object]) -> Any:
    try:
        with database.writing() as connection:
            verb(connection)
    except Problem as problem:
        return problem
    return None


def not_done_within(running: Any, seconds: float) -> bool:
    try:
        running.result(seconds)
    except TimeoutError:
        return True
    return False


def met(person_id: str) -> EngagementShape:
    return EngagementShape.model_validate(
        {"kind": "meeting", "title_en": "Met", "participations": [{"side": "host", "person": person_id}]}
    )


def test_a_person_who_is_met_at_this_moment_is_not_withdrawn(desk: Desk) -> None:
    newsom = desk.person()["id"]
    refused = one_after_another(
        desk.database,
        lambda c: recording.record(c, "engagement", [met(newsom)], by=BY),
        lambda c: revising.withdraw(c, "person", [newsom], by=BY),
    )
    assert isinstance(refused, Conflict)


def test_a_person_who_is_withdrawn_at_this_moment_is_not_met(desk: Desk) -> None:
    newsom = desk.person()["id"]
    refused = one_after_another(
        desk.database,
        lambda c: revising.withdraw(c, "person", [newsom], by=BY),
        lambda c: recording.record(c, "engagement", [met(newsom)], by=BY),
    )
    assert isinstance(refused, Invalid)


def test_a_person_who_is_merged_at_this_moment_is_met_as_the_survivor(desk: Desk) -> None:
    twin, newsom = desk.person("G. Newsom")["id"], desk.person()["id"]
    refused = one_after_another(
        desk.database,
        lambda c: merging.merge(c, "person", twin, newsom, by=BY),
        lambda c: recording.record(c, "engagement", [met(twin)], by=BY),
    )
    assert refused is None
    (made,) = (record for key, record in desk.everything().items() if key.startswith("engagement"))
    assert made["participations"][0]["person"]["id"] == newsom


def test_a_meeting_that_is_recorded_at_this_moment_moves_with_the_merger(desk: Desk) -> None:
    twin, newsom = desk.person("G. Newsom")["id"], desk.person()["id"]
    refused = one_after_another(
        desk.database,
        lambda c: recording.record(c, "engagement", [met(twin)], by=BY),
        lambda c: merging.merge(c, "person", twin, newsom, by=BY),
    )
    assert refused is None
    (made,) = (record for key, record in desk.everything().items() if key.startswith("engagement"))
    assert made["participations"][0]["person"]["id"] == newsom


def test_one_merger_at_a_time(desk: Desk) -> None:
    twin, newsom, eby = desk.person("G. Newsom")["id"], desk.person()["id"], desk.person("David Eby")["id"]
    refused = one_after_another(
        desk.database,
        lambda c: merging.merge(c, "person", twin, newsom, by=BY),
        lambda c: merging.merge(c, "person", twin, eby, by=BY),
    )
    assert isinstance(refused, Merged)


def test_a_merger_is_undone_once(desk: Desk) -> None:
    twin, newsom = desk.person("G. Newsom")["id"], desk.person()["id"]
    desk.merge("person", twin, newsom)
    answers = at_once(*[lambda: desk.unmerge("person", twin)] * 5)
    assert len([answer for answer in answers if isinstance(answer, Problem)]) == 4
    assert desk.read("person", twin)["version"] == 3


def test_two_do_not_become_each_others_parent_at_the_same_moment(desk: Desk) -> None:
    trip, tour = desk.meeting("Trip", kind="trip")["id"], desk.meeting("Tour", kind="trip")["id"]
    refused = one_after_another(
        desk.database,
        lambda c: revising.revise(c, "engagement", {trip: {"parent": tour}}, by=BY),
        lambda c: revising.revise(c, "engagement", {tour: {"parent": trip}}, by=BY),
    )
    assert isinstance(refused, Invalid)


def test_a_circle_is_not_closed_through_those_who_are_further_up(desk: Desk) -> None:
    first, second, third, fourth = (desk.meeting(title, kind="trip")["id"] for title in "abcd")
    desk.revise("engagement", second, parent=third)
    desk.revise("engagement", fourth, parent=first)
    refused = one_after_another(
        desk.database,
        lambda c: revising.revise(c, "engagement", {first: {"parent": second}}, by=BY),
        lambda c: revising.revise(c, "engagement", {third: {"parent": fourth}}, by=BY),
    )
    assert isinstance(refused, Invalid)


@pytest.mark.parametrize("length", [2, 3, 6])
def test_no_circle_of_parents_is_closed_from_several_sides_at_once(desk: Desk, length: int) -> None:
    ids = [desk.meeting(f"Trip {n}", kind="trip")["id"] for n in range(length)]
    pairs = [(ids[n], ids[(n + 1) % length]) for n in range(length)]
    # Every other step is there already, so that the circle is closed by those who change different records.
    standing, closing = (pairs[1::2], pairs[0::2]) if length == 6 else ([], pairs)
    for child, parent in standing:
        desk.revise("engagement", child, parent=parent)
    at_once(*(lambda child=child, parent=parent: desk.revise("engagement", child, parent=parent) for child, parent in closing))
    parents = {child: (desk.read("engagement", child)["parent"] or {}).get("id") for child in ids}
    for start in ids:
        step, steps = parents[start], 0
        while step is not None:
            assert step != start, "the parents lead in a circle"
            step, steps = parents[step], steps + 1
            assert steps <= length


def test_who_waits_in_vain_is_told_to_come_again(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.database.BUSY_SECONDS", 0.05)
    with sqlite_database.writing():
        answer = write(sqlite_database, lambda connection: None)
        with ThreadPoolExecutor(1) as thread:
            assert isinstance(thread.submit(write, sqlite_database, lambda connection: None).result(10), Unavailable)
    assert isinstance(answer, Unavailable)
    assert answer.headers["Retry-After"] == "5"
    assert write(sqlite_database, lambda connection: None) is None

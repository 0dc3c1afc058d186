"""Loading: everything or nothing, nothing twice, and a changed file never overwrites what is recorded."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service import seeding
from service.database import Database
from service.errors import Invalid
from service.register.reading import records
from service.register.topic import TopicShape
from service.register.verbs import recording, revising
from service.register.verbs.journal import Actor
from service.seeding import Report
from tests.seeding.conftest import SEED
from tests.seeding.kept import Json, owner

RECORDS = "gyeonggi/engagements.json"
NEWSOM = "gg-2024-05-06-newsom"


def rewritten(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    """Change a file of the seed as somebody with an editor would."""
    value = json.loads((folder / name).read_text(encoding="utf-8"))
    change(value)
    (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def entry(entries: list[Json], entry_id: str) -> Json:
    return next(each for each in entries if each["id"] == entry_id)


def titled(title: str) -> Callable[[Any], None]:
    return lambda entries: entry(entries, NEWSOM).update(title=title)


def engagement(database: Database, external_id: str = NEWSOM) -> Json:
    with database.reading() as connection:
        found = owner(connection, external_id)
        assert found is not None
        return records.load(connection, found[0], [found[1]])[found[1]]


def rows(database: Database) -> dict[str, int]:
    tables = (
        "engagement",
        "person",
        "organization",
        "topic",
        "source",
        "external_id",
        "participation",
        "citation",
        "assertion",
        "revision",
    )
    with database.reading() as connection:
        return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}


def test_a_second_load_loads_nothing_twice(database: Database) -> None:
    first = seeding.load(database, SEED)
    loaded = rows(database)
    second = seeding.load(database, SEED)
    assert first.recorded["engagement"] == 194
    assert second.unchanged
    assert second.lines() == [f"Nothing to do: these seed files were loaded before (fingerprint {first.fingerprint})."]
    assert rows(database) == loaded


def test_unchanged_files_cost_one_question(loaded_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "writing", lambda _self: pytest.fail("a load of unchanged files must not write"))
    assert seeding.load(loaded_database, SEED).unchanged


def test_files_that_only_look_different_load_nothing_and_are_then_known(loaded_database: Database, folder: Path) -> None:
    before = rows(loaded_database)
    rewritten(folder, RECORDS, lambda _entries: None)
    again = seeding.load(loaded_database, folder)
    assert (again.unchanged, again.differences, sum(again.recorded.values())) == (False, [], 0)
    assert again.found["engagement"] == 194
    # The article now says that these files were loaded last: one revision of one source.
    assert rows(loaded_database) == before | {"revision": before["revision"] + 1}
    assert seeding.load(loaded_database, folder).unchanged


def test_progress_is_told_step_by_step(sqlite_database: Database) -> None:
    told: list[tuple[str, int, int]] = []
    report = seeding.load(sqlite_database, SEED, progress=lambda step, done, total: told.append((step, done, total)))
    assert list(dict.fromkeys(step for step, _, _ in told)) == [
        *("topics", "sources", "people", "organizations", "engagements", "duplicates"),
    ]
    assert ("engagements", 194, 194) in told
    assert all(0 < done <= total for _, done, total in told)
    assert report.lines()[:2] == ["topics: 145 recorded", "sources: 145 recorded"]
    assert json.loads(json.dumps(report.as_json()))["recorded"]["person"] == 134


def test_a_changed_title_is_reported_and_left(database: Database, folder: Path) -> None:
    seeding.load(database, SEED)
    before = engagement(database)
    rewritten(folder, RECORDS, titled("MOU with California"))
    report = seeding.load(database, folder)
    assert [tuple(each) for each in report.differences] == [
        ("engagement", NEWSOM, "title_en", "Friendly-cooperation MOU with California", "MOU with California")
    ]
    [heading, line, advice] = report.lines()[-3:]
    assert heading == "Changed in the seed files since they were loaded, and left in the register as recorded (1 record):"
    assert line.startswith(f"  engagement {NEWSOM}, title_en: the register has 'Friendly-cooperation MOU with California'")
    assert line.endswith("the file has 'MOU with California'")
    assert "never overwrites" in advice
    assert engagement(database) == before
    assert seeding.load(database, folder).differences == report.differences, "it is told until it is settled"


def test_a_difference_is_settled_once_the_register_says_the_same(loaded_database: Database, folder: Path) -> None:
    rewritten(folder, RECORDS, titled("MOU with California"))
    with loaded_database.writing() as connection:
        revising.revise(
            connection, "engagement", {engagement(loaded_database)["id"]: {"title_en": "MOU with California"}}, by=Actor("staff")
        )
    assert seeding.load(loaded_database, folder).differences == []
    assert seeding.load(loaded_database, folder).unchanged


def test_what_people_revised_in_the_register_is_no_difference(loaded_database: Database, folder: Path) -> None:
    revised = {"title_en": "Newsom, Sacramento", "note": "Revised by staff"}
    with loaded_database.writing() as connection:
        revising.revise(connection, "engagement", {engagement(loaded_database)["id"]: revised}, by=Actor("staff"))
    rewritten(folder, RECORDS, lambda entries: entry(entries, NEWSOM).update(summary="Another summary."))
    report = seeding.load(loaded_database, folder)
    assert [(each.external_id, each.field) for each in report.differences] == [(NEWSOM, "summary_en")]
    assert engagement(loaded_database)["title_en"] == "Newsom, Sacramento"


def test_of_a_changed_list_only_what_it_gained_or_lost_is_reported(loaded_database: Database, folder: Path) -> None:
    rewritten(folder, RECORDS, lambda entries: entry(entries, NEWSOM)["counterparts"][0].update(role="signatory"))
    [difference] = seeding.load(loaded_database, folder).differences
    assert difference.field == "participations"
    assert [each["role"] for each in difference.register] == ["principal"]
    assert [each["role"] for each in difference.file] == ["signatory"]


def test_a_change_of_a_merged_duplicate_is_reported_too(loaded_database: Database, folder: Path) -> None:
    rewritten(folder, RECORDS, lambda entries: entry(entries, "gg-2023-03-kumar").update(date="2023-03~"))
    [difference] = seeding.load(loaded_database, folder).differences
    assert tuple(difference) == ("engagement", "gg-2023-03-kumar", "when", "2023-03", "2023-03~")


def test_what_is_new_in_a_changed_file_is_recorded(database: Database, folder: Path) -> None:
    seeding.load(database, SEED)
    before = rows(database)

    def add(entries: list[Json]) -> None:
        again = entry(entries, NEWSOM) | {"id": "gg-2026-01-newsom", "date": "2026-01", "title": "Second meeting", "outcomes": []}
        entries.append(again)

    rewritten(folder, RECORDS, add)
    report = seeding.load(database, folder)
    assert (report.recorded["engagement"], report.differences) == (1, [])
    assert rows(database)["person"] == before["person"], "the governor of California is there already"
    assert engagement(database, "gg-2026-01-newsom")["when"] == "2026-01"


def test_a_merger_that_people_took_back_stays_taken_back(loaded_database: Database, folder: Path) -> None:
    from service.register.verbs import merging

    with loaded_database.reading() as connection:
        merged = connection.execute(text("SELECT merged_id FROM merger ORDER BY merged_id")).scalars().first()
    assert merged is not None
    with loaded_database.writing() as connection:
        merging.unmerge(connection, "engagement", merged, by=Actor("staff"))
    rewritten(folder, RECORDS, lambda _entries: None)
    assert seeding.load(loaded_database, folder).merged == 0


def test_a_record_of_somebody_else_under_the_same_external_id_is_taken_for_it(sqlite_database: Database) -> None:
    with sqlite_database.writing() as connection:
        [topic] = recording.record(
            connection, "topic", [TopicShape(label_en="tariffs", external_ids=["t-tariffs"])], by=Actor("staff")
        )
    report = seeding.load(sqlite_database, SEED)
    assert (report.recorded["topic"], report.found["topic"]) == (144, 1)
    assert {each.field for each in report.differences} == {"label_ko", "synonyms"}
    assert topic["id"] in {each["id"] for each in engagement(sqlite_database, "gg-2025-04-10-whitmer")["topics"]}


def test_two_processes_that_load_at_once_load_it_once(database: Database) -> None:
    with ThreadPoolExecutor(2) as pool:
        reports: list[Report] = list(pool.map(lambda _n: seeding.load(database, SEED), range(2)))
    assert sorted(report.unchanged for report in reports) == [False, True]
    assert rows(database)["engagement"] == 194


BAD = {
    "an unknown field": (
        RECORDS,
        lambda entries: entry(entries, NEWSOM).update(tittle="x"),
        "gg-2024-05-06-newsom: There is no field 'tittle'",
    ),
    "a missing field": (RECORDS, lambda entries: entry(entries, NEWSOM).pop("date"), "gg-2024-05-06-newsom: Field required"),
    "an impossible date": (
        RECORDS,
        lambda entries: entry(entries, NEWSOM).update(date="2024-13"),
        "gg-2024-05-06-newsom cannot be recorded",
    ),
    "an unknown kind": (RECORDS, lambda entries: entry(entries, NEWSOM).update(kind="meting"), "did you mean 'meeting'"),
    "an unknown topic": (
        RECORDS,
        lambda entries: entry(entries, NEWSOM)["topics"].append("climat"),
        "topics.json, or did you mean 'climate'",
    ),
    "an unknown organization": (
        RECORDS,
        lambda entries: entry(entries, NEWSOM)["counterparts"][0].update(organization="State of Californa"),
        "organizations.json, or did you mean 'State of California'",
    ),
    "an unknown office": (
        RECORDS,
        lambda entries: entry(entries, NEWSOM)["counterparts"][0].update(office="Gouvernor"),
        "offices.json, or did you mean 'Governor'",
    ),
    "an unknown parent": (
        RECORDS,
        lambda entries: entry(entries, NEWSOM).update(part_of="gg-nothing"),
        "'gg-nothing' in part_of",
    ),
    "the same id twice": (RECORDS, lambda entries: entries.append(entry(entries, NEWSOM)), "has gg-2024-05-06-newsom twice"),
    "an unknown person": (
        "article/engagements.json",
        lambda entries: entry(entries, "art-11")["counterparts"][0].update(person_id="p-nobody"),
        "refers to 'p-nobody' in person_id",
    ),
    "a decision about nothing": (
        "decisions.json",
        lambda decisions: decisions["held"].append({"record": "gg-nothing", "reason": "?"}),
        "refers to 'gg-nothing' in record",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_cannot_be_loaded_is_refused_whole(sqlite_database: Database, folder: Path, what: str) -> None:
    name, change, detail = BAD[what]
    rewritten(folder, name, change)
    with pytest.raises(Invalid) as refused:
        seeding.load(sqlite_database, folder)
    assert detail in refused.value.detail
    assert set(rows(sqlite_database).values()) == {0}


def test_a_file_that_is_no_json_is_refused_with_line_and_column(sqlite_database: Database, folder: Path) -> None:
    (folder / "topics.json").write_text('[\n  {"id": "t-tariffs",}\n]', encoding="utf-8")
    with pytest.raises(Invalid, match=r"seed file topics\.json is no JSON: .*line 2"):
        seeding.load(sqlite_database, folder)


def test_a_missing_file_is_named(sqlite_database: Database, folder: Path) -> None:
    (folder / "offices.json").unlink()
    with pytest.raises(Invalid, match=r"seed file offices\.json cannot be read: No such file"):
        seeding.load(sqlite_database, folder)

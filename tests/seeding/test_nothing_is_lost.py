"""Nothing of the seed's files is lost: every value of every record is walked to and looked for in the register.

The resulting numbers, and why:

    184 live engagements   190 records − 10 marked duplicates + 4 statements of the article that no record verifies
     10 merged             the marked duplicates; their ids lead to the survivors, which keep what they said otherwise
     50 + 4 statements     46 are the engagement of a record, 4 stand alone; 4 are no engagements and became assertions
    134 people             31 of the article's file and 103 whom only the records name
    166 organizations      32 of the article's file and 134 that only the records name
    145 topics             for 157 words: twelve words are synonyms of another
    145 sources            143 addresses, one of them a feed with two articles, and the article itself
     99 outcomes           94 of the records and 6 that only statements have; 7 more of the statements are a record's, worded
                           differently. One stays with its merged record, whose other total is an assertion on the survivor
"""

import json
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Connection, text

from service.database import Database
from service.seeding import Report, changes
from service.seeding.files.folder import contents, parse
from tests.seeding.conftest import SEED
from tests.seeding.kept import Json, at, is_kept, leaves, owner, variants, whole, written
from tests.seeding.places import EXCEPTIONS, HEADER, OUTCOME, PARTICIPANT, SOURCE

Seeded = tuple[Database, Report]


def file(name: str) -> Any:
    return json.loads((SEED / name).read_text(encoding="utf-8"))


def told(connection: Connection, before: dict[str, Json], external_id: str) -> list[Json]:
    """The engagement that has the id now, and for a duplicate also the merged record itself."""
    now = owner(connection, external_id)
    assert now is not None, f"nothing has the external id {external_id}"
    assert now[0] == "engagement"
    own = before.get(external_id, {"id": now[1]})["id"]
    return [whole(connection, "engagement", record_id) for record_id in dict.fromkeys((now[1], own))]


def lost_in(item: Json, engagements: list[Json]) -> list[tuple[str, str]]:
    """The values of a record or statement that its engagement does not hold, as path and value."""
    missing: list[tuple[str, str]] = []
    for key, value in item.items():
        if key in ("counterparts", "hosts"):
            parts = [part for each in engagements for part in each["participations"] if part["side"] == key.removesuffix("s")]
            for who in value:
                missing += together(f"{key}[]", PARTICIPANT, who, parts)
        elif key == "outcomes":
            for outcome in value:
                missing += outcome_lost(outcome, engagements)
        elif key == "source":
            missing += together("source", SOURCE, value, [each for engagement in engagements for each in engagement["citations"]])
        elif key == "sentences":
            cited = {locator for engagement in engagements for locator in at(engagement, "citations[].locator")}
            missing += [("sentences[]", str(n)) for n in value if f"S{n}" not in cited]
        else:
            missing += [
                (path, written(leaf))
                for path, leaf in leaves(value, key)
                if not any(is_kept(engagement, HEADER.get(path, ()), leaf) for engagement in engagements)
            ]
    return missing


def together(path: str, places: dict[str, tuple[str, ...]], item: Json, parts: list[Json]) -> list[tuple[str, str]]:
    """What the part that holds most of the item does not hold: one person's office must not turn up with another's name."""
    missing = [
        [(f"{path}.{key}", written(value)) for key, value in leaves(item) if not is_kept(part, places[key], value)]
        for part in parts
    ]
    return min(missing, key=len, default=[(path, str(item))])


def outcome_lost(outcome: Json, engagements: list[Json]) -> list[tuple[str, str]]:
    missing = together("outcomes[]", OUTCOME, outcome, [each for engagement in engagements for each in engagement["outcomes"]])
    otherwise = [value for each in engagements for value in at(each, "assertions[].value")]
    in_words = any(all(written(value) in said for _, value in leaves(outcome)) for said in otherwise)
    return [] if in_words else missing


def excused(item_id: str, found: tuple[str, str]) -> tuple[str, str, str] | None:
    keys = [(item_id, *found), ("*", *found)]
    return next((key for key in keys if key in EXCEPTIONS), None)


def test_every_value_of_every_record_and_statement_is_in_its_engagement(seeded: Seeded) -> None:
    database, _ = seeded
    lost, used = [], set()
    with database.reading() as connection:
        before = changes.recorded_before(connection)
        registered = [each for each in file("article/engagements.json") if each["register"]]
        for item in [*file("gyeonggi/engagements.json"), *registered]:
            for found in lost_in(item, told(connection, before, item["id"])):
                excuse = excused(item["id"], found)
                lost += [] if excuse else [(item["id"], *found)]
                used.add(excuse)
    assert lost == []
    assert used - {None} == set(EXCEPTIONS), "an exception that nothing needs any more is to be taken out"


def test_statements_that_are_no_engagements_are_assertions_on_what_they_concern(seeded: Seeded) -> None:
    database, _ = seeded
    concerned = {line["statement"]: line["concerns"] for line in file("decisions.json")["not_registered"]}
    unregistered = [each for each in file("article/engagements.json") if not each["register"]]
    assert {each["id"] for each in unregistered} == set(concerned) == {"art-25", "art-26", "art-53", "art-54"}
    with database.reading() as connection:
        for statement in unregistered:
            assert owner(connection, statement["id"]) is None
            found = owner(connection, concerned[statement["id"]])
            assert found is not None
            record = whole(connection, *found)
            [said] = [each for each in record["assertions"] if f"({statement['id']})" in (each["locator"] or "")]
            kept = "\n".join(str(said[part]) for part in ("value", "reason", "locator"))
            for path, value in leaves(statement):
                if path not in ("register", "counterparts[].person_id", "hosts[].person_id"):
                    assert (f"S{value}" if path == "sentences[]" else value) in kept, f"{statement['id']} {path}"


def test_the_walk_finds_what_is_missing(seeded: Seeded) -> None:
    """Every value of a record is changed in turn: each time the walk says that this one is not in the register."""
    database, _ = seeded
    record = next(each for each in file("gyeonggi/engagements.json") if each["id"] == "gg-2024-05-06-newsom")
    with database.reading() as connection:
        engagements = told(connection, {}, record["id"])
    assert lost_in(record, engagements) == []
    changed = dict(variants(record))
    assert len(changed) > 30
    for place, other in changed.items():
        assert lost_in(other, engagements), place


@pytest.mark.parametrize("name", ["Han Duck-soo", "Cho Tae-yul"])
def test_people_whom_a_guest_met_without_us_are_third_parties(seeded: Seeded, name: str) -> None:
    database, _ = seeded
    with database.reading() as connection:
        [engagement] = told(connection, {}, "gg-2024-04-24-hao-peng")
    [part] = [part for part in engagement["participations"] if part["person"] and part["person"]["name_en"] == name]
    assert part["side"] == "third-party"


def test_every_value_of_the_articles_people_is_in_the_person(seeded: Seeded) -> None:
    database, _ = seeded
    with database.reading() as connection:
        for person in file("article/people.json"):
            record = whole(connection, *(owner(connection, person["id"]) or pytest.fail(person["id"])))
            spellings = {record["name_en"], record["name_ko"], *at(record, "names[].text")}
            native = [name["text"] for name in record["names"] if name["kind"] == "native"]
            assert {person["name"], *person["aliases"]} <= spellings
            assert record["name_ko"] == person["name_ko"]
            assert record["nationality"] == person["nationality"]
            assert native == (person["name_hanja"].split(" / ") if person["name_hanja"] else [])
            assert person["office"] in record["note"]
            assert person["note"] in record["note"]


def test_every_value_of_the_articles_organizations_is_in_the_organization(seeded: Seeded) -> None:
    database, _ = seeded
    with database.reading() as connection:
        for organization in file("article/organizations.json"):
            record = whole(connection, *(owner(connection, organization["id"]) or pytest.fail(organization["id"])))
            assert set(organization["aliases"]) <= set(at(record, "names[].text"))
            assert organization["type"] in (record["kind"], record["kind_as_stated"])
            for ours, theirs in (
                ("name_en", "name"),
                ("name_ko", "name_ko"),
                ("country", "country"),
                ("subdivision", "subdivision"),
            ):
                assert record[ours] == organization[theirs]


def test_every_inconsistency_is_an_assertion_with_the_finding_and_the_reason(seeded: Seeded) -> None:
    database, _ = seeded
    inconsistencies = file("article/inconsistencies.json")
    assert len(inconsistencies) == 24
    with database.reading() as connection:
        for each in inconsistencies:
            found = connection.execute(
                text("SELECT value, reason, source_id FROM assertion WHERE locator = :locator"),
                {"locator": f"{each['where']} ({each['id']})"},
            ).all()
            assert found, each["id"]
            for value, reason, source_id in found:
                assert (value, reason) == (each["finding"], each["registrar"])
                assert ("source", source_id) == owner(connection, "seed:article")


def test_the_claim_of_160_dignitaries_is_kept_as_a_claim_of_the_article(seeded: Seeded) -> None:
    database, _ = seeded
    with database.reading() as connection:
        province = whole(connection, *(owner(connection, "o-gyeonggi") or pytest.fail("o-gyeonggi")))
    [claim] = [each for each in province["assertions"] if each["locator"] == "S7"]
    assert claim["value"].startswith("more than 160 dignitaries from 37 countries")
    assert claim["source"]["published"] == "2024-06-04"


def test_every_sentence_of_the_article_is_in_the_note_of_its_source(seeded: Seeded) -> None:
    database, _ = seeded
    with database.reading() as connection:
        article = whole(connection, *(owner(connection, "seed:article") or pytest.fail("seed:article")))
    for sentence in file("article/sentences.json"):
        assert f"S{sentence['n']} (line {sentence['line']}): {sentence['begins']}" in article["note"].splitlines()


def test_every_statement_cites_its_sentences_with_their_first_words(seeded: Seeded) -> None:
    database, _ = seeded
    begins = {f"S{each['n']}": each["begins"] for each in file("article/sentences.json")}
    with database.reading() as connection:
        for statement in (each for each in file("article/engagements.json") if each["register"]):
            [engagement, *_] = told(connection, {}, statement["id"])
            quoted = {cited["locator"]: cited["quote"] for cited in engagement["citations"] if cited["locator"]}
            for n in statement["sentences"]:
                assert quoted[f"S{n}"] == begins[f"S{n}"]


def test_marked_duplicates_are_one_engagement_that_has_all_their_ids(seeded: Seeded) -> None:
    database, _ = seeded
    duplicates = {pair["merged"]: pair["survivor"] for pair in file("decisions.json")["duplicates"]}
    marked = {each["id"]: each.get("same_event_as", []) for each in file("gyeonggi/engagements.json")}
    with database.reading() as connection:
        for merged, survivor in duplicates.items():
            assert survivor in marked[merged]
            assert owner(connection, merged) == owner(connection, survivor)
        together_now = {record_id: owner(connection, record_id) for record_id, others in marked.items() if others}
    # ULVAC and Tokyo Ohka Kogyo signed on two days: the record of both is a duplicate, the two signings are not.
    assert len(together_now) == 21
    assert len(set(together_now.values())) == 11


def test_records_out_of_scope_are_kept_and_flagged(seeded: Seeded) -> None:
    database, _ = seeded
    out = [each["id"] for each in file("gyeonggi/engagements.json") if not each["in_scope"]]
    assert len(out) == 8
    with database.reading() as connection:
        before = changes.recorded_before(connection)
        flags = {record_id: told(connection, before, record_id)[-1]["in_scope"] for record_id in out}
    assert set(flags.values()) == {False}


def test_the_numbers_are_those_that_the_files_add_up_to(seeded: Seeded) -> None:
    database, report = seeded
    counted = {
        "engagements": "engagement WHERE merged_into IS NULL",
        "merged": "engagement WHERE merged_into IS NOT NULL",
        "people": "person",
        "organizations": "organization",
        "topics": "topic",
        "sources": "source",
        "outcomes": "outcome o JOIN engagement e ON e.id = o.engagement_id WHERE e.merged_into IS NULL",
    }
    with database.reading() as connection:
        numbers = {name: connection.execute(text(f"SELECT count(*) FROM {of}")).scalar_one() for name, of in counted.items()}
    live = {"engagements": 190 - 10 + 4, "merged": 10, "outcomes": 94 + 6 - 1}
    assert numbers == live | {"people": 31 + 103, "organizations": 32 + 134, "topics": 145, "sources": 143 + 1 + 1}
    assert report.recorded == Counter(topic=145, source=145, person=134, organization=166, engagement=194)
    assert (report.parts["outcomes"], report.merged, report.differences) == (94 + 6, 10, [])


def test_the_readme_names_every_field_of_every_file() -> None:
    readme = (SEED / "README.md").read_text(encoding="utf-8")
    names = [name for name in contents(SEED) if name.startswith(("article/", "gyeonggi/")) and name != "article/source.json"]
    assert len(names) == 6
    for name in names:
        assert f"`{name}`" in readme
        for path in {path for item in file(name) for path, _ in leaves(item)}:
            assert f"`{path}`" in readme or f"`{path.partition('.')[0]}`" in readme, f"{name}: {path}"


def test_every_decision_and_every_list_is_used() -> None:
    seed = parse(contents(SEED))
    words = {word for each in (*seed.records, *seed.statements) for word in each.topics}
    assert [topic.id for topic in seed.topics if not {topic.label_en, *topic.synonyms} & words] == []
    offices = {
        who.office or who.office_as_titled
        for each in (*seed.records, *seed.statements)
        for who in (*each.counterparts, *each.hosts)
    }
    assert [office.office for office in seed.offices if office.office not in offices] == []
    aliases = {alias for person in seed.people for alias in person.aliases}
    aliases |= {alias for organization in seed.article_organizations for alias in organization.aliases}
    assert [name.text for name in seed.names.kinds if name.text not in aliases] == []
    titles = {(each.id, outcome.title) for each in (*seed.records, *seed.statements) for outcome in each.outcomes}
    assert {(line.statement, line.title) for line in seed.decisions.same_outcomes} <= titles

"""The search document of an engagement: one pure function, used for a single change and for a whole rebuild alike.

A document has the attributes that `schema` lists: words to be searched, values to be filtered and counted, one `card` to be
shown, and the mirror's own marks. Everything a person may type for a thing is in the words, in both languages: what a
code is called, what a country is called, every name of the people.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from service.register import codes, offices, places, when
from service.search.dates import MONTHS
from service.search.keys import document_keys, joined_names
from service.search.lexicon import also_called

Record = Mapping[str, Any]

BUCKETS: Final = 64
_CARD_SUMMARY: Final = 600
_LONGEST_COUNTED: Final = 460
"""Bytes: Meilisearch cuts a longer value of a facet off."""
_LONGEST_NAMED_SPAN: Final = 4


def build(dossier: Record) -> dict[str, Any]:
    """The document of an engagement, without the ledger's generation, which the mirror adds when it sends."""
    record: Record = dossier["record"]
    words = _words(record, dossier)
    document = {
        "id": record["id"],
        **words,
        "keys": [*document_keys(_flat(words)), *joined_names([*words["people"], *words["aliases"]])],
        **_filters(record, dossier),
        "card": _card(record, dossier),
    }
    digest = content_hash(document)
    return document | {"sync_hash": digest, "sync_bucket": bucket(record["id"])}


def content_hash(document: Record) -> str:
    """The fingerprint of what a document says; equal fingerprints need not be sent again."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def bucket(document_id: str) -> int:
    """The audit bucket of a document, from its id alone."""
    return hashlib.sha256(document_id.encode()).digest()[0] % BUCKETS


def _words(record: Record, dossier: Record) -> dict[str, list[str]]:
    people = [part["person"] for part in record["participations"] if part["person"]]
    organizations = [part["organization"] for part in record["participations"] if part["organization"]]
    parties = [party for outcome in record["outcomes"] for party in outcome["parties"]]
    return {
        "titles": _known([record["title_en"], record["title_ko"]]),
        "people": _known([name for person in people for name in (person["name_en"], person["name_ko"])]),
        "aliases": _known(
            [
                *(name["text"] for name in (*dossier["person_names"], *dossier["organization_names"])),
                *(part["name_as_printed"] for part in record["participations"]),
            ]
        ),
        "organizations": _known([name for body in (*organizations, *parties) for name in (body["name_en"], body["name_ko"])]),
        "offices": _known([word for part in record["participations"] for word in _office(part)]),
        "places": _known(_places(record)),
        "topics": _known(
            [
                *(label for topic in record["topics"] for label in (topic["label_en"], topic["label_ko"])),
                *(word for topic in dossier["synonyms"] for word in topic["words"]),
            ]
        ),
        "outcomes": _known([word for outcome in record["outcomes"] for word in _outcome(outcome)]),
        "labels": _known([*_labels(record), *also_called(_titles(record))]),
        "summaries": _known([record["summary_en"], record["summary_ko"]]),
        "notes": _known(_notes(record)),
    }


def _titles(record: Record) -> list[str]:
    """What was done and where, in few words."""
    outcomes, venue = record["outcomes"], (record["place"] or {}).get("venue")
    named = [record["title_en"], record["title_ko"], venue, *(each for outcome in outcomes for each in _outcome(outcome))]
    return _known([*named, *_code_words(record["kind"], None, None, None)])


def _office(part: Record) -> Iterable[str | None]:
    yield part["office_as_titled"]
    yield part["office"]
    if part["office_type"]:
        yield from codes.label("office_type", part["office_type"])
    if title := part["office"] or part["office_as_titled"]:
        yield from offices.korean_titles(title, part["office_type"])


def _places(record: Record) -> Iterable[str | None]:
    where = record["place"] or {}
    yield where.get("venue")
    for city in (where.get("city") or "").split(";"):
        yield from (city.strip(), *places.city_names(city.strip()))
    spots = [where, *record["participations"]]
    for country in dict.fromkeys([*record["countries"], *(spot.get("country") for spot in spots)]):
        if country:
            yield from _country(country)
    for code in dict.fromkeys(spot.get("subdivision") for spot in spots):
        if code and (name := places.subdivision(code)):
            yield from (name.en, name.ko, *name.others)


@lru_cache(maxsize=512)
def _country(code: str) -> tuple[str | None, ...]:
    names = places.countries().get(code)
    return (names.en, names.ko, *names.others, code) if names else ()


def _outcome(outcome: Record) -> Iterable[str | None]:
    yield from (outcome["title_en"], outcome["title_ko"], outcome["kind_as_stated"], outcome["status_as_stated"])
    yield from codes.label("outcome_kind", outcome["kind"])
    if outcome["status"]:
        yield from codes.label("outcome_status", outcome["status"])


def _labels(record: Record) -> Iterable[str | None]:
    yield from _code_words(record["kind"], record["mode"], record["direction"], record["status"])
    yield record["kind_as_stated"]
    yield from _when_words(record["when"])


@lru_cache(maxsize=1024)
def _code_words(*code_of: str | None) -> tuple[str | None, ...]:
    known = zip(("kind", "mode", "direction", "status"), code_of, strict=True)
    return tuple(word for field, code in known if code for word in codes.label(field, code))


@lru_cache(maxsize=4096)
def _when_words(edtf: str | None) -> tuple[str, ...]:
    return tuple(_words_of_days(when.parse(edtf) if edtf else when.UNDATED))


def _words_of_days(known: when.When) -> Iterable[str]:
    for year in when.years(known):
        yield from (str(year), f"{year}년")
    for year, month in _months(known.start, known.end):
        yield from (f"{MONTHS[month - 1].title()} {year}", f"{year}년 {month}월")
    if known.precision == "day" and known.start:
        yield from (known.start.isoformat(), f"{known.start.month}월 {known.start.day}일")


def _months(start: date | None, end: date | None) -> list[tuple[int, int]]:
    if start is None or end is None:
        return []
    first, last = start.year * 12 + start.month - 1, end.year * 12 + end.month - 1
    # A span of many months would put every month's name on it and be found for each; the years are enough then.
    return [(month // 12, month % 12 + 1) for month in range(first, last + 1)] if last - first < _LONGEST_NAMED_SPAN else []


def _notes(record: Record) -> Iterable[str | None]:
    yield record["note"]
    for citation in record["citations"]:
        yield from (citation["quote"], citation["note"], citation["source"]["title"], citation["source"]["publisher"])
    for assertion in record["assertions"]:
        yield from (assertion["value"], assertion["reason"])
    for part in record["participations"]:
        yield part["note"]
    yield from record["external_ids"]


def _filters(record: Record, dossier: Record) -> dict[str, Any]:
    parts, outcomes = record["participations"], record["outcomes"]
    people = _distinct(part["person"] for part in parts)
    organizations = _distinct(
        [*(part["organization"] for part in parts), *(party for outcome in outcomes for party in outcome["parties"])]
    )
    known = when.parse(record["when"]) if record["when"] else when.UNDATED
    return {
        **{
            field: record[field]
            for field in ("kind", "mode", "direction", "status", "visibility", "countries", "in_scope", "external_ids")
        },
        "parent_id": record["parent"]["id"] if record["parent"] else None,
        # The ids of records that were merged into these still mean them.
        "person_ids": [*(person["id"] for person in people), *dossier["former_people"]],
        "organization_ids": [*(body["id"] for body in organizations), *dossier["former_organizations"]],
        "topic_ids": [topic["id"] for topic in record["topics"]],
        "people_facet": [_counted(person, "name", dossier["person_names"]) for person in people],
        "organizations_facet": [_counted(body, "name", dossier["organization_names"]) for body in organizations],
        "topics_facet": [_counted(topic, "label", _synonyms(topic, dossier)) for topic in record["topics"]],
        "outcome_kinds": _known([outcome["kind"] for outcome in outcomes]),
        "outcome_statuses": _known([outcome["status"] for outcome in outcomes]),
        "office_types": _known([part["office_type"] for part in parts]),
        "publishers": _known([citation["source"]["publisher"] for citation in record["citations"]]),
        "years": when.years(known),
        "months": [f"{year:04}-{month:02}" for year, month in _months(known.start, known.end)],
        "recorded_at": _milliseconds(record["recorded_at"]),
        **_days(known),
    }


def _days(known: when.When) -> dict[str, int | None]:
    if known.precision == "undated":
        return {"start_day": None, "end_day": None}
    return {"start_day": day_number(known.start or date.min), "end_day": day_number(known.end or date.max)}


def day_number(day: date) -> int:
    """A day as the integer YYYYMMDD, which sorts and compares as the day does."""
    return day.year * 10_000 + day.month * 100 + day.day


def _milliseconds(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


def _synonyms(topic: Record, dossier: Record) -> list[Record]:
    return [
        {"of": topic["id"], "text": word} for each in dossier["synonyms"] if each["of"] == topic["id"] for word in each["words"]
    ]


def _counted(thing: Record, what: str, names: Iterable[Record]) -> str:
    """What a facet counts: the id, the preferred names, and as many others as an engine keeps of such a value."""
    value = "\t".join((thing["id"], thing[f"{what}_en"] or "", thing[f"{what}_ko"] or ""))
    for name in names:
        longer = f"{value}\t{name['text']}"
        if name["of"] == thing["id"] and len(longer.encode()) <= _LONGEST_COUNTED:
            value = longer
    return value


def _card(record: Record, dossier: Record) -> dict[str, Any]:
    """What a list of hits shows of an engagement; its members are called as in the record."""
    copied = ("id", "kind", "status", "mode", "direction", "title_en", "title_ko")
    dated = ("when", "when_start", "when_end", "when_precision", "when_qualifier", "place", "countries", "topics")
    people = [part for part in record["participations"] if part["person"]]
    return {
        **{field: record[field] for field in (*copied, *dated)},
        "summary_en": _shortened(record["summary_en"]),
        "summary_ko": _shortened(record["summary_ko"]),
        "people": [
            {
                **part["person"],
                "side": part["side"],
                "office": part["office"] or part["office_as_titled"],
                "names": _other_names(part, dossier),
            }
            for part in people
        ],
        "organizations": [
            {field: body[field] for field in ("id", "name_en", "name_ko")}
            for body in _distinct(part["organization"] for part in record["participations"])
        ],
        "parent_id": record["parent"]["id"] if record["parent"] else None,
        "visibility": record["visibility"],
        "in_scope": record["in_scope"],
        "external_ids": record["external_ids"],
        "version": record["version"],
    }


def _other_names(part: Record, dossier: Record) -> list[str]:
    """What a person may be found by besides her preferred names; a hit shows the one that was."""
    person = part["person"]
    names = _known([part["name_as_printed"], *(name["text"] for name in dossier["person_names"] if name["of"] == person["id"])])
    return [name for name in names if name not in (person["name_en"], person["name_ko"])]


def _shortened(text: str | None) -> str | None:
    return text if text is None or len(text) <= _CARD_SUMMARY else text[: _CARD_SUMMARY - 1] + "…"


def _distinct(things: Iterable[Record | None]) -> list[Record]:
    return list({thing["id"]: thing for thing in things if thing}.values())


def _known(texts: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


def _flat(words: Mapping[str, list[str]]) -> list[str]:
    return [text for texts in words.values() for text in texts]

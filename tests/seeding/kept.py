"""Walking through the seed's files, and looking in the register for what they say."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text

from service.register.external_id import split
from service.register.reading import records
from service.register.reading.records import Noun

Json = dict[str, Any]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a file that is neither an object nor a list, with its path; an empty one says nothing."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, f"{path}[]")
    elif value is not None and value != "":
        yield path, value


def variants(value: Any) -> Iterator[tuple[str, Any]]:
    """Copies of a value in each of which one leaf is another, with the place of that leaf."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from ((f".{key}{place}", value | {key: changed}) for place, changed in variants(item))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from ((f"[{n}]{place}", [*value[:n], changed, *value[n + 1 :]]) for place, changed in variants(item))
    elif value is not None and value != "":
        yield "", "in no register"


def at(record: Any, path: str) -> Iterator[Any]:
    """The values at a path such as `names[].text`; `assertions:when` are the values of the assertions on that field."""
    if path.startswith("assertions:"):
        yield from (each["value"] for each in record["assertions"] if each["field"] == path.removeprefix("assertions:"))
        return
    step, _, rest = path.partition(".")
    value = record.get(step.removesuffix("[]")) if isinstance(record, dict) else None
    for item in value or [] if step.endswith("[]") else [value]:
        if item is not None:
            yield from at(item, rest) if rest else [item]


def is_kept(record: Json, places: tuple[str, ...], value: Any) -> bool:
    """Whether one of the places holds the value; one that ends with `~` may hold more than that."""
    said = written(value)
    bare = said[1:-1] if said.startswith("(") and said.endswith(")") else said
    for place in places:
        for there in map(written, at(record, place.removesuffix("~"))):
            if there in (said, bare) or (place.endswith("~") and said in there):
                return True
    return False


def written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def owner(connection: Connection, external_id: str) -> tuple[Noun, str] | None:
    """The record that has the external id."""
    system, key = split(external_id)
    found = connection.execute(
        text(
            f"SELECT {', '.join(f'{noun}_id' for noun in records.NOUNS)} FROM external_id WHERE system = :system AND key = :key"
        ),
        {"system": system, "key": key},
    ).first()
    return next((noun, owner_id) for noun, owner_id in zip(records.NOUNS, found, strict=True) if owner_id) if found else None


def whole(connection: Connection, noun: Noun, record_id: str) -> Json:
    """A record with everything that it refers to, so that whatever can be reached from it is in one place."""
    record = records.load(connection, noun, [record_id])[record_id]
    if noun != "engagement":
        return record
    for part in record["participations"]:
        for who in ("person", "organization"):
            if part[who]:
                part[who] = records.load(connection, "person" if who == "person" else "organization", [part[who]["id"]])[
                    part[who]["id"]
                ]
    for citation in record["citations"]:
        source_id = citation["source"]["id"]
        citation["source"] = records.load(connection, "source", [source_id])[source_id]
    record["topics"] = list(records.load(connection, "topic", [topic["id"] for topic in record["topics"]]).values())
    if record["parent"]:
        record["parent"] = records.load(connection, "engagement", [record["parent"]["id"]])[record["parent"]["id"]]
    return record

"""Which records the names in a table mean: by external id, by id, or by a name that is exactly theirs. Nothing is guessed.

Who is not there yet is recorded new. A name that several have is refused, with all that it may mean.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, String, bindparam, text

from service.register.audience import Audience, shown
from service.register.organization import OrganizationShape
from service.register.person import PersonShape
from service.register.reading.records import Noun
from service.register.source import SourceShape
from service.register.text import Shape
from service.register.topic import TopicShape
from service.register.verbs import recording, references
from service.register.verbs.journal import Actor
from service.register.verbs.owners import is_id
from service.transfer.item import Item, Mention

Name = tuple[Noun, str]

_NAMED: Final[dict[Noun, str]] = {
    "person": (
        "SELECT r.id, r.name_en AS name FROM person r WHERE r.name_en IN :names AND {there} UNION"
        " SELECT r.id, r.name_ko FROM person r WHERE r.name_ko IN :names AND {there} UNION"
        " SELECT r.id, n.text FROM person_name n JOIN person r ON r.id = n.person_id WHERE n.text IN :names AND {there}"
    ),
    "organization": (
        "SELECT r.id, r.name_en AS name FROM organization r WHERE r.name_en IN :names AND {there} UNION"
        " SELECT r.id, r.name_ko FROM organization r WHERE r.name_ko IN :names AND {there} UNION"
        " SELECT r.id, n.text FROM organization_name n JOIN organization r ON r.id = n.organization_id"
        " WHERE n.text IN :names AND {there}"
    ),
    "topic": (
        "SELECT r.id, r.label_en AS name FROM topic r WHERE r.label_en IN :names AND {there} UNION"
        " SELECT r.id, r.label_ko FROM topic r WHERE r.label_ko IN :names AND {there}"
    ),
    "source": (
        "SELECT r.id, r.url AS name FROM source r WHERE r.url IN :names AND {there} UNION"
        " SELECT r.id, r.title FROM source r WHERE r.title IN :names AND {there}"
    ),
    "engagement": "SELECT r.id, r.title_en AS name FROM engagement r WHERE FALSE AND r.id IN :names AND {there}",
}
"""Live records by their exact names."""

_MERGED: Final = {"person", "organization", "engagement"}


class Found(NamedTuple):
    """Which record each name means, and those that mean several."""

    ids: dict[Name, str]
    several: dict[Name, list[str]]


def find(connection: Connection, mentions: Iterable[Mention], audience: Audience) -> Found:
    """Look the names up, in a few statements for all of them."""
    names = list(dict.fromkeys((mention.noun, mention.text) for mention in mentions))
    owners = references.owners_seen(connection, [name for _, name in names], audience)
    ids: dict[Name, str] = {}
    several: dict[Name, list[str]] = {}
    for noun in dict.fromkeys(noun for noun, _ in names):
        of_noun = [name for other, name in names if other == noun]
        found = _called(connection, noun, of_noun, audience)
        for name in of_noun:
            owner = owners.get(name)
            if owner and owner.noun == noun:
                ids[noun, name] = owner.id
            elif is_id(name):
                ids[noun, name] = name
            elif len(found.get(name, ())) == 1:
                ids[noun, name] = found[name][0]
            elif name in found:
                several[noun, name] = found[name]
    return Found(ids, several)


def _called(connection: Connection, noun: Noun, names: Sequence[str], audience: Audience) -> dict[str, list[str]]:
    merged = " AND r.merged_into IS NULL" if noun in _MERGED else ""
    there = f"r.withdrawn_at IS NULL{merged} AND {shown(noun, audience)}"
    question = text(_NAMED[noun].format(there=there)).bindparams(bindparam("names", expanding=True, type_=String))
    found: dict[str, list[str]] = {}
    for record_id, name in connection.execute(question, {"names": list(names)}):
        found.setdefault(name, []).append(record_id)
    return {name: sorted(ids) for name, ids in found.items()}


def refuse_several(items: Iterable[Item], found: Found) -> None:
    """Let the items that name somebody whose name others have too say so."""
    for item in items:
        for mention in item.named.values():
            if candidates := found.several.get((mention.noun, mention.text)):
                listed = ", ".join(candidates[:5])
                detail = (
                    f"{mention.text!r} is the name of {len(candidates)} records: {listed}; write an external id or an id instead"
                )
                item.trouble(mention.column, "ambiguous", detail, mention.text)
            elif mention.noun == "engagement" and (mention.noun, mention.text) not in found.ids:
                item.trouble(mention.column, "unknown_id", f"There is no engagement {mention.text!r}", mention.text)


def record_new(connection: Connection, items: Iterable[Item], found: Found, by: Actor) -> dict[Noun, int]:
    """Record those who are not there yet, and note their ids; gives how many of each noun."""
    new: dict[Noun, dict[str, None]] = {}
    for item in items:
        for mention in item.named.values():
            if (mention.noun, mention.text) not in found.ids:
                new.setdefault(mention.noun, {})[mention.text] = None
    for noun, names in new.items():
        made = recording.record(connection, noun, [_shape(noun, name) for name in names], by=by)
        found.ids.update({(noun, name): record["id"] for name, record in zip(names, made, strict=True)})
    return {noun: len(names) for noun, names in new.items()}


def _shape(noun: Noun, name: str) -> Shape:
    korean = any("가" <= character <= "힣" for character in name)
    named: Mapping[str, Any] = {"name_ko" if korean else "name_en": name}
    if noun == "person":
        return PersonShape(**named)
    if noun == "organization":
        return OrganizationShape(**named)
    if noun == "topic":
        return TopicShape.model_validate({"label_ko" if korean else "label_en": name})
    return SourceShape.model_validate({"url" if name.startswith(("http://", "https://")) else "title": name})


def linked(item: Item, found: Found) -> Any:
    """The item's shape, with the ids of those whom it names."""
    stand_for = {marked: found.ids[mention.noun, mention.text] for marked, mention in item.named.items()}
    return references.follow(item.shape, stand_for) if stand_for else item.shape

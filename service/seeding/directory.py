"""The directory: whom and what the words of the files mean, so that one person, organization or topic is recorded once.

People are known by any of their spellings, the Korean one first of all, because romanisations differ and Hangul does not.
A word that nobody knows is refused with the file in which it is to be added.
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pydantic import ValidationError

from service.errors import Invalid, suggestion
from service.register.codes import mapped
from service.register.validation import faults_of
from service.seeding.files.folder import Seed
from service.seeding.files.lists import Office
from service.seeding.files.told import Participant, Told

_FOLDED = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "Ø": "o", "Đ": "d", "Ł": "l"})


class Directory(NamedTuple):
    """Every word of the files and the external id of what it means."""

    people: dict[str, str]
    named: dict[tuple[str, str | None], str]
    unnamed: frozenset[str]
    organizations: dict[str, str | None]
    organization_kinds: dict[str, str]
    organization_names: dict[str, set[str]]
    topics: dict[str, str]
    offices: dict[str, Office]


def of(seed: Seed) -> Directory:
    """The directory of these files."""
    directory = Directory(
        people=_article_people(seed),
        named={(line.name, line.record): line.person for line in seed.decisions.people},
        unnamed=frozenset(seed.decisions.unnamed),
        organizations=_organizations(seed),
        organization_kinds=_organization_kinds(seed),
        organization_names={},
        topics={word: topic.id for topic in seed.topics for word in (topic.label_en, *topic.synonyms)},
        offices={office.office: office for office in seed.offices},
    )
    for name, organization in directory.organizations.items():
        directory.organization_names.setdefault(organization or "", set()).add(name)
    for told, participant in participants(seed):
        if is_person(directory, told.id, participant):
            known = person(directory, told.id, participant) or f"p-{slug(participant.name)}"
            for spelling in (participant.name, participant.name_ko):
                if spelling and (participant.name, told.id) not in directory.named:
                    directory.people.setdefault(spelling, known)
    return directory


def participants(seed: Seed) -> Iterator[tuple[Told, Participant]]:
    """Everybody who takes part in a record or a statement."""
    told: list[Told] = [*seed.records, *seed.statements]
    for each in told:
        for participant in (*each.counterparts, *each.hosts):
            yield each, participant


def is_person(directory: Directory, told_id: str, who: Participant) -> bool:
    """Whether this is one person, rather than an organization or a group: who has an office is, unless said otherwise."""
    if (who.name, told_id) in directory.named or (who.name, None) in directory.named:
        return True
    if who.person_id is not None:
        return who.person_id.startswith("p-")
    return (who.office or who.office_as_titled) is not None and who.name not in directory.unnamed


def person(directory: Directory, told_id: str, who: Participant) -> str | None:
    """The person whom this means, None for an organization or a group."""
    if not is_person(directory, told_id, who):
        return None
    if meant := directory.named.get((who.name, told_id)) or directory.named.get((who.name, None)):
        return meant
    return who.person_id or directory.people.get(who.name) or directory.people.get(who.name_ko or "")


def organization(directory: Directory, told_id: str, who: Participant) -> str | None:
    """The organization for which somebody took part, None for a group that belongs to none."""
    word = who.organization or bare(who.name)
    for written in (word, who.name):
        if written in directory.organizations:
            return directory.organizations[written]
    known = {name for name in directory.organizations if name}
    raise Invalid(
        f"{told_id}: nobody knows the organization {word!r}; add it to organizations.json, or {suggestion(word, known)}"
    )


def topic(directory: Directory, told_id: str, word: str) -> str:
    """The topic that a word means."""
    if word not in directory.topics:
        raise Invalid(
            f"{told_id}: nobody knows the topic {word!r}; add it to topics.json, or {suggestion(word, directory.topics)}"
        )
    return directory.topics[word]


def office(directory: Directory, told_id: str, word: str | None, organization_id: str | None) -> tuple[Office | None, str | None]:
    """What is known of an office, and its type in that organization."""
    if word is None:
        return None, None
    if word not in directory.offices:
        raise Invalid(
            f"{told_id}: nobody knows the office {word!r}; add it to offices.json, or {suggestion(word, directory.offices)}"
        )
    known = directory.offices[word]
    if not isinstance(known.type, dict):
        return known, known.type
    return known, known.type.get(directory.organization_kinds.get(organization_id or "", ""), known.type["*"])


@contextmanager
def building(external_id: str) -> Iterator[None]:
    """While something is put together: what cannot be right is refused with the id of the entry that says it."""
    try:
        yield
    except ValidationError as error:
        faults = faults_of(error)
        raise Invalid(
            f"The seed's {external_id} cannot be recorded: {faults[0].detail} ({faults[0].pointer}).", faults=faults
        ) from error
    except ValueError as error:
        raise Invalid(f"The seed's {external_id} cannot be recorded: {error}.") from error


def bare(name: str) -> str:
    """A name without the parentheses that mark it as ours."""
    return name[1:-1] if name.startswith("(") and name.endswith(")") else name


def language(text: str) -> str:
    """The language that the script of a name or title speaks for."""
    if any("가" <= character <= "힣" for character in text):
        return "ko"
    if any("ぁ" <= character <= "ヿ" for character in text):
        return "ja"
    return "zh" if any("一" <= character <= "鿿" for character in text) else "en"


def slug(text: str) -> str:
    """Plain lower-case letters for an external id: `børge brende` becomes `borge-brende`."""
    plain = unicodedata.normalize("NFKD", text.translate(_FOLDED)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _article_people(seed: Seed) -> dict[str, str]:
    spellings = ((each, (each.name, each.name_ko, *each.aliases)) for each in seed.people)
    return {spelling: each.id for each, known in spellings for spelling in known if spelling}


def _organizations(seed: Seed) -> dict[str, str | None]:
    known: dict[str, str | None] = dict.fromkeys(seed.decisions.no_organization)
    for article in seed.article_organizations:
        known |= dict.fromkeys((article.name, *article.aliases), article.id)
    for ours in seed.organizations:
        known |= dict.fromkeys((*([ours.name_en] if ours.name_en else []), *ours.as_stated), ours.id)
    return known


def _organization_kinds(seed: Seed) -> dict[str, str]:
    article = {each.id: mapped("organization_kind", each.type)[0] for each in seed.article_organizations}
    return article | {each.id: each.kind for each in seed.organizations if each.kind}

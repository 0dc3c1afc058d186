"""What a search shows of an engagement, as the OpenAPI document describes it; the engines hand it out as it was indexed."""

from typing import Annotated

from pydantic import BaseModel, Field

from service.api.members import (
    Country,
    Dated,
    EdtfText,
    OrganizationReference,
    ParticipatingPerson,
    Place,
    RecordId,
    TopicReference,
)
from service.register.codes import Direction, Kind, Mode, Status, Visibility
from service.search.explaining import How

Range = Annotated[list[int], Field(min_length=2, max_length=2, description="`[start, end)` in Unicode code points.")]


class FoundPerson(ParticipatingPerson):
    """A person of a hit; `matched_names` are the names that were found, where none of the labels was."""

    matched_names: list[str]


class WordMatch(BaseModel):
    """Where a word of the question was found, and how.

    `exact` as it was typed, `prefix` as the beginning of a word, `part` inside of a Korean compound or as its initials, `joined`
    where several words are written as one, `typo` where a word is near to it.
    """

    word: str
    field: Annotated[str, Field(description="The attribute in which it was found, such as `titles` or `people`.")]
    how: How
    found: Annotated[str, Field(description="The word that was found.")]


class CollapsedPart(BaseModel):
    """Another engagement of the same trip that was found as well."""

    id: RecordId
    title_en: str | None
    title_ko: str | None
    when: EdtfText | None


class Card(Dated):
    """What is shown of an engagement without reading it."""

    id: RecordId
    kind: Kind
    status: Status
    mode: Mode | None
    direction: Direction
    title_en: str | None
    title_ko: str | None
    summary_en: Annotated[str | None, Field(description="Shortened to 600 characters.")]
    summary_ko: Annotated[str | None, Field(description="Shortened to 600 characters.")]
    place: Place | None
    countries: list[Country]
    topics: list[TopicReference]
    people: list[FoundPerson]
    organizations: list[OrganizationReference]
    parent_id: RecordId | None
    visibility: Visibility
    in_scope: bool
    external_ids: list[str]
    version: int
    highlights: Annotated[
        dict[str, list[Range]],
        Field(
            description="Where the words stand, by the JSON Pointer of the text without its leading slash.",
            examples=[{"people/0/name_ko": [[0, 3]]}],
        ),
    ]


class Hit(Card):
    """An engagement that was found."""

    matched: Annotated[list[WordMatch], Field(description="Only with `explain=true`.")] = []
    collapsed: Annotated[list[CollapsedPart], Field(description="Only with `collapse=true`.")] = []


class InCommon(BaseModel):
    """The ids, or codes, of what two engagements have in common; a kind of which the first has none is left out."""

    people: list[RecordId] = []
    organizations: list[RecordId] = []
    topics: list[RecordId] = []
    countries: list[Country] = []


class SimilarHit(Card):
    """An engagement that has something in common with another."""

    shared: InCommon

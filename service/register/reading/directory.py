"""The lists of people, organizations, topics and sources, each with its own filters, by name or in the order of recording."""

# ruff: noqa: S608  only names from this package are put into SQL

from functools import cache
from typing import Annotated, Final

from pydantic import Field

from service.database import Database
from service.register.audience import Audience
from service.register.codes import Level, OrganizationKind, SourceGrade
from service.register.places import CountryCode
from service.register.reading import records
from service.register.reading.engagements import named
from service.register.reading.json_sql import JsonSql
from service.register.reading.question import Listing, Order, Page, Question, Window, live, page, prefixed
from service.register.reading.records import Noun
from service.register.text import ExternalId, Line, Shape, Url

_NAMES: Final[dict[Noun, tuple[str, ...]]] = {
    "person": ("r.name_en", "r.name_ko"),
    "organization": ("r.name_en", "r.name_ko"),
    "topic": ("r.label_en", "r.label_ko"),
    "source": ("r.title", "r.url"),
}

SORTS: Final = ("name", "-name", "recorded_at", "-recorded_at")

Name = Annotated[
    Line | None, Field(description="How a name begins, in English or Korean, in capitals or not; further names count too.")
]


class PersonFilters(Shape):
    """What a list of people can be narrowed down by."""

    name: Name = None
    nationality: tuple[CountryCode, ...] = ()
    external_id: tuple[ExternalId, ...] = ()


class OrganizationFilters(Shape):
    """What a list of organizations can be narrowed down by."""

    name: Name = None
    country: tuple[CountryCode, ...] = ()
    kind: tuple[OrganizationKind, ...] = ()
    level: tuple[Level, ...] = ()
    external_id: tuple[ExternalId, ...] = ()


class TopicFilters(Shape):
    """What a list of topics can be narrowed down by."""

    name: Annotated[Line | None, Field(description="How a label or a synonym begins, in English or Korean.")] = None
    external_id: tuple[ExternalId, ...] = ()


class SourceFilters(Shape):
    """What a list of sources can be narrowed down by."""

    name: Annotated[Line | None, Field(description="How the title begins.")] = None
    url: tuple[Url, ...] = ()
    publisher: tuple[Line, ...] = ()
    grade: tuple[SourceGrade, ...] = ()
    external_id: tuple[ExternalId, ...] = ()


Filters = PersonFilters | OrganizationFilters | TopicFilters | SourceFilters


def list_records(register: Database, noun: Noun, filters: Filters, window: Window, *, audience: Audience) -> Page:
    """A page of the records of this noun that pass the filters, each whole, without withdrawn and merged ones."""
    question = Question(register.is_sqlite)
    question.hold(live(noun, audience))
    if filters.name is not None:
        question.hold(_named(question, noun, filters.name))
    for field in ("nationality", "country", "kind", "level", "url", "publisher", "grade"):
        question.one_of(f"r.{field}", getattr(filters, field, ()))
    if filters.external_id:
        question.hold(f"r.id IN (SELECT {noun}_id FROM external_id WHERE {named(question, filters.external_id)})")
    return page(register, _listing(noun, question.sqlite), question, _order(noun, window.sort, question.sqlite), window)


def _named(question: Question, noun: Noun, name: str) -> str:
    preferred = prefixed(question, _NAMES[noun][:1] if noun == "source" else _NAMES[noun], name)
    if noun in ("person", "organization"):
        return f"{preferred} OR r.id IN (SELECT n.{noun}_id FROM {noun}_name n WHERE {prefixed(question, ['n.text'], name)})"
    if noun == "topic":
        words = "json_each(r.synonyms) AS word" if question.sqlite else "json_array_elements_text(r.synonyms) AS word(value)"
        return f"{preferred} OR EXISTS (SELECT 1 FROM {words} WHERE {prefixed(question, ['word.value'], name)})"
    return preferred


def _order(noun: Noun, sort: str, sqlite: bool) -> Order:
    if sort.endswith("recorded_at"):
        return Order("r.id", descending=sort.startswith("-"))
    # Names are sorted by code point on both databases, whatever the server's own language is.
    name = f"coalesce({', '.join(_NAMES[noun])})" + ("" if sqlite else ' COLLATE "C"')
    return Order(name, descending=sort.startswith("-"))


@cache
def _listing(noun: Noun, sqlite: bool) -> Listing:
    return Listing(f"{noun} r", "r.id", records.expression(noun, JsonSql(sqlite)))

"""What is told of engagements: the records with their pages, and the statements of the article with its sentences."""

from pydantic import BaseModel, ConfigDict, Field


class Row(BaseModel):
    """An object of a seed file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Participant(Row):
    """Somebody who took part. The records give the right office, the article's statements the office as titled."""

    name: str
    office: str | None = None
    office_as_titled: str | None = None
    organization: str | None = None
    country: str
    subdivision: str | None = None
    name_ko: str | None = None
    name_basis: str | None = None
    role: str | None = None
    person_id: str | None = None


class Place(Row):
    venue: str | None = None
    city: str | None = None
    country: str | None = None
    subdivision: str | None = None


class Result(Row):
    """What came of it."""

    type: str
    title: str
    status: str | None = None
    date: str | None = None
    signed: str | None = None
    expires: str | None = None
    term: str | None = None
    valid_years: int | None = None
    amount: int | None = None
    currency: str | None = None
    jobs: int | None = None
    count: int | None = None
    participants: int | None = None


class Told(Row):
    """What a record and a statement have in common."""

    id: str
    kind: str
    direction: str
    date: str
    title: str
    counterparts: list[Participant]
    hosts: list[Participant]
    place: Place
    topics: list[str]
    summary: str
    outcomes: list[Result]
    confidence: str


class FoundAt(Row):
    """Where a record was read. `published` is empty where the page does not say."""

    url: str
    title: str
    publisher: str
    published: str
    title_is_descriptive: bool = False


class Record(Told):
    """One of the engagements of `gyeonggi/engagements.json`."""

    source: FoundAt
    in_scope: bool
    notes: str | None = None
    part_of: str | None = None
    same_event_as: list[str] = []


class Statement(Told):
    """One of the statements of `article/engagements.json`; `register` says whether it is an engagement at all."""

    sentences: list[int]
    is_registered: bool = Field(alias="register")
    note: str | None = None
    date_verified: str | None = None
    verified_by: list[str] = []


class KnownPerson(Row):
    id: str
    name: str
    nationality: str | None
    name_ko: str | None
    name_hanja: str | None
    aliases: list[str]
    office: str
    note: str


class KnownOrganization(Row):
    id: str
    name: str
    country: str | None
    subdivision: str | None
    name_ko: str | None
    aliases: list[str]
    type: str


class Inconsistency(Row):
    id: str
    where: str
    finding: str
    registrar: str


class Sentence(Row):
    n: int
    line: int
    begins: str


class ArticleSource(Row):
    """The article itself."""

    title: str
    title_is_descriptive: bool
    publisher: str
    published: str
    language: str
    grade: str
    note: str

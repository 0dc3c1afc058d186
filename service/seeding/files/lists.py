"""The lists that say what the words of the records mean: organizations, topics, names, offices, publishers."""

from service.seeding.files.told import Row


class Name(Row):
    text: str
    kind: str
    language: str | None = None
    note: str | None = None


class FurtherNames(Row):
    """Names of a person that only the notes of the records give."""

    name: str
    names: list[Name]


class Names(Row):
    kinds: list[Name]
    further: list[FurtherNames]


class Organization(Row):
    """An organization of the records; with nothing but `as_stated`, further wordings for one of the article's."""

    id: str
    name_en: str | None = None
    name_ko: str | None = None
    kind: str | None = None
    level: str | None = None
    country: str | None = None
    subdivision: str | None = None
    names: list[Name] = []
    as_stated: list[str] = []
    note: str | None = None


class Topic(Row):
    id: str
    label_en: str
    label_ko: str
    synonyms: list[str]


class Office(Row):
    """What an office is: its type, by the kind of organization where that decides."""

    office: str
    type: str | dict[str, str] | None = None
    former: bool = False
    normalised: str | None = None


class Publisher(Row):
    publisher: str
    grade: str
    note: str | None = None

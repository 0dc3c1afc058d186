"""Which heading of a table means which column: named by a mapping, or guessed, and always shown."""

import unicodedata
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field, ValidationError
from rapidfuzz import fuzz, process

from service.errors import Fault, Invalid, suggestion
from service.register.reading.records import Noun
from service.register.text import Shape
from service.register.validation import faults_of
from service.transfer.columns import COLUMNS

_FOLDER: Final = Path(__file__).with_name("mappings")
_NEAR: Final = 88.0

How = Literal["mapping", "name", "near", "ignored"]


class Mapping(Shape):
    """What the columns of a certain table mean.

    `columns` says which heading is which column. `constants` fill columns that the table has not, `templates` make a text of
    other cells by their headings in braces, `prefixes` are put before a value. With `people: printed`, people are kept as they
    are printed, and are not looked for in the register.
    """

    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    templates: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    people: Literal["linked", "printed"] = "linked"
    about: str = Field("", description="What table it is for, and where its columns are described.")


class Guess(NamedTuple):
    """What a heading was taken for, and why; nothing where it is not understood."""

    heading: str
    column: str | None
    how: How


def shipped() -> list[str]:
    """The names of the mappings that come with the service."""
    return sorted(file.stem for file in _FOLDER.glob("*.json"))


def named(noun: Noun, text: str | None) -> Mapping:
    """The mapping of this name, or the one that is written out as JSON. Raises `Invalid` for one that there is not."""
    if not text:
        return Mapping()
    if text.lstrip().startswith("{"):
        return _checked(noun, text)
    if text not in shipped():
        raise Invalid.parameter(
            "mapping", text, f"There is no mapping {text!r}; {suggestion(text, shipped())}, or write it as JSON"
        )
    return _checked(noun, (_FOLDER / f"{text}.json").read_text(encoding="utf-8"))


def _checked(noun: Noun, text: str) -> Mapping:
    try:
        made = Mapping.model_validate_json(text)
    except ValidationError as error:
        faults = [Fault(fault.detail, fault.code, parameter="mapping", value=fault.value) for fault in faults_of(error)]
        raise Invalid(faults[0].detail, faults=faults) from None
    known = {column.name for column in COLUMNS[noun]}
    for column in (*made.columns.values(), *made.constants, *made.templates, *made.prefixes):
        if column not in known:
            raise Invalid.parameter("mapping", column, f"There is no column {column!r} of this noun; {suggestion(column, known)}")
    return made


def guess(noun: Noun, headings: Sequence[str], mapping: Mapping) -> list[Guess]:
    """What each heading means. No column is meant twice; what is not understood is left out, and said to be."""
    meanings = _meanings(noun)
    free = {column.name for column in COLUMNS[noun]}
    guesses: dict[int, Guess] = {}
    ways: tuple[tuple[How, Any], ...] = (
        ("mapping", {folded(heading): column for heading, column in mapping.columns.items()}.get),
        ("name", meanings.get),
        ("near", lambda heading: _nearest(heading, meanings)),
    )
    for how, meant in ways:
        for n, heading in enumerate(headings):
            column = meant(folded(heading)) if n not in guesses and heading.strip() else None
            if column in free:
                guesses[n] = Guess(heading, column, how)
                free.discard(column)
    return [guesses.get(n, Guess(heading, None, "ignored")) for n, heading in enumerate(headings)]


def folded(heading: str) -> str:
    """A heading without what people write differently: case, blanks, underscores, brackets."""
    composed = unicodedata.normalize("NFKC", heading).casefold()
    return "".join(character for character in composed if character.isalnum())


def _meanings(noun: Noun) -> dict[str, str]:
    meanings: dict[str, str] = {}
    for which in (lambda c: (c.name, c.en, c.ko), lambda c: c.also):
        for column in COLUMNS[noun]:
            for text in which(column):
                meanings.setdefault(folded(text), column.name)
    return meanings


def _nearest(heading: str, meanings: AnyMapping[str, str]) -> str | None:
    found = process.extractOne(heading, [each for each in meanings if len(each) > 3], scorer=fuzz.ratio, score_cutoff=_NEAR)
    return meanings[found[0]] if found else None


def as_json(guesses: Sequence[Guess]) -> list[dict[str, Any]]:
    """The guesses as they are shown."""
    return [guess._asdict() for guess in guesses]

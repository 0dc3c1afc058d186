"""What a row or a line comes to: a shape to be recorded, or everything that is wrong with it, by column.

People, organizations and sources are named in cells; which records they are is found out later, with the register.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from service.register.engagement import EngagementShape
from service.register.organization import OrganizationShape
from service.register.person import PersonShape
from service.register.reading.records import Noun
from service.register.source import SourceShape
from service.register.topic import TopicShape
from service.register.validation import fault_of
from service.register.verbs.owners import is_id
from service.transfer.trouble import Trouble

SHAPES: Final[dict[Noun, TypeAdapter[Any]]] = {
    "engagement": TypeAdapter(EngagementShape),
    "person": TypeAdapter(PersonShape),
    "organization": TypeAdapter(OrganizationShape),
    "topic": TypeAdapter(TopicShape),
    "source": TypeAdapter(SourceShape),
}
_MOST_FAULTS: Final = 10


class Mention(NamedTuple):
    """A record that a cell names: of which noun, how, and in which column."""

    noun: Noun
    text: str
    column: str


@dataclass(slots=True)
class Item:
    """What a row comes to: a shape to be recorded, or what is wrong with it.

    `id` is the record's own where the row has it; `mentions` are what the raw shape names, by the place in it.
    """

    row: int
    raw: dict[str, Any] = field(default_factory=dict)
    id: str | None = None
    mentions: list[Mention] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    shape: Any = None
    forgotten: set[int] = field(default_factory=set)
    columns: Mapping[str, str] = field(default_factory=dict)
    """Headings by the names of columns."""
    values: Mapping[str, str] = field(default_factory=dict)
    """The cells of a table by the names of columns."""

    def check(self, noun: Noun) -> None:
        """Make the shape of what is there, or say what is wrong."""
        try:
            self.shape = SHAPES[noun].validate_python(self.raw)
        except ValidationError as error:
            for found in error.errors(include_url=False)[:_MOST_FAULTS]:
                self.troubles.append(self._trouble(found))

    def forget(self, columns: Sequence[str], noun: Noun) -> None:
        """Make the shape anew, without what was left of these columns; whom they name is of no matter any more."""
        self.forgotten |= {place for place, mention in enumerate(self.mentions) if mention.column in columns}
        self.check(noun)

    @property
    def named(self) -> dict[str, Mention]:
        """What the shape names, by the mark that stands for it."""
        return {mark(place): mention for place, mention in enumerate(self.mentions) if place not in self.forgotten}

    def trouble(self, column: str | None, code: str, detail: str, value: Any = None) -> None:
        """Something is wrong with a column."""
        self.troubles.append(Trouble(self.row, self.columns.get(column or "", column), code, detail, value))

    def _trouble(self, found: ErrorDetails) -> Trouble:
        column = _column_of([str(step) for step in found["loc"]], self.columns)
        fault = fault_of(found)
        return Trouble(self.row, self.columns.get(column, column), fault.code, fault.detail, fault.value)


def _column_of(steps: Sequence[str], columns: Mapping[str, str]) -> str:
    if not steps:
        return next((name for name in ("title_ko", "title_en", "name_ko", "name_en", "label_en") if name in columns), "title_en")
    if steps[0] == "place" and len(steps) > 1:
        return {"country": "place_country", "subdivision": "place_subdivision"}.get(steps[1], steps[1])
    return {"participations": "counterparts", "citations": "sources"}.get(steps[0], steps[0]) if columns else "/".join(steps)


def of_line(noun: Noun, number: int, line: bytes) -> Item:
    """What a line of JSON Lines comes to: the shape of a record, with its `id` where it has one."""
    item = Item(number)
    try:
        raw = orjson.loads(line)
    except ValueError as error:
        item.trouble(None, "json_invalid", f"The line is not JSON: {error}", line[:60].decode("utf-8", "replace"))
        return item
    if not isinstance(raw, dict):
        item.trouble(None, "not_an_object", "A line has one JSON object", str(raw)[:60])
        return item
    record_id = raw.pop("id", None)
    if record_id is not None and not (isinstance(record_id, str) and is_id(record_id)):
        item.trouble("id", "string_pattern_mismatch", "The id of a record is a UUIDv7 in lower case", record_id)
    item.id, item.raw = record_id, raw
    item.check(noun)
    return item


def mentioned(item: Item, noun: Noun, text: str, column: str) -> str:
    """What stands in the shape for a record until it is known which one it is."""
    item.mentions.append(Mention(noun, compared(text), column))
    return mark(len(item.mentions) - 1)


def mark(place: int) -> str:
    """What stands for the mention at this place."""
    return f"mention:{place}"


def compared(text: str) -> str:
    """A name as it is compared: composed, with single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).split())

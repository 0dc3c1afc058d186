"""From the cells of a row to what is to be recorded: pure, with everything that is wrong named by its column."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from service.register import codes, places
from service.register.reading.records import Noun
from service.register.verbs.owners import is_id
from service.transfer import dates
from service.transfer.columns import COLUMNS, Column, separated
from service.transfer.item import Item, mentioned
from service.transfer.mapping import Guess, folded
from service.transfer.mapping import Mapping as ColumnMapping

_PERSON: Final = re.compile(r"(?P<name>.+?)\s*[(（](?P<office>[^()（）]+)[)）]")
_LISTS: Final = {"external_ids", "countries", "topics", "names", "synonyms", "sources"}
_SIDES: Final = {
    "hosts": "host",
    "counterparts": "counterpart",
    "host_organizations": "host",
    "counterpart_organizations": "counterpart",
}


class Reader:
    """Reads the rows of one table, whose headings were understood in one way."""

    def __init__(self, noun: Noun, guesses: Sequence[Guess], mapping: ColumnMapping) -> None:
        self.noun = noun
        self.headings = [guess.heading for guess in guesses]
        self.targets = [guess.column for guess in guesses]
        self.columns = {guess.column: guess.heading for guess in guesses if guess.column}
        self.mapping = mapping

    def read(self, number: int, cells: list[str]) -> Item:
        """What a row comes to."""
        item = Item(number, columns=self.columns)
        if len(cells) > len(self.headings) and any(cells[len(self.headings) :]):
            beyond = len(self.headings) + 1
            item.trouble(None, "ragged", f"The row has {len(cells)} cells, the header {len(self.headings)}; see cell {beyond}")
            return item
        values = {target: cell.strip() for target, cell in zip(self.targets, cells, strict=False) if target and cell.strip()}
        values = {name: self.mapping.prefixes.get(name, "") + value for name, value in values.items()}
        values = {**self.mapping.constants, **self._made(cells), **values}
        item.values = values
        for name, value in values.items():
            _READERS.get(name, _read_plain)(item, _column(self.noun, name), value)
        if self.noun == "engagement":
            _gather(item, values, printed=self.mapping.people == "printed")
        if not item.troubles:
            item.check(self.noun)
        return item

    def _made(self, cells: list[str]) -> dict[str, str]:
        if not self.mapping.templates:
            return {}
        there = {folded(heading): cell.strip() for heading, cell in zip(self.headings, cells, strict=False)}
        filled = {
            name: re.sub(r"\{([^{}]+)\}", lambda found: there.get(folded(found[1]), ""), template)
            for name, template in self.mapping.templates.items()
        }
        return {name: text.strip(" ,") for name, text in filled.items() if text.strip(" ,")}


@cache
def _column(noun: Noun, name: str) -> Column:
    return next(column for column in COLUMNS[noun] if column.name == name)


def _read_plain(item: Item, column: Column, value: str) -> None:
    if column.name in _LISTS:
        item.raw[column.name] = separated(value)
    elif column.coded:
        item.raw[column.name] = _code(column.coded, value)
    else:
        item.raw[column.name] = value


def _code(coded: str, value: str) -> str:
    return _codes(coded).get(folded(value), value)


@cache
def _codes(coded: str) -> dict[str, str]:
    """Codes by all that they are called."""
    named = {folded(word): code for code, label in codes.FIELDS[coded].items() for word in (code, label.en, label.ko)}
    return {**{folded(word): code for word, code in codes.AS_STATED.get(coded, {}).items()}, **named}


@cache
def _countries() -> dict[str, str]:
    return {
        folded(name): code
        for code, names in places.countries().items()
        for name in (*names.others, code, names.en, names.ko)
        if name
    }


def _country(value: str) -> str:
    return _countries().get(folded(value), value)


def _read_id(item: Item, column: Column, value: str) -> None:
    if is_id(value):
        item.id = value
    else:
        item.trouble(column.name, "string_pattern_mismatch", "The id of a record is a UUIDv7 in lower case", value)


def _read_countries(item: Item, column: Column, value: str) -> None:
    item.raw[column.name] = list(dict.fromkeys(_country(each) for each in separated(value.replace(" / ", ";"))))


def _read_country(item: Item, column: Column, value: str) -> None:
    if column.name == "place_country":
        item.raw.setdefault("place", {})["country"] = _country(value)
    else:
        item.raw[column.name] = _country(value)


def _read_place(item: Item, column: Column, value: str) -> None:
    item.raw.setdefault("place", {})[column.name.removeprefix("place_")] = value


def _read_date(item: Item, column: Column, value: str) -> None:
    try:
        item.raw[column.name] = dates.edtf(value)
    except ValueError as error:
        item.trouble(column.name, "unknown_date", str(error), value)


def _read_boolean(item: Item, column: Column, value: str) -> None:
    known = {"true": True, "yes": True, "1": True, "예": True, "y": True, "o": True}
    known |= {"false": False, "no": False, "0": False, "아니오": False, "n": False, "x": False}
    if (meant := known.get(value.casefold())) is None:
        item.trouble(column.name, "not_boolean", f"{value!r} is neither yes nor no", value)
    else:
        item.raw[column.name] = meant


def _read_names(item: Item, column: Column, value: str) -> None:
    item.raw[column.name] = [{"text": text} for text in separated(value)]


def _leave(_item: Item, _column: Column, _value: str) -> None:
    """What is put together by `_gather`, or is only shown."""


_READERS: Final[dict[str, Callable[[Item, Column, str], None]]] = {
    "id": _read_id,
    "countries": _read_countries,
    "nationality": _read_country,
    "country": _read_country,
    "place_country": _read_country,
    "venue": _read_place,
    "city": _read_place,
    "place_subdivision": _read_place,
    "when": _read_date,
    "published": _read_date,
    "accessed": _read_date,
    "in_scope": _read_boolean,
    "names": _read_names,
    **dict.fromkeys(("start", "end", "office", "outcomes", "sources", "topics", "parent", *_SIDES), _leave),
}


def _gather(item: Item, values: Mapping[str, str], *, printed: bool) -> None:
    """What an engagement has of several cells: its days, who took part, what it was about, where it is told."""
    _days(item, values)
    parts = [part for name, side in _SIDES.items() if name in values for part in _parts(item, name, side, values, printed)]
    if parts:
        item.raw["participations"] = parts
    if "topics" in values:
        item.raw["topics"] = [mentioned(item, "topic", text, "topics") for text in separated(values["topics"])]
    if "parent" in values:
        item.raw["parent"] = mentioned(item, "engagement", values["parent"], "parent")
    if "sources" in values:
        item.raw["citations"] = [{"source": mentioned(item, "source", text, "sources")} for text in separated(values["sources"])]


def _days(item: Item, values: Mapping[str, str]) -> None:
    if "start" not in values and "end" not in values:
        return
    try:
        start = dates.edtf(values.get("start") or values["end"])
        end = dates.edtf(values.get("end") or values["start"])
    except ValueError as error:
        item.trouble("start" if "start" in values else "end", "unknown_date", str(error), values.get("start"))
        return
    try:
        item.raw["when"] = dates.span(start, end)
    except ValueError:
        item.trouble("end", "dates_reversed", f"It ends on {end}, before it starts on {start}", values.get("end"))


def _parts(item: Item, name: str, side: str, values: Mapping[str, str], printed: bool) -> Iterator[dict[str, Any]]:
    for text in separated(values[name]):
        if name.endswith("organizations"):
            yield {"side": side, "organization": mentioned(item, "organization", text, name)}
            continue
        found = _PERSON.fullmatch(text)
        who, office = (found["name"], found["office"]) if found else (text, None)
        office = office or (values.get("office") if name == "counterparts" else None)
        part: dict[str, Any] = {"side": side, **({"office_as_titled": office} if office else {})}
        yield part | ({"name_as_printed": who} if printed else {"person": mentioned(item, "person", who, name)})

"""How a document lies in the embedded index.

Three fields are indexed, and no more: Tantivy needs a third of a millisecond for each one whenever it commits.

- `words`: all searched words by their letters (`hangul.letters`), with their positions; here words are matched and their
  nearness is measured;
- `placed`: each word with the rank of the attribute that it stands in, `0:newsom`;
- `values`: each value that can be filtered by, with the name of its attribute, `kind=meeting`; and for the count of texts
  the number that stands for each, `kind#42=Meeting`.

What is counted and sorted by is in columns of numbers, because Tantivy needs a hundredth of a millisecond to look up each
text that it has counted. What is given back is stored as it will be sent.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version
from typing import Any, Final, Literal, NamedTuple

import orjson
import tantivy

from service.search.engine import SearchDocument
from service.search.hangul import letters
from service.search.keys import WORD, fold
from service.search.schema import FILTERABLE, SEARCHABLE, SHOWN, SORTABLE, SYNC_FIELDS, ValueType

WORDS: Final = "words"
PLACED: Final = "placed"
VALUES: Final = "values"
MARKS: Final = "marks"
"""The stored id and sync fields of a document."""

VERSION: Final = version("tantivy")

RANKS: Final = len(SEARCHABLE) - 1
"""How many attributes tell how good a match is, the most telling first; a word in the last one has no place."""

WIDEST: Final = 6
"""How many words may stand between two that are still near each other."""

_GAP: Final = " ␞" * (WIDEST + 1) + " "
"""Stands between two values, so that nearness and phrases never reach from one into the next; no word of a text is like it."""

_SHORT: Final = 200
"""Characters of an attribute that is short enough to be worth remembering how it is cut into words."""

_LONGEST_VALUE: Final = 65_000
"""In bytes; Tantivy leaves out longer ones without a word."""

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,511}")
_COLUMNS: Final[dict[str, ValueType]] = {**dict.fromkeys(SORTABLE, "integer"), **FILTERABLE}
_SPACED: Final = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()


class Unfit(ValueError):
    """A document that cannot be indexed, with the code that Meilisearch has for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Field(NamedTuple):
    """A field of Tantivy's: its type there, its name and how it is indexed."""

    kind: ValueType | Literal["bytes"]
    name: str
    options: dict[str, Any]


def _fields() -> list[_Field]:
    return [
        _Field("text", WORDS, {"tokenizer_name": "spaced", "index_option": "position"}),
        _Field("text", PLACED, {"tokenizer_name": "spaced", "index_option": "basic"}),
        _Field("text", VALUES, {"tokenizer_name": "raw", "index_option": "basic"}),
        *(_Field("boolean" if kind == "boolean" else "integer", column(name), {"fast": True}) for name, kind in _COLUMNS.items()),
        _Field("bytes", SHOWN, {"stored": True}),
        _Field("bytes", MARKS, {"stored": True}),
    ]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for field in _fields():
        getattr(builder, f"add_{field.kind}_field")(field.name, **field.options)
    return builder.build()


def column(name: str) -> str:
    """The column in which an attribute is counted and sorted by."""
    return f"{name}_number" if _COLUMNS.get(name) == "text" else name


@lru_cache(maxsize=4096)
def number(value: str) -> int:
    """The number of a text, whatever its case and composition; that two of a million texts share one is 1 : 30,000,000."""
    return int.from_bytes(blake2b(_caseless(value).encode(), digest_size=8).digest(), signed=True)


def _caseless(value: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())


def placed(rank: int, word: str) -> str:
    """The term that says in which attribute a word stands."""
    return f"{rank}:{word}"


def filtered(name: str, value: Any) -> str:
    """The term by which a value of an attribute is filtered; two ids may differ in nothing but case."""
    return f"{name}={_caseless(value) if isinstance(value, str) and name != 'id' else value}"


def label(name: str, counted: int) -> str:
    """The beginning of the term that says which text of an attribute a number stands for."""
    return f"{name}#{counted}="


SCHEMA: Final = _schema()

LAYOUT: Final = hashlib.sha256(
    json.dumps(
        [_fields(), "spaced is split at white space", "words are by their letters", "marks have the id", f"tantivy {VERSION}"]
    ).encode()
).hexdigest()[:16]
"""Names the way in which documents lie in an index: one of another layout cannot be opened. What its documents say may be
that of another version of `service.search.schema` all the same."""


def make_index(folder: str) -> None:
    """Make an empty index in an empty folder; raises ValueError or OSError."""
    tantivy.Index(SCHEMA, path=folder)


def open_index(folder: str) -> tantivy.Index:
    """The index in the folder, to be written to; raises ValueError or OSError when there is none."""
    index = tantivy.Index.open(folder)
    index.register_tokenizer("spaced", _SPACED)
    return index


def to_tantivy(source: SearchDocument) -> tantivy.Document:
    """The document as it is indexed; raises `Unfit`."""
    _check_id(source)
    try:
        document = tantivy.Document()
        _add_words(document, source)
        for name, kind in _COLUMNS.items():
            if (value := source.get(name)) is not None and value != []:
                _add_values(document, name, kind, _listed(value))
        document.add_bytes(SHOWN, orjson.dumps(source.get(SHOWN)))
        document.add_bytes(MARKS, orjson.dumps({name: source.get(name) for name in ("id", *SYNC_FIELDS)}))
    except (TypeError, ValueError, OverflowError) as error:
        raise Unfit("invalid_document", f"Document {source['id']!r} cannot be indexed: {error}") from error
    return document


def _check_id(source: SearchDocument) -> None:
    if "id" not in source:
        raise Unfit("missing_document_id", "A document has no id.")
    if not isinstance(source["id"], str) or not _IDENTIFIER.fullmatch(source["id"]):
        raise Unfit("invalid_document_id", f"{str(source['id'])[:80]!r} is not an id: 1 to 511 of A-Z a-z 0-9 - _ are.")


def _add_words(document: tantivy.Document, source: SearchDocument) -> None:
    everything: list[str] = []
    for rank, attribute in enumerate(SEARCHABLE):
        if not (values := _listed(source.get(attribute))):
            continue
        # Folding many short texts one by one takes longer than all else together.
        said = "\n".join(values)
        values = _spaced_names(said) if len(said) <= _SHORT else _spaced(said)
        everything += values
        if rank < RANKS:
            document.add_text(PLACED, " ".join([placed(rank, word) for word in {*" ".join(values).split()}]))
    document.add_text(WORDS, _GAP.join(value for value in everything if value))


@lru_cache(maxsize=2048)
def _spaced_names(said: str) -> list[str]:
    # What countries, months, kinds and people are called comes again and again.
    return _spaced(said)


def _spaced(said: str) -> list[str]:
    return [letters(" ".join(WORD.findall(value))) for value in fold(said).split("\n")]


def _add_values(document: tantivy.Document, name: str, kind: ValueType, values: Sequence[Any]) -> None:
    numbers = [number(value) for value in values] if kind == "text" else values
    add: Callable[[str, Any], None] = document.add_boolean if kind == "boolean" else document.add_integer
    under = column(name)
    for each in dict.fromkeys(numbers):
        add(under, each)
    terms = [filtered(name, value) for value in values] if name in FILTERABLE else []
    if kind == "text":
        terms += [label(name, each) + value for each, value in zip(numbers, values, strict=True)]
    for term in dict.fromkeys(terms):
        # No character takes more than four bytes.
        if len(term) * 4 > _LONGEST_VALUE and len(term.encode()) > _LONGEST_VALUE:
            raise ValueError(f"a value of {name} is longer than {_LONGEST_VALUE} bytes")
        document.add_text(VALUES, term)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]

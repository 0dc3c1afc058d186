"""The reading side of an index: it sees each commit and each exchange, whichever process made it.

An exchange replaces `names.json` by a new file, and a commit the folder's `meta.json`, so one look at each file's number and
time tells whether there is anything new. That costs some microseconds and is done for every question: what was committed
before a question was put is found.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import orjson
import tantivy
from tantivy import DocAddress, Order, Query

from service.search.embedded.damage import META, no_panic
from service.search.embedded.folders import Folders
from service.search.embedded.layout import MARKS, SCHEMA, VALUES, column, filtered, label
from service.search.embedded.placing import Stamp, stamp
from service.search.embedded.vocabulary import Vocabulary
from service.search.engine import EngineDown, Sort

Hit = tuple[Any, DocAddress]
"""The score or the value sorted by, and where the document lies."""

Bucket = dict[str, Any]
"""A value and how many documents have it, as Tantivy says it."""

_ALL: Final = 65_000
"""How many values of an attribute each segment brings to a count: fewer would make the sums inexact."""

_LABELS: Final = 50_000
"""How many texts of counted values are kept in memory."""


@contextmanager
def readable() -> Iterator[None]:
    """Whatever goes wrong with reading an index is `EngineDown` within."""
    try:
        with no_panic():
            yield
    except (ValueError, OSError) as error:
        raise EngineDown(f"The embedded index cannot be read: {error}") from error


@dataclass(frozen=True)
class Generation:
    """The index as one commit left it; it never changes, however many commits follow while it is asked."""

    state: "State"
    searcher: tantivy.Searcher
    _labels: dict[tuple[str, int], str]
    _days: dict[int, int | None] = field(default_factory=dict)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.searcher)

    @property
    def documents(self) -> int:
        return self.searcher.num_docs

    def find(self, query: Query, limit: int, *, sort: Sort | None = None, offset: int = 0) -> list[Hit]:
        """The first hits by score, or by one column with those that lack it last."""
        return self.searcher.search(
            query,
            limit=limit,
            count=False,
            offset=offset,
            order_by_field=sort.field if sort else None,
            order=Order.Asc if sort and not sort.descending else Order.Desc,
        ).hits

    def count(self, query: Query, attributes: Iterable[str], most: int) -> tuple[int, dict[str, list[Bucket]]]:
        """How many documents match, and how many of them have each value of the attributes, the most frequent first."""
        wanted = {name: {"terms": {"field": column(name), "size": most, "segment_size": _ALL}} for name in attributes}
        # Each document has one id; to count it here spares a second look at all that match.
        counted = self.searcher.aggregate(query, wanted | {"": {"value_count": {"field": column("id")}}})
        return int(counted.pop("")["value"]), {name: found["buckets"] for name, found in counted.items()}

    def stored(self, address: DocAddress, name: str) -> Any:
        """What was stored with a document under this name."""
        return orjson.loads(self.searcher.doc(address).get_first(name) or b"null")

    def holding(self, name: str, value: Any, most: int) -> list[dict[str, Any]]:
        """The id and the sync fields of documents whose attribute has this value."""
        query = Query.term_query(SCHEMA, VALUES, filtered(name, value), index_option="basic")
        return [self.stored(address, MARKS) for _, address in self.find(query, most)]

    def counts(self, name: str) -> dict[int, int]:
        """How many documents have each value of an attribute of integers."""
        _, found = self.count(Query.all_query(), [name], _ALL)
        return {int(each["key"]): int(each["doc_count"]) for each in found[name]}

    def newest_day(self, count: int) -> int | None:
        """The `start_day` from which on there are `count` documents or a few more, None when there are not so many."""
        if count not in self._days:
            hits = self.find(Query.all_query(), 1, sort=Sort("start_day", descending=True), offset=count - 1)
            self._days[count] = hits[0][0] if hits else None
        return self._days[count]

    def label(self, name: str, counted: int) -> str:
        """The text of an attribute that a number stands for; it stays known from one generation to the next."""
        text = self._labels.get((name, counted))
        if text is None:
            beginning = label(name, counted)
            found = self.searcher.terms_with_prefix(VALUES, beginning, limit=1)
            if not found:
                raise ValueError(f"{name} counts a value that it does not hold")
            text = found[0][0].removeprefix(beginning)
            if len(self._labels) >= _LABELS:
                self._labels.clear()
            self._labels[name, counted] = text
        return text


class State(NamedTuple):
    """Which folder, as which commit left it."""

    folder: Path
    meta: Stamp


class Reader:
    """The newest generation of the index of this name; used by several threads at once."""

    def __init__(self, folders: Folders, index: str) -> None:
        self._folders: Final = folders
        self._name: Final = index
        self._lock: Final = Lock()
        self._index: tantivy.Index | None = None
        self._generation: Generation | None = None

    def now(self) -> Generation:
        """The index as it is now; raises `EngineDown` where there is none or it cannot be read."""
        while True:
            folder = self._folders.of(self._name)
            try:
                return self._at(folder)
            except EngineDown:
                # It may have been exchanged since and removed; then the name stands for another folder by now.
                if self._folders.of(self._name) == folder:
                    raise

    def _at(self, folder: Path | None) -> Generation:
        meta = stamp(folder / META) if folder else None
        if folder is None or meta is None:
            raise EngineDown("The embedded index is being built; search answers once it is there.")
        state = State(folder, meta)
        generation = self._generation
        if generation is None or generation.state != state:
            with self._lock:
                generation = self._reload(state)
        return generation

    @property
    def documents(self) -> int:
        """How many documents there were when the index was last looked at."""
        return self._generation.documents if self._generation else 0

    def _reload(self, state: State) -> Generation:
        before = self._generation
        if before is not None and before.state == state:
            return before
        same = before is not None and before.state.folder == state.folder
        try:
            with readable():
                if self._index is None or not same:
                    self._index = self._opened(state.folder)
                self._index.reload()
                searcher = self._index.searcher()
        except EngineDown:
            self._index = self._generation = None
            raise
        self._generation = Generation(state, searcher, before._labels if before and same else {})
        return self._generation

    def _opened(self, folder: Path) -> tantivy.Index:
        description = self._folders.described(folder)
        if description is None or not description.usable:
            raise EngineDown("The embedded index is that of another version and is being built anew; search answers after that.")
        self._folders.check(folder)
        index = tantivy.Index.open(str(folder))
        index.config_reader("manual")
        return index

    def close(self) -> None:
        """Let go of the index's files."""
        with self._lock:
            self._index = self._generation = None

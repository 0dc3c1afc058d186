"""The reading side of the index folder: it sees each commit, whichever process made it.

A commit replaces `meta.json` by a new file, so one look at that file's number and time tells whether there is anything
new. That costs two microseconds and is done for every question: what was committed before a question was put is found.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Final

import orjson
import tantivy
from tantivy import DocAddress, Order, Query

from service.search.embedded.layout import VALUES, column, label
from service.search.embedded.vocabulary import Vocabulary
from service.search.engine import EngineDown, Sort

Stamp = tuple[int, int, int]
Hit = tuple[Any, DocAddress]
"""The score or the value sorted by, and where the document lies."""

Bucket = dict[str, Any]
"""A value and how many documents have it, as Tantivy says it."""

_ALL: Final = 65_000
"""How many values of an attribute each segment brings to a count: fewer would make the sums inexact."""

_LABELS: Final = 20_000
"""How many texts of counted values are kept in memory."""


@dataclass(frozen=True)
class Generation:
    """The index as one commit left it; it never changes, however many commits follow while it is asked."""

    stamp: Stamp
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


class Reader:
    """The newest generation of the index in a folder; used by several threads at once."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._lock: Final = Lock()
        self._index: tantivy.Index | None = None
        self._generation: Generation | None = None
        self._labels: Final[dict[tuple[str, int], str]] = {}

    def now(self) -> Generation:
        """The index as it is now; raises `EngineDown` where there is none or it cannot be read."""
        stamp = self.stamp()
        if stamp is None:
            raise EngineDown("The embedded index is not there; the mirror makes it anew.")
        generation = self._generation
        if generation is None or generation.stamp != stamp:
            with self._lock:
                generation = self._reload(stamp)
        return generation

    @property
    def documents(self) -> int:
        """How many documents there were when the index was last looked at."""
        return self._generation.documents if self._generation else 0

    def stamp(self) -> Stamp | None:
        """What changes with every commit; None where there is no index."""
        try:
            meta = (self._folder / "meta.json").stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return meta.st_ino, meta.st_mtime_ns, meta.st_size

    def _reload(self, stamp: Stamp) -> Generation:
        if self._generation is not None and self._generation.stamp == stamp:
            return self._generation
        try:
            if self._index is None:
                self._index = tantivy.Index.open(str(self._folder))
                self._index.config_reader("manual")
            self._index.reload()
        except (ValueError, OSError) as error:
            self._index = None
            raise EngineDown(f"The embedded index cannot be read: {error}") from error
        self._generation = Generation(stamp, self._index.searcher(), self._labels)
        return self._generation

    def close(self) -> None:
        """Let go of the index's files."""
        with self._lock:
            self._index = self._generation = None

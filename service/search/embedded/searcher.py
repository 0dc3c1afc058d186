"""The asking half of the embedded engine."""

from collections.abc import Mapping, Sequence
from typing import Final

from anyio import CapacityLimiter, to_thread
from tantivy import DocAddress
from tantivy import Query as Condition

from service.search.embedded.filters import narrowed
from service.search.embedded.hits import by_fields, by_relevance
from service.search.embedded.ranking import TextQueries, text_queries
from service.search.embedded.reader import Bucket, Generation, Reader, readable
from service.search.engine import Answer, EngineRefused, NoneOf, OneOf, Query, Sort
from service.search.keys import parts
from service.search.schema import FILTERABLE, MAX_FACET_VALUES, MAX_HITS, SHOWN, SORTABLE

_THREADS: Final = 2
"""How many questions are answered at once; Tantivy lets go of the interpreter's lock while it searches."""

_SMALL: Final = 1_000
"""Up to so many documents an answer takes half a millisecond, and the way to a thread and back a sixth of one: none then."""

_NEWEST: Final = (Sort("start_day", descending=True),)


class EmbeddedSearcher:
    """Answers questions from the newest commit."""

    def __init__(self, reader: Reader) -> None:
        self._reader: Final = reader
        self._limiter: Final = CapacityLimiter(_THREADS)

    async def search(self, query: Query) -> Answer:
        """Answer a question; raises `EngineDown` where there is no index, `EngineRefused` where it cannot be asked."""
        if self._reader.documents <= _SMALL:
            return self._answer(query)
        return await to_thread.run_sync(self._answer, query, limiter=self._limiter)

    def _answer(self, query: Query) -> Answer:
        return answer(self._reader.now(), query)

    async def close(self) -> None:
        self._reader.close()


def answer(generation: Generation, query: Query) -> Answer:
    """What this generation of the index answers."""
    _check(query)
    with readable():
        text = text_queries(generation.vocabulary, parts(query.text), query.match)
        matching = narrowed(text and text.matching, query.filters)
        total, buckets = generation.count(matching, query.facets, MAX_FACET_VALUES)
        page = _found(generation, query, text, matching, total)[query.offset :]
        return Answer([generation.stored(address, SHOWN) for address in page], total, facets=_facets(generation, buckets))


def _check(query: Query) -> None:
    values = (value for each in query.filters if isinstance(each, OneOf | NoneOf) for value in each.values)
    try:
        " ".join([query.text, *map(str, values)]).encode()
    except UnicodeEncodeError as error:
        raise EngineRefused("invalid_search_q", f"The question cannot be written in UTF-8: {error}") from error
    for name in query.facets:
        if name not in FILTERABLE:
            raise EngineRefused("invalid_search_facets", f"Attribute {name!r} is not filterable.")
    for sort in query.sort:
        if sort.field not in SORTABLE:
            raise EngineRefused("invalid_search_sort", f"Attribute {sort.field!r} is not sortable.")


def _found(generation: Generation, query: Query, text: TextQueries | None, matching: Condition, total: int) -> list[DocAddress]:
    """The hits up to the end of the page."""
    end = min(query.offset + query.limit, MAX_HITS)
    if query.offset >= min(end, total):
        return []
    if text is None or text.ranked is None or query.sort:
        return by_fields(generation, matching, query.sort or _NEWEST, end)
    return by_relevance(generation, text, query.filters, total, end)


def _facets(generation: Generation, counted: Mapping[str, Sequence[Bucket]]) -> dict[str, dict[str, int]]:
    return {name: {_value(generation, name, each): each["doc_count"] for each in buckets} for name, buckets in counted.items()}


def _value(generation: Generation, name: str, bucket: Bucket) -> str:
    """A counted value as text, whatever its type: `true`, `2024`, `meeting`."""
    match FILTERABLE[name]:
        case "text":
            return generation.label(name, bucket["key"])
        case "boolean":
            return str(bucket["key_as_string"])
        case "integer":
            return str(bucket["key"])

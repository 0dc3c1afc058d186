"""What was found, in its order, one page of it.

Equally good matches stand with the newest first, and so do all documents where nothing else is asked. Tantivy orders by
one thing at a time and leaves ties in the order in which documents came. So more is fetched than the page needs, and where
the page ends within a tie that is not all there, the tie is asked for again.
"""

from collections.abc import Sequence
from typing import Final

from tantivy import DocAddress, Occur, Query

from service.search.embedded.filters import narrowed, since, within
from service.search.embedded.ranking import TextQueries
from service.search.embedded.reader import Generation, Hit
from service.search.engine import Between, Filter, Missing, Sort

_SPARE: Final = 200
"""How many hits are asked for beyond the page, at least: most ties end there."""


def by_relevance(generation: Generation, text: TextQueries, filters: Sequence[Filter], total: int, end: int) -> list[DocAddress]:
    """The best `end` of `total` matches."""
    ranked = narrowed(text.ranked, filters)
    asked = end + max(_SPARE, 4 * end)
    hits = generation.find(ranked if total <= asked else _newer(generation, ranked, text.room, total, end), asked)
    if len(hits) == asked and hits[end][0] == hits[-1][0]:
        # The page ends within a tie that goes on beyond what was asked for, where newer ones may stand.
        hits = generation.find(ranked, total)
    return _newest_first(generation, hits)[:end]


def _newer(generation: Generation, ranked: Query, room: int, total: int, end: int) -> Query:
    """The query with the newer of equally good matches ranked higher, as far as there is room for that.

    If matches are spread over the years as all documents are, the nearer of two days has enough of them after it to fill
    the page, and so few that they are all among the hits asked for.
    """
    gains: list[Query] = []
    for step in range(1, room + 1):
        wanted = (2 * end + 40) * 6 ** (room - step)
        # Rounded, so that the day need not be looked for again for the next question.
        day = generation.newest_day(1 << (wanted * generation.documents // total).bit_length())
        if day is not None:
            gains.append(Query.const_score_query(since("start_day", day), float(step)))
    if not gains:
        return ranked
    return Query.boolean_query([(Occur.Must, ranked), (Occur.Should, Query.disjunction_max_query(gains))])


def _newest_first(generation: Generation, hits: Sequence[Hit]) -> list[DocAddress]:
    """By score, then by day, then by place in the index, so that every page sees the same order."""
    days = generation.searcher.fast_field_values("start_day", [address for _, address in hits])
    keyed = [(-score, -(day or 0), at.segment_ord, at.doc, at) for (score, at), day in zip(hits, days, strict=True)]
    return [entry[-1] for entry in sorted(keyed, key=lambda entry: entry[:-1])]


def by_fields(generation: Generation, query: Query, sorts: Sequence[Sort], end: int) -> list[DocAddress]:
    """The first `end` matches in the order of the fields, those that lack one last."""
    first, rest = sorts[0], sorts[1:]
    hits = generation.find(query, end, sort=first)
    if not rest or not hits:
        return [address for _, address in hits]
    last = hits[-1][0]
    whole = [address for value, address in hits if value != last]
    tie = Missing(first.field) if last is None else Between(first.field, last, last)
    return _sorted(generation, whole, sorts) + by_fields(generation, within(query, tie), rest, end - len(whole))


def _sorted(generation: Generation, addresses: list[DocAddress], sorts: Sequence[Sort]) -> list[DocAddress]:
    for sort in reversed(sorts):
        values = generation.searcher.fast_field_values(sort.field, addresses)
        sign = -1 if sort.descending else 1
        keyed = sorted(zip(values, addresses, strict=True), key=lambda pair: (pair[0] is None, sign * (pair[0] or 0)))
        addresses = [address for _, address in keyed]
    return addresses

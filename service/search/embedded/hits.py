"""What was found, in its order, one page of it.

Equally good matches stand with the newest first, and so do all documents where nothing else is asked. Tantivy orders by
one thing at a time and leaves ties in the order in which documents came. So more is fetched than the page needs, and where
the page ends within a tie that is not all there, the tie is asked for again.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tantivy import DocAddress, Query

from service.search.embedded.filters import within
from service.search.embedded.reader import Generation, Hit
from service.search.engine import Between, Missing, Sort

_SPARE: Final = 200
"""How many hits are asked for beyond the page, at least: nearly all ties end there."""


class Found(NamedTuple):
    addresses: list[DocAddress]
    total: int


def by_relevance(generation: Generation, query: Query, end: int) -> Found:
    """The best `end` matches, and how many there are."""
    asked = end + max(_SPARE, 4 * end)
    hits, total = generation.find(query, asked)
    if len(hits) == asked and hits[end][0] == hits[-1][0]:
        # The page ends within a tie that goes on beyond what was asked for, where newer ones may stand.
        hits, _ = generation.find(query, total)
    return Found(_newest_first(generation, hits)[:end], total)


def _newest_first(generation: Generation, hits: Sequence[Hit]) -> list[DocAddress]:
    """By score, then by day, then by place in the index, so that every page sees the same order."""
    days = generation.searcher.fast_field_values("start_day", [address for _, address in hits])
    keyed = [(-score, -(day or 0), at.segment_ord, at.doc, at) for (score, at), day in zip(hits, days, strict=True)]
    return [entry[-1] for entry in sorted(keyed, key=lambda entry: entry[:-1])]


def by_fields(generation: Generation, query: Query, sorts: Sequence[Sort], end: int) -> Found:
    """The first `end` matches in the order of the fields, those that lack one last."""
    first, rest = sorts[0], sorts[1:]
    hits, total = generation.find(query, end, sort=first)
    if not rest or not hits:
        return Found([address for _, address in hits], total)
    last = hits[-1][0]
    whole = [address for value, address in hits if value != last]
    tie = Missing(first.field) if last is None else Between(first.field, last, last)
    tied = by_fields(generation, within(query, tie), rest, end - len(whole))
    return Found(_sorted(generation, whole, sorts) + tied.addresses, total)


def _sorted(generation: Generation, addresses: list[DocAddress], sorts: Sequence[Sort]) -> list[DocAddress]:
    for sort in reversed(sorts):
        values = generation.searcher.fast_field_values(sort.field, addresses)
        sign = -1 if sort.descending else 1
        keyed = sorted(zip(values, addresses, strict=True), key=lambda pair: (pair[0] is None, sign * (pair[0] or 0)))
        addresses = [address for _, address in keyed]
    return addresses

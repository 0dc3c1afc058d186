"""A question in the words of Meilisearch's search route, and its answer in ours. Nothing here touches a network.

Totals: the server gives an exact number only when it is asked by pages (`page`, `hitsPerPage`); asked by `offset` it
estimates, and its facets with it. So every question is asked by pages, and an offset that falls between two pages is
served from the smallest page that covers it. Hits end at `schema.MAX_HITS`, the total goes on (seen on 1.50); a version
that lets both end there says exactly that number, which therefore means "at least".
"""

import json
from typing import Any, Final

from service.search import schema
from service.search.engine import Answer, Between, EngineDown, EngineRefused, Filter, Missing, NoneOf, OneOf, Query, Sort

_TYPES: Final = {"text": str, "integer": int, "boolean": bool}


def body(query: Query) -> dict[str, Any]:
    """The request body for a question."""
    page, size, _ = page_over(query.offset, query.limit)
    asked: dict[str, Any] = {
        "q": query.text,
        "page": page,
        "hitsPerPage": size,
        "attributesToRetrieve": [schema.SHOWN],
        "matchingStrategy": query.match,
    }
    if conditions := [condition(each) for each in query.filters]:
        asked["filter"] = conditions
    if query.facets:
        asked["facets"] = list(query.facets)
    if query.sort:
        asked["sort"] = [_direction(each) for each in query.sort]
    return asked


def page_over(offset: int, limit: int) -> tuple[int, int, int]:
    """The page that covers `limit` hits from `offset`: its number from 1, its size, and how many of its hits come before."""
    if limit == 0:
        return 1, 0, 0
    size = next(size for size in range(limit, offset + limit + 1) if offset % size + limit <= size)
    return offset // size + 1, size, offset % size


def condition(asked: Filter) -> str | list[str]:
    """One condition; a list means that any of its parts is enough."""
    field = asked.field
    _check(asked)
    match asked:
        case OneOf(values=(value,)):
            return f"{field} = {_quoted(value)}"
        case OneOf(values=values):
            return f"{field} IN [{', '.join(map(_quoted, values))}]"
        case NoneOf(values=values):
            return f"{field} NOT IN [{', '.join(map(_quoted, values))}]"
        case Between():
            return _between(field, asked)
        case Missing():
            return [f"{field} NOT EXISTS", f"{field} IS NULL", f"{field} IS EMPTY"]


def answer(said: dict[str, Any], query: Query) -> Answer:
    """The answer in our words; `EngineDown` when it is not one that our index gives."""
    _, _, before = page_over(query.offset, query.limit)
    try:
        cards = [hit[schema.SHOWN] for hit in said["hits"][before : before + query.limit]]
        counted = said["facetDistribution"] if query.facets else {}
        total = int(said["totalHits"])
    except (KeyError, TypeError) as error:
        raise EngineDown(f"what Meilisearch answered is not from our index: {error!r} is not as it should be") from error
    return Answer(cards, total, exact=total != schema.MAX_HITS, facets={name: counted.get(name, {}) for name in query.facets})


def _between(field: str, asked: Between) -> str:
    # One condition on both ends: two of them would be met by two different values of a list.
    if asked.low is not None and asked.high is not None:
        return f"{field} {asked.low} TO {asked.high}"
    if asked.low is not None:
        return f"{field} >= {asked.low}"
    if asked.high is not None:
        return f"{field} <= {asked.high}"
    return f"{field} EXISTS"


def _direction(sort: Sort) -> str:
    return f"{sort.field}:{'desc' if sort.descending else 'asc'}"


def _quoted(value: str | int | bool) -> str:
    """A value as a filter may hold it: within quotes every character stands for itself, whatever a user typed."""
    if isinstance(value, bool):
        return '"true"' if value else '"false"'
    return json.dumps(value if isinstance(value, str) else str(value), ensure_ascii=False)


def _check(asked: Filter) -> None:
    """Refuse what a filter cannot say, as the other engine does; the server itself compares a number with any text."""
    kind = schema.FILTERABLE.get(asked.field)
    if kind is None:
        raise EngineRefused("invalid_search_filter", f"{asked.field!r} is not an attribute that can be filtered", status=400)
    if isinstance(asked, Between) and kind != "integer":
        raise EngineRefused("invalid_search_filter", f"{asked.field!r} is no integer and lies between nothing", status=400)
    if isinstance(asked, OneOf | NoneOf):
        for value in asked.values:
            if type(value) is not _TYPES[kind]:
                raise EngineRefused(
                    "invalid_search_filter", f"{value!r} is no value of {asked.field!r}: that is {kind}", status=400
                )

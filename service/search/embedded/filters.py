"""Filters in Tantivy's terms. Each one narrows what matches and none of them tells in the order of the hits."""

from collections.abc import Sequence
from typing import Final

from tantivy import FieldType, Occur
from tantivy import Query as Condition

from service.search.embedded.layout import SCHEMA, VALUES, column, filtered
from service.search.engine import Between, EngineRefused, Filter, Missing, NoneOf, OneOf
from service.search.schema import FILTERABLE

_TYPES: Final[dict[str, type]] = {"text": str, "integer": int, "boolean": bool}
_INTEGERS: Final = (-(2**63), 2**63 - 1)

Clause = tuple[Occur, Condition]


def everything() -> Condition:
    """What every document matches, for nothing."""
    return Condition.const_score_query(Condition.all_query(), 0.0)


def narrowed(query: Condition | None, filters: Sequence[Filter]) -> Condition:
    """The query, or all documents where there is none, within the filters; raises `EngineRefused` where one cannot be."""
    for wanted in filters:
        _check(wanted)
    return within(query or everything(), *filters)


def within(query: Condition, *filters: Filter) -> Condition:
    """The query within filters on any column, filterable or not."""
    if not filters:
        return query
    return Condition.boolean_query([(Occur.Must, query), *map(_clause, filters)])


def since(field: str, low: int) -> Condition:
    """The documents whose value is not below."""
    return _between(field, low, None)


def _clause(wanted: Filter) -> Clause:
    match wanted:
        case OneOf(field, values):
            return Occur.Must, _silent(_among(field, values))
        case NoneOf(field, values):
            return Occur.MustNot, _among(field, values)
        case Between(field, low, high):
            return Occur.Must, _silent(_between(field, low, high))
        case Missing(field):
            return Occur.MustNot, Condition.exists_query(column(field))


def _silent(condition: Condition) -> Condition:
    return Condition.const_score_query(condition, 0.0)


def _among(field: str, values: Sequence[str | int | bool]) -> Condition:
    return Condition.term_set_query(SCHEMA, VALUES, [filtered(field, value) for value in values])


def _between(field: str, low: int | None, high: int | None) -> Condition:
    least, most = _INTEGERS
    low, high = max(least, low if low is not None else least), min(most, high if high is not None else most)
    if low > high:
        return Condition.empty_query()
    return Condition.range_query(SCHEMA, field, FieldType.Integer, low, high)


def _check(wanted: Filter) -> None:
    kind = FILTERABLE.get(wanted.field)
    if kind is None:
        raise EngineRefused("invalid_search_filter", f"Attribute {wanted.field!r} is not filterable.")
    if isinstance(wanted, Between) and kind != "integer":
        raise EngineRefused("invalid_search_filter", f"Attribute {wanted.field!r} is no integer and lies between nothing.")
    if isinstance(wanted, OneOf | NoneOf):
        for value in wanted.values:
            if type(value) is not _TYPES[kind]:
                raise EngineRefused("invalid_search_filter", f"{value!r} is not a value of {wanted.field!r}, which is {kind}.")

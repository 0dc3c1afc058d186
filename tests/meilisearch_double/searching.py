"""The search route: which documents hold the words, and their counts. Their order means nothing."""

from collections import Counter
from typing import Any

from tests.meilisearch_double import filters
from tests.meilisearch_double.call import Call
from tests.meilisearch_double.refusals import NotTheDoubles, Refused
from tests.meilisearch_double.wire import Reply, reply
from tests.meilisearch_double.world import Document, Index

_DONE = (
    "q", "offset", "limit", "page", "hitsPerPage", "attributesToRetrieve", "filter", "sort", "facets", "matchingStrategy",
    "attributesToSearchOn",
)  # fmt: skip
_NOT_DONE = (
    "attributesToCrop", "cropLength", "cropMarker", "attributesToHighlight", "highlightPreTag", "highlightPostTag",
    "showMatchesPosition", "distinct", "rankingScoreThreshold", "locales", "hybrid", "vector", "retrieveVectors", "media",
    "personalize", "useNetwork", "showRankingScore", "showRankingScoreDetails", "showPerformanceDetails",
)  # fmt: skip
_LANGUAGES = ("ko", "kor", "en", "eng")
"""Those of the register, of the seventy that the server knows."""


def search(call: Call) -> Reply:
    return reply(200, answer(call.world.index(call.index_uid), call.index_uid, call.request.json))


def answer(index: Index, uid: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What one search of one index is answered."""
    _check(asked, index, uid)
    found = matching(index, uid, asked)
    for order in reversed(asked.get("sort") or ()):
        found = _sorted(found, *order.rsplit(":", 1))
    shown, paging = _paged(found, asked, index.settings["pagination"]["maxTotalHits"])
    said: dict[str, Any] = {
        "hits": [_displayed(each, index, asked.get("attributesToRetrieve")) for each in shown],
        "query": asked.get("q") or "",
        "processingTimeMs": 0,
        **paging,
    }
    if asked.get("facets"):
        said |= {"facetDistribution": _facets(found, asked["facets"]), "facetStats": _ends(found, asked["facets"])}
    return {**said, "requestUid": "00000000-0000-7000-8000-000000000000"}


def matching(index: Index, uid: str, asked: dict[str, Any]) -> list[Document]:
    """The documents that pass the filter and literally hold the words."""
    matches = filters.compiled(asked.get("filter"), index.settings["filterableAttributes"], uid)
    words = (asked.get("q") or "").casefold().replace('"', " ").split()
    return [each for each in index.documents.values() if matches(each) and _has_words(each, words, index, asked)]


def _check(asked: dict[str, Any], index: Index, uid: str) -> None:
    if unknown := set(asked) - {*_DONE, *_NOT_DONE}:
        known = ", ".join(f"`{each}`" for each in (*_DONE, *_NOT_DONE))
        raise Refused("bad_request", f"Unknown field `{min(unknown)}`: expected one of {known}")
    if not isinstance(asked.get("q") or "", str):
        raise Refused("invalid_search_q", "Invalid value type at `.q`: expected a string")
    for name in ("limit", "offset", "page", "hitsPerPage"):
        if asked.get(name, 0) < 0:
            code = f"invalid_search_{'hits_per_page' if name == 'hitsPerPage' else name}"
            raise Refused(code, f"Invalid value type at `.{name}`: expected a positive integer")
    _check_words(asked, index, uid)
    for name in asked.get("facets") or ():
        if name not in index.settings["filterableAttributes"]:
            raise Refused("invalid_search_facets", f"Invalid facet distribution: Pattern `{name}` is not filterable.")
    for order in asked.get("sort") or ():
        name, _, direction = order.rpartition(":")
        if direction not in ("asc", "desc"):
            raise Refused("invalid_search_sort", f"expected expression ending by `:asc` or `:desc`, found `{order}`.")
        if name not in index.settings["sortableAttributes"]:
            raise Refused("invalid_search_sort", f"Index `{uid}`: Attribute `{name}` is not sortable.")


def _check_words(asked: dict[str, Any], index: Index, uid: str) -> None:
    """What a real engine would do with words, scores and languages is refused where the server would, and else not done."""
    searchable = index.settings["searchableAttributes"]
    for name in asked.get("attributesToSearchOn") or ():
        if name not in searchable and "*" not in searchable:
            raise Refused("invalid_search_attributes_to_search_on", f"Index `{uid}`: Attribute `{name}` is not searchable.")
    for place, code in enumerate(asked.get("locales") or ()):
        if code not in _LANGUAGES:
            raise Refused("invalid_search_locales", f"Unknown value `{code}` at `.locales[{place}]`: expected one of …")
    if not 0 <= asked.get("rankingScoreThreshold", 0) <= 1:
        raise Refused(
            "invalid_search_ranking_score_threshold", "Invalid value at `.rankingScoreThreshold`: expected a float between …"
        )
    if not_done := set(asked) & set(_NOT_DONE):
        raise NotTheDoubles(", ".join(sorted(not_done)))


def _has_words(document: Document, words: list[str], index: Index, asked: dict[str, Any]) -> bool:
    if not words:
        return True
    names = asked.get("attributesToSearchOn") or index.settings["searchableAttributes"]
    texts = [_text(value) for name, value in document.items() if "*" in names or name in names]
    held = " ".join(texts).casefold().replace(",", " ").split()
    wanted = words if asked.get("matchingStrategy") == "all" else words[:1]
    return all(any(each == word or (word is words[-1] and each.startswith(word)) for each in held) for word in wanted)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_text, value))
    return _text(list(value.values())) if isinstance(value, dict) else str(value)


def _sorted(documents: list[Document], name: str, direction: str) -> list[Document]:
    held = [each for each in documents if each.get(name) is not None]
    held.sort(key=lambda each: each[name], reverse=direction == "desc")
    return held + [each for each in documents if each.get(name) is None]


def _paged(found: list[Document], asked: dict[str, Any], most: int) -> tuple[list[Document], dict[str, int]]:
    """The hits of a page and what is said about paging; hits end at `maxTotalHits`, totals do not."""
    total, within = len(found), found[:most]
    if "page" in asked or "hitsPerPage" in asked:
        page, size = asked.get("page", 1), asked.get("hitsPerPage", 20)
        shown = within[(page - 1) * size : page * size] if page else []
        return shown, {"hitsPerPage": size, "page": page, "totalPages": -(-total // size) if size else 0, "totalHits": total}
    offset, limit = asked.get("offset", 0), asked.get("limit", 20)
    return within[offset : offset + limit], {"limit": limit, "offset": offset, "estimatedTotalHits": total}


def _displayed(document: Document, index: Index, wanted: list[str] | None) -> Document:
    displayed = index.settings["displayedAttributes"]
    names = [name for name in document if "*" in displayed or name in displayed]
    return {name: document[name] for name in names if wanted is None or "*" in wanted or name in wanted}


def _facets(found: list[Document], names: list[str]) -> dict[str, dict[str, int]]:
    return {name: dict(Counter(value for document in found for value in facet_values(document, name))) for name in sorted(names)}


def _ends(found: list[Document], names: list[str]) -> dict[str, dict[str, float]]:
    """The smallest and the largest number of those facets that have numbers."""
    numbers = {name: [each for document in found for each in _each(document.get(name)) if _is_number(each)] for name in names}
    return {name: {"min": float(min(held)), "max": float(max(held))} for name, held in sorted(numbers.items()) if held}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def facet_values(document: Document, name: str) -> list[str]:
    return [_facet(each) for each in _each(document.get(name))]


def _each(value: Any) -> list[Any]:
    return [each for each in (value if isinstance(value, list) else [value]) if each is not None]


def _facet(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

"""The search route: which documents hold the words, and their counts. Their order means nothing."""

from collections import Counter
from typing import Any

from tests.meilisearch_double import filters
from tests.meilisearch_double.call import Call
from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.wire import Reply, reply
from tests.meilisearch_double.world import Document, Index

_KNOWN = {"q", "offset", "limit", "page", "hitsPerPage", "attributesToRetrieve", "filter", "sort", "facets", "matchingStrategy"}


def search(call: Call) -> Reply:
    index = call.world.index(call.index_uid)
    asked = call.request.json
    _check(asked, index, call.index_uid)
    matches = filters.compiled(asked.get("filter"), index.settings["filterableAttributes"], call.index_uid)
    words = (asked.get("q") or "").casefold().replace('"', " ").split()
    found = [each for each in index.documents.values() if matches(each) and _has_words(each, words, index, asked)]
    for order in reversed(asked.get("sort") or ()):
        found = _sorted(found, *order.rsplit(":", 1))
    shown, paging = _paged(found, asked, index.settings["pagination"]["maxTotalHits"])
    answer: dict[str, Any] = {
        "hits": [_displayed(each, index, asked.get("attributesToRetrieve")) for each in shown],
        "query": asked.get("q") or "",
        "processingTimeMs": 0,
        **paging,
    }
    if asked.get("facets"):
        answer |= {"facetDistribution": _facets(found, asked["facets"]), "facetStats": {}}
    return reply(200, {**answer, "requestUid": "00000000-0000-7000-8000-000000000000"})


def _check(asked: dict[str, Any], index: Index, uid: str) -> None:
    if unknown := set(asked) - _KNOWN:
        raise Refused("bad_request", f"Unknown field `{min(unknown)}`: expected one of …")
    if not isinstance(asked.get("q") or "", str):
        raise Refused("invalid_search_q", "Invalid value type at `.q`: expected a string")
    for name in ("limit", "offset", "page", "hitsPerPage"):
        if asked.get(name, 0) < 0:
            code = f"invalid_search_{'hits_per_page' if name == 'hitsPerPage' else name}"
            raise Refused(code, f"Invalid value type at `.{name}`: expected a positive integer")
    for name in asked.get("facets") or ():
        if name not in index.settings["filterableAttributes"]:
            raise Refused("invalid_search_facets", f"Invalid facet distribution: Pattern `{name}` is not filterable.")
    for order in asked.get("sort") or ():
        name, _, direction = order.rpartition(":")
        if direction not in ("asc", "desc"):
            raise Refused("invalid_search_sort", f"expected expression ending by `:asc` or `:desc`, found `{order}`.")
        if name not in index.settings["sortableAttributes"]:
            raise Refused("invalid_search_sort", f"Index `{uid}`: Attribute `{name}` is not sortable.")


def _has_words(document: Document, words: list[str], index: Index, asked: dict[str, Any]) -> bool:
    if not words:
        return True
    names = index.settings["searchableAttributes"]
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
    return {
        name: dict(Counter(_facet(each) for document in found for each in _each(document.get(name)))) for name in sorted(names)
    }


def _each(value: Any) -> list[Any]:
    return [each for each in (value if isinstance(value, list) else [value]) if each is not None]


def _facet(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

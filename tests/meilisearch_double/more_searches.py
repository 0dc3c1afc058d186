"""Searches of another shape: several in one request, and of the values of a facet. Literal, as everything here is."""

from collections import Counter
from typing import Any

from tests.meilisearch_double import searching
from tests.meilisearch_double.call import Call
from tests.meilisearch_double.refusals import NotTheDoubles, Refused
from tests.meilisearch_double.wire import Reply, reply


def several(call: Call) -> Reply:
    """Each search by itself. What is wrong with one is the answer to all, always as a 400, and says which one it is."""
    asked = call.request.json
    if asked.get("federation") is not None:
        raise NotTheDoubles("federation, which is one ranking of several indexes")
    return reply(200, {"results": [_one_of_several(call, place, each) for place, each in enumerate(asked["queries"])]})


def _one_of_several(call: Call, place: int, asked: dict[str, Any]) -> dict[str, Any]:
    uid = asked["indexUid"]
    try:
        if not call.sees(uid):
            raise Refused("invalid_api_key", f"The API key cannot acces the index `{uid}`.")
        rest = {name: value for name, value in asked.items() if name != "indexUid"}
        return {"indexUid": uid, **searching.answer(call.world.index(uid), uid, rest)}
    except Refused as refused:
        status = refused.status if refused.code == "invalid_api_key" else 400
        raise Refused(refused.code, f"Inside `.queries[{place}]`: {refused.message}", status) from refused


def of_facet_values(call: Call) -> Reply:
    """The values that literally begin with what is asked, of the documents that match."""
    asked, uid = call.request.json, call.index_uid
    index, name, start = call.world.index(uid), asked["facetName"], asked.get("facetQuery") or ""
    if name not in index.settings["filterableAttributes"]:
        raise Refused("invalid_facet_search_facet_name", f"Attribute `{name}` is not facet-searchable.")
    values = (searching.facet_values(each, name) for each in searching.matching(index, uid, asked))
    counted = Counter(value for each in values for value in each if value.casefold().startswith(start.casefold()))
    hits = [{"value": value, "count": count} for value, count in sorted(counted.items())]
    return reply(200, {"facetHits": hits, "facetQuery": asked.get("facetQuery"), "processingTimeMs": 0})

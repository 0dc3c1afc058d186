"""How our index is set up on the server, and what has to be said so that it is.

Only what differs is sent: the server treats a setting that is sent again as a change, and some changes read every
document anew. Settings that are not named here are the operator's.
"""

from collections.abc import Mapping
from typing import Any, Final

from service.search import schema

CUTOFF_MS: Final = 10_000
"""How long the server may think about one search.

Past this it answers with what it has so far and does not say so. The one who asks gives up long before, so an answer
that arrives is a whole one, and a slow search is an engine that is down rather than a wrong count.
"""

_OWNED: Final[dict[str, Any]] = {
    "searchableAttributes": list(schema.SEARCHABLE),
    "filterableAttributes": sorted(schema.FILTERABLE),
    "sortableAttributes": sorted(schema.SORTABLE),
    "displayedAttributes": [schema.SHOWN],
    "pagination": {"maxTotalHits": schema.MAX_HITS},
    "faceting": {"maxValuesPerFacet": schema.MAX_FACET_VALUES, "sortFacetValuesBy": {"*": "count"}},
    "typoTolerance": {
        "enabled": True,
        "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9},
        "disableOnWords": [],
        "disableOnAttributes": [],
        "disableOnNumbers": False,
    },
    "searchCutoffMs": CUTOFF_MS,
    "proximityPrecision": "byWord",
    "prefixSearch": "indexingTime",
    "distinctAttribute": None,
}

_NEWEST: Final = "start_day:desc"

_UNORDERED: Final = frozenset({"filterableAttributes", "sortableAttributes"})


def differences(found: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the PATCH that brings the settings found in line with ours; empty when nothing has to be said."""
    changed = {name: _owned_part(name, wanted) for name, wanted in _OWNED.items() if not _same(name, found.get(name), wanted)}
    rules = list(found.get("rankingRules") or ())
    if rules != (wanted := _ranking(rules)):
        changed["rankingRules"] = wanted
    return changed


def _ranking(rules: list[str]) -> list[str]:
    """The server's own rules, between an order that was asked for and the newest of what is equally good.

    A sort asked for replaces relevance; by default the server uses it only where relevance ties. It also counts it as better
    when a word stands earlier in its attribute, which says nothing among the names of those who took part. The other rules
    stay as this version of the server has them, because their names have changed between versions.
    """
    return ["sort", *(rule for rule in rules if rule not in ("sort", "wordPosition", _NEWEST)), _NEWEST]


def _owned_part(name: str, wanted: Any) -> Any:
    return list(wanted) if name in _UNORDERED else wanted


def _same(name: str, found: Any, wanted: Any) -> bool:
    if name in _UNORDERED:
        return isinstance(found, list) and all(isinstance(value, str) for value in found) and set(found) == set(wanted)
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_same("", found.get(key), value) for key, value in wanted.items())
    return bool(found == wanted)

"""Settings of an index: the defaults of 1.50, and what a PATCH makes of them."""

import copy
from typing import Any

from tests.meilisearch_double.refusals import Refused

_DEFAULTS: dict[str, Any] = {
    "displayedAttributes": ["*"],
    "searchableAttributes": ["*"],
    "filterableAttributes": [],
    "sortableAttributes": [],
    "rankingRules": ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"],
    "stopWords": [],
    "nonSeparatorTokens": [],
    "separatorTokens": [],
    "dictionary": [],
    "synonyms": {},
    "distinctAttribute": None,
    "proximityPrecision": "byWord",
    "typoTolerance": {
        "enabled": True,
        "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9},
        "disableOnWords": [],
        "disableOnAttributes": [],
        "disableOnNumbers": False,
    },
    "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}},
    "pagination": {"maxTotalHits": 1000},
    "embedders": {},
    "searchCutoffMs": None,
    "localizedAttributes": None,
    "facetSearch": True,
    "prefixSearch": "indexingTime",
}
_MERGED = ("typoTolerance", "faceting", "pagination")
_RULES = {"words", "typo", "proximity", "attribute", "attributeRank", "sort", "wordPosition", "exactness"}


def defaults() -> dict[str, Any]:
    return copy.deepcopy(_DEFAULTS)


def checked(patch: Any) -> dict[str, Any]:
    """A PATCH body as the route accepts it; what is wrong inside is refused at once, not by the task."""
    if not isinstance(patch, dict):
        raise Refused("bad_request", "Invalid value type: expected an object")
    for name in patch:
        if name not in _DEFAULTS:
            known = ", ".join(f"`{each}`" for each in _DEFAULTS)
            raise Refused("bad_request", f"Unknown field `{name}`: expected one of {known}")
    for place, rule in enumerate(patch.get("rankingRules") or ()):
        if rule not in _RULES and not rule.endswith((":asc", ":desc")):
            raise Refused(
                "invalid_settings_ranking_rules", f"Invalid value at `.rankingRules[{place}]`: `{rule}` ranking rule is invalid."
            )
    return patch


def apply(settings: dict[str, Any], patch: dict[str, Any]) -> None:
    """Absent keeps, null resets, objects are merged."""
    for name, value in patch.items():
        if value is None:
            settings[name] = copy.deepcopy(_DEFAULTS[name])
        elif name in _MERGED:
            settings[name] = _merged(settings[name], value)
        else:
            settings[name] = sorted(value) if name == "sortableAttributes" else value


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    inner = {key: _merged(old[key], value) for key, value in new.items() if isinstance(value, dict) and key in old}
    return {**old, **new, **inner}

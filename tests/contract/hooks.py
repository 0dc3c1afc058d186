"""What lets random requests reach the records of a served register: ids, versions and external ids that are there.

Schemathesis loads this by `schemathesis.toml`, in a process of its own. Where a request is meant to be right, about two of three
ids become those of records that are there; a request that is meant to be wrong is sent as it is.
"""

import random
import re
from functools import cache
from typing import Any, Final

import httpx
import schemathesis
from schemathesis.core.parameters import ParameterLocation

_chance: Final = random.Random(1)
_PART: Final = re.compile(r"/\{id\}/(participations|outcomes|citations|assertions)")
_KNOWN_OFTEN: Final = 0.67
_READ_AGAIN_AFTER: Final = 200
_LONGEST_QUERY: Final = 6_000
"""Characters: an address beyond 64 KiB, as escapes of such text come to, is refused by the HTTP server itself, in plain text."""
_asked = 0


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Put what is there in the place of what was made up."""
    if case.path_parameters and _right(case, ParameterLocation.PATH) and _chance.random() < _KNOWN_OFTEN:
        _reach(case)
    if case.query and len(str(case.query)) > _LONGEST_QUERY:
        case.query.clear()
    if case.query and "wait" in case.query and _right(case, ParameterLocation.QUERY):
        case.query["wait"] = 0


def _right(case: schemathesis.Case, location: ParameterLocation) -> bool:
    return case.meta is not None and not case.meta.is_negative_at(location)


def _reach(case: schemathesis.Case) -> None:
    plural = case.path.split("/")[2]
    records = _records(str(case.operation.base_url), plural)
    if not records:
        return
    record = _chance.choice(records)
    if "id" in case.path_parameters:
        case.path_parameters["id"] = record["id"]
    if "external_id" in case.path_parameters and record.get("external_ids"):
        case.path_parameters["external_id"] = record["external_ids"][0]
    if "version" in case.path_parameters:
        case.path_parameters["version"] = _chance.randint(1, record.get("version", 1))
    if (part := _PART.search(case.path)) and record.get(part[1]) and "part_id" in case.path_parameters:
        case.path_parameters["part_id"] = _chance.choice(record[part[1]])["id"]
    if case.headers is not None and "If-Match" in case.headers and _right(case, ParameterLocation.HEADER):
        case.headers["If-Match"] = f'"{record.get("version", 1)}"'
    if isinstance(case.body, dict) and "into" in case.body and _right(case, ParameterLocation.BODY):
        case.body["into"] = _chance.choice(records)["id"]


def _records(url: str, plural: str) -> list[dict[str, Any]]:
    """Records of a noun, read anew from time to time because the requests change them."""
    global _asked
    _asked += 1
    if _asked % _READ_AGAIN_AFTER == 0:
        _read.cache_clear()
    return _read(url, plural)


@cache
def _read(url: str, plural: str) -> list[dict[str, Any]]:
    address = f"{url.rstrip('/')}/v1/{plural}"
    with httpx.Client(timeout=20) as client:
        ids = [item["id"] for item in client.get(address, params={"limit": 20}).json().get("items", [])]
        found = [client.get(f"{address}/{each}") for each in ids]
    return [each.json() for each in found if each.status_code == 200]

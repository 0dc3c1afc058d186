"""What can go wrong with one request. A test plans it with `MeilisearchDouble.fail_next`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.meilisearch_double.refusals import Refused


@dataclass(frozen=True)
class Delay:
    """The answer comes after so many seconds; the effect before."""

    seconds: float


@dataclass(frozen=True)
class CutBefore:
    """The request is read and thrown away, and the connection ended."""


@dataclass(frozen=True)
class CutAfter:
    """The request has its effect, and the connection ends without an answer."""


@dataclass(frozen=True)
class CutMidway:
    """The request has its effect, and the connection ends in the middle of the answer."""


@dataclass(frozen=True)
class Canned:
    """Something else answers, as a proxy would; `effect` says whether the request reached the server all the same."""

    status: int
    content: bytes
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    effect: bool = False


@dataclass(frozen=True)
class Late:
    """The request is on its way until `MeilisearchDouble.deliver_late`, and has its effect then; nobody gets an answer."""


@dataclass(frozen=True)
class TaskFails:
    """The request is accepted, and its task fails with this code."""

    code: str
    message: str = "planned by the test"


Fault = Delay | CutBefore | CutAfter | CutMidway | Canned | Late | TaskFails


def _own(code: str, message: str, **headers: str) -> Canned:
    refused = Refused(code, message)
    return Canned(refused.status, json.dumps(refused.body()).encode(), "application/json", headers)


OVERLOADED = _own("too_many_search_requests", "Too many search requests running at the same time.", **{"Retry-After": "10"})
FORBIDDEN = _own("invalid_api_key", "The provided API key is invalid.")
BAD_GATEWAY_PAGE = Canned(502, b"<html><h1>502 Bad Gateway</h1></html>")
CAPTIVE_PAGE = Canned(200, b"<html><h1>Please accept the conditions of this network</h1></html>")

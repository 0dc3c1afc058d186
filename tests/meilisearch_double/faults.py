"""What can go wrong with one request. A test plans it with `MeilisearchDouble.fail_next`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.meilisearch_double.refusals import Refused, refusal
from tests.meilisearch_double.wire import Reply


@dataclass(frozen=True)
class Delay:
    """The effect comes at once, and the answer after so many seconds."""

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
class Silent:
    """The request is read and thrown away, and nothing is said on the connection, which stays open for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Drip:
    """The request has its effect, and its answer comes a byte at a time, one in so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Meanwhile:
    """The request has its effect, then this is done, and only then is it answered."""

    deed: Callable[[], object]


@dataclass(frozen=True)
class TaskFails:
    """The request is accepted, and its task fails with this code."""

    code: str
    message: str = "planned by the test"


@dataclass(frozen=True)
class Says:
    """The answer says this besides, or instead: what a later version adds, or a status that nobody knows yet."""

    members: Mapping[str, Any]

    def applied_to(self, answer: Reply) -> Reply:
        said = {**json.loads(answer.content), **self.members}
        return replace(answer, content=json.dumps(said, ensure_ascii=False).encode())


Fault = Delay | CutBefore | CutAfter | CutMidway | Canned | Late | Silent | Drip | Meanwhile | TaskFails | Says


def _own(code: str, message: str) -> Canned:
    answer = refusal(Refused(code, message))
    return Canned(answer.status, answer.content, answer.content_type, answer.headers)


OVERLOADED = _own("too_many_search_requests", "Too many search requests running at the same time.")
FORBIDDEN = _own("invalid_api_key", "The provided API key is invalid.")
BAD_GATEWAY_PAGE = Canned(502, b"<html><h1>502 Bad Gateway</h1></html>")
CAPTIVE_PAGE = Canned(200, b"<html><h1>Please accept the conditions of this network</h1></html>")

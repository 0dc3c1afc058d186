"""Two indexes exchange their names: asked for once, and known by looking which content is under the name.

    identities before:   index = A (or none)      other = B
    POST /swap-indexes, once
    until the deadline:  index = B                 it happened
                         our task is seen failed   it did not
    otherwise                                      nobody knows

An exchange that is asked for twice undoes itself, and takes no tag by which its task could be told from another. A key for
some indexes only does not even see the task. So what counts is `createdAt`, which goes with the content.
"""

import time
from typing import Any, Final

from service.search.engine import EngineDown, EngineRefused, OutcomeUnknown
from service.search.meilisearch import looking, tasks
from service.search.meilisearch.looking import Asks

_SHORTEST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5


def exchange(http: Asks, name: str, other: str, *, patience: float) -> None:
    """As `Engine.exchange` says; `patience` is how many seconds to look for what became of it."""
    before, wanted = looking.identity_under(http, name), looking.identity_under(http, other)
    if wanted is None:
        raise EngineRefused("index_not_found", f"there is no index {other}")
    pair = [other, name] if before is None else [name, other]
    uid = _asked_for(http, {"indexes": pair, "rename": before is None})
    deadline, pause = time.monotonic() + patience, _SHORTEST_PAUSE
    while not _has_happened(http, name, wanted, pair, uid):
        if time.monotonic() > deadline:
            raise OutcomeUnknown(f"{name} is not yet what {other} was {patience:g} s after that was asked for")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _asked_for(http: Asks, swap: dict[str, Any]) -> int | None:
    """The number of the task, or None where the answer was lost."""
    try:
        summary = http.post("swap-indexes", [swap])
    except OutcomeUnknown:
        return None
    uid = summary.get("taskUid")
    return uid if isinstance(uid, int) else None


def _has_happened(http: Asks, name: str, wanted: str, pair: list[str], uid: int | None) -> bool:
    """Whether the content is under the name; `EngineRefused` when the server says that it will not be.

    A look that fails says nothing: once the exchange has been asked for, an engine that is down may still do it.
    """
    try:
        if looking.identity_under(http, name) == wanted:
            return True
        task = None if uid is None else _task(http, uid)
    except EngineDown:
        return False
    # A number may have been used again for a task of another, so its failure is ours only if it says what we said.
    if task is not None and _pairs(task) == [pair]:
        verdict = tasks.verdict(task)
        if verdict is not None and not verdict.succeeded:
            raise EngineRefused(verdict.code, verdict.message)
    return False


def _task(http: Asks, uid: int) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = http.get(f"tasks/{uid}")
    except EngineRefused:
        return None
    return found


def _pairs(task: dict[str, Any]) -> list[Any]:
    details = task.get("details") or {}
    return [each.get("indexes") for each in details.get("swaps") or ()]

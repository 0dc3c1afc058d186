"""The server's task queue, in our words: what it says when it takes a change in, and what became of it.

Tasks are read as plain JSON. The client's models would refuse a whole list for one instant without a fraction of a second,
and leave out the tag by which alone a task is known: numbers are used again after a restore.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from service.search.engine import Ticket, Verdict
from service.search.meilisearch.answers import member
from service.search.meilisearch.looking import Asks

PAGE = 200

_WRITES: Final = "documentAdditionOrUpdate,documentDeletion"


def ticket(summary: dict[str, Any], batch: str) -> Ticket:
    """The ticket for an accepted write; `KeyError`, `TypeError` or `ValueError` where the answer does not say one."""
    return Ticket(uid=int(summary["taskUid"]), batch=batch, accepted_at=_instant(summary["enqueuedAt"]))


def is_ours(task: dict[str, Any], index: str, batch: str) -> bool:
    """Whether a task was made by this batch for this index; its number proves nothing."""
    return task.get("customMetadata") == batch and task.get("indexUid") == index


def verdict(task: dict[str, Any]) -> Verdict | None:
    """The final word on a task, or None while it is queued or running. A status unknown to us is final when it has an end."""
    status = task.get("status")
    if status == "succeeded":
        return Verdict(True, documents=(task.get("details") or {}).get("indexedDocuments"))
    if status in ("enqueued", "processing") or not task.get("finishedAt"):
        return None
    error = task.get("error") or {}
    if status == "canceled":
        return Verdict(False, code="canceled", message=f"task {task.get('uid')} was canceled by task {task.get('canceledBy')}")
    return Verdict(False, code=str(error.get("code") or status), message=str(error.get("message") or ""))


def newest(http: Asks, index: str) -> str | None:
    """The batch that was the last to be queued for an index, "" where nobody tagged it, None where no task is known.

    An exchange of indexes takes the tasks along that were there before it, so this belongs to the content as well.
    """
    found = member(http.get(f"tasks?{urlencode({'indexUids': index, 'types': _WRITES, 'limit': 1})}"), "results")
    return str(found[0].get("customMetadata") or "") if found else None


def newest_first(http: Asks, index: str, since: datetime) -> Iterator[dict[str, Any]]:
    """The document tasks of an index that were enqueued after an instant, page by page."""
    wanted: dict[str, Any] = {
        "indexUids": index,
        "types": _WRITES,
        "afterEnqueuedAt": since.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "limit": PAGE,
    }
    while True:
        page = http.get(f"tasks?{urlencode(wanted)}")
        yield from member(page, "results")
        if page.get("next") is None:
            return
        wanted["from"] = page["next"]


def found(task: dict[str, Any], batch: str) -> Ticket:
    """The ticket of a task that a list shows."""
    return Ticket(uid=int(task["uid"]), batch=batch, accepted_at=_instant(task["enqueuedAt"]))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

"""Batches as they are shown: which tasks were done together, and what came of them all."""

from collections import Counter
from typing import Any

from tests.meilisearch_double import tasks
from tests.meilisearch_double.call import Call
from tests.meilisearch_double.clock import duration
from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.wire import Reply, reply
from tests.meilisearch_double.world import Task


def get(call: Call) -> Reply:
    number = call.arguments["batch"]
    found = _batches(call, {})
    if not number.isdigit() or int(number) not in found:
        raise Refused("batch_not_found", f"Batch `{number}` not found.")
    return reply(200, _as_json(int(number), found[int(number)]))


def list_all(call: Call) -> Reply:
    found = _batches(call, call.request.query)
    shown, paging = tasks.page(list(found), call.request.query)
    return reply(200, {"results": [_as_json(uid, found[uid]) for uid in shown], "total": len(found), **paging})


def _batches(call: Call, query: dict[str, str]) -> dict[int, list[Task]]:
    """The batches with a task that is asked for; of each the tasks that the key may see."""
    chosen = {task.batch for task in tasks.selected(call, query)}
    found: dict[int, list[Task]] = {}
    for task in call.world.tasks.values():
        if task.batch is not None and task.batch in chosen and call.sees(task.index):
            found.setdefault(task.batch, []).append(task)
    return found


def _as_json(uid: int, together: list[Task]) -> dict[str, Any]:
    start, end = together[0].started_at, together[0].finished_at
    return {
        "uid": uid,
        "progress": None if end else {"steps": [], "percentage": 0.0},
        "details": _sums(together),
        "stats": {
            "totalNbTasks": len(together),
            "status": Counter(task.status for task in together),
            "types": Counter(task.type for task in together),
            "indexUids": Counter(task.index for task in together if task.index is not None),
        },
        "duration": duration(start, end) if start and end else None,
        "startedAt": start,
        "finishedAt": end,
        "batchStrategy": "as the double batches",
    }


def _sums(together: list[Task]) -> dict[str, Any]:
    """The details of all tasks in one: numbers are added, and of anything else the last is shown."""
    sums: dict[str, Any] = {}
    for task in together:
        for name, value in (task.details or {}).items():
            both_numbers = isinstance(value, int) and isinstance(sums.get(name), int)
            sums[name] = sums[name] + value if both_numbers else value
    return {name: value for name, value in sums.items() if value is not None}

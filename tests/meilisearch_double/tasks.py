"""The queue as it is shown, and what may be done to it."""

from datetime import datetime
from typing import Any

from tests.meilisearch_double.call import Call
from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.wire import Reply, reply
from tests.meilisearch_double.world import Task, World

LISTED = (
    "limit", "from", "reverse", "batchUids", "uids", "canceledBy", "types", "statuses", "indexUids",
    "afterEnqueuedAt", "beforeEnqueuedAt", "afterStartedAt", "beforeStartedAt", "afterFinishedAt", "beforeFinishedAt",
)  # fmt: skip
FILTERS = LISTED[3:]


def get(call: Call) -> Reply:
    number = call.arguments["task"]
    task = call.world.tasks.get(int(number)) if number.isdigit() else None
    if task is None or not call.sees(task.index):
        raise Refused("task_not_found", f"Task `{number}` not found.")
    return reply(200, as_json(task))


def list_all(call: Call) -> Reply:
    query = call.request.query
    found = [task for task in _selected(call, query) if call.sees(task.index)]
    backwards = query.get("reverse") == "true"
    found.sort(key=lambda task: task.uid, reverse=not backwards)
    if "from" in query:
        first = int(query["from"])
        found = [task for task in found if (task.uid >= first if backwards else task.uid <= first)]
    limit = int(query.get("limit", 20))
    shown, rest = found[:limit], found[limit:]
    paging = {"limit": limit, "from": shown[0].uid if shown else None, "next": rest[0].uid if rest else None}
    return reply(200, {"results": [as_json(task) for task in shown], "total": len(found), **paging})


def cancel(call: Call) -> Reply:
    chosen = _chosen(call, "cancel")

    def effect(world: World, task: Task) -> None:
        waiting = [each for each in chosen if each.status == "enqueued"]
        for each in waiting:
            each.status, each.canceled_by, each.finished_at = "canceled", task.uid, task.started_at
            each.batch, each.started_at = task.batch, task.started_at
            if each.details is not None and "indexedDocuments" in each.details:
                each.details["indexedDocuments"] = 0
        assert task.details is not None
        task.details["canceledTasks"] = len(waiting)

    return call.accepted("taskCancelation", None, effect, details=_details(call, chosen, "canceledTasks"), status=200)


def delete(call: Call) -> Reply:
    chosen = _chosen(call, "delete")

    def effect(world: World, task: Task) -> None:
        ended = [each for each in chosen if each.finished_at]
        for each in ended:
            del world.tasks[each.uid]
        assert task.details is not None
        task.details["deletedTasks"] = len(ended)

    return call.accepted("taskDeletion", None, effect, details=_details(call, chosen, "deletedTasks"), status=200)


def as_json(task: Task) -> dict[str, Any]:
    shown = {
        "uid": task.uid,
        "batchUid": task.batch,
        "indexUid": task.index,
        "status": task.status,
        "type": task.type,
        "canceledBy": task.canceled_by,
        "details": task.details,
        "error": task.error,
        "duration": "PT0.001S" if task.finished_at else None,
        "enqueuedAt": task.enqueued_at,
        "startedAt": task.started_at,
        "finishedAt": task.finished_at,
    }
    return {**shown, **({"customMetadata": task.metadata} if task.metadata is not None else {})}


def _chosen(call: Call, verb: str) -> list[Task]:
    if not call.request.query:
        names = ", ".join(f"`{name}`" for name in FILTERS)
        message = f"Query parameters to filter the tasks to {verb} are missing. Available query parameters are: {names}."
        raise Refused("missing_task_filters", message)
    return list(_selected(call, call.request.query))


def _details(call: Call, chosen: list[Task], counted: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in call.request.query.items())
    return {"matchedTasks": len(chosen), counted: None, "originalFilter": f"?{asked}"}


def _selected(call: Call, query: dict[str, str]) -> list[Task]:
    return [task for task in call.world.tasks.values() if _is_selected(task, query)]


def _is_selected(task: Task, query: dict[str, str]) -> bool:
    lists = {
        "uids": task.uid,
        "indexUids": task.index,
        "statuses": task.status,
        "types": task.type,
        "canceledBy": task.canceled_by,
        "batchUids": task.batch,
    }
    instants = {"EnqueuedAt": task.enqueued_at, "StartedAt": task.started_at, "FinishedAt": task.finished_at}
    return all(
        name not in query or query[name] == "*" or str(value) in query[name].split(",") for name, value in lists.items()
    ) and all(_within(value, query.get(f"after{name}"), query.get(f"before{name}")) for name, value in instants.items())


def _within(value: str | None, after: str | None, before: str | None) -> bool:
    if after is None and before is None:
        return True
    if value is None:
        return False
    instant = datetime.fromisoformat(value)
    return not (after and instant <= datetime.fromisoformat(after)) and not (before and instant >= datetime.fromisoformat(before))

"""The queue as it is shown, and what may be done to it."""

from typing import Any

from tests.meilisearch_double.call import Call
from tests.meilisearch_double.clock import duration, nanoseconds
from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.scheduler import took_nothing_in
from tests.meilisearch_double.wire import Reply, reply
from tests.meilisearch_double.world import Task, Work, World

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
    found = {task.uid: task for task in selected(call, call.request.query) if call.sees(task.index)}
    shown, paging = page(list(found), call.request.query)
    return reply(200, {"results": [as_json(found[uid]) for uid in shown], "total": len(found), **paging})


def page(uids: list[int], query: dict[str, str]) -> tuple[list[int], dict[str, int | None]]:
    """The newest first, or the oldest; with where the page begins and where the next one does."""
    backwards = query.get("reverse") == "true"
    first = int(query["from"]) if "from" in query else None
    found = sorted((uid for uid in uids if first is None or (uid >= first if backwards else uid <= first)), reverse=not backwards)
    limit = int(query.get("limit", 20))
    shown, rest = found[:limit], found[limit:]
    return shown, {"limit": limit, "from": shown[0] if shown else None, "next": rest[0] if rest else None}


def cancel(call: Call) -> Reply:
    """What is in processing is interrupted for it, and then is as if it had only waited."""
    chosen = _chosen(call, "cancel")
    if any(call.world.tasks[uid].status == "processing" for uid in chosen):
        call.world.interrupt()

    def effect(world: World, task: Task) -> None:
        waiting = [each for each in _still_there(world, chosen) if each.status == "enqueued"]
        for each in waiting:
            each.status, each.canceled_by, each.finished_at = "canceled", task.uid, task.started_at
            each.batch, each.started_at = task.batch, task.started_at
            took_nothing_in(each)
        assert task.details is not None
        task.details["canceledTasks"] = len(waiting)

    return call.accepted("taskCancelation", None, Work(effect), details=_details(call, chosen, "canceledTasks"), status=200)


def delete(call: Call) -> Reply:
    chosen = _chosen(call, "delete")
    return call.accepted("taskDeletion", None, _deletion_of(chosen), details=_details(call, chosen, "deletedTasks"), status=200)


def prune(world: World, number: int) -> None:
    """Make the task by which the server removes the oldest ended ones by itself."""
    ended = [uid for uid, task in sorted(world.tasks.items()) if task.finished_at][:number]
    asked = "?uids=" + ",".join(map(str, ended))
    details = {"matchedTasks": len(ended), "deletedTasks": None, "originalFilter": asked}
    world.enqueue("taskDeletion", None, _deletion_of(ended), details=details)


def _deletion_of(chosen: list[int]) -> Work:
    def effect(world: World, task: Task) -> None:
        ended = [each for each in _still_there(world, chosen) if each.finished_at]
        for each in ended:
            del world.tasks[each.uid]
        assert task.details is not None
        task.details["deletedTasks"] = len(ended)

    return Work(effect, "task deletion")


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
        "duration": duration(task.started_at, task.finished_at) if task.started_at and task.finished_at else None,
        "enqueuedAt": task.enqueued_at,
        "startedAt": task.started_at,
        "finishedAt": task.finished_at,
    }
    return {**shown, **({"customMetadata": task.metadata} if task.metadata is not None else {})}


def _chosen(call: Call, verb: str) -> list[int]:
    if not call.request.query:
        names = ", ".join(f"`{name}`" for name in FILTERS)
        message = f"Query parameters to filter the tasks to {verb} are missing. Available query parameters are: {names}."
        raise Refused("missing_task_filters", message)
    return [task.uid for task in selected(call, call.request.query)]


def _still_there(world: World, uids: list[int]) -> list[Task]:
    return [world.tasks[uid] for uid in uids if uid in world.tasks]


def _details(call: Call, chosen: list[int], counted: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in call.request.query.items())
    return {"matchedTasks": len(chosen), counted: None, "originalFilter": f"?{asked}"}


def selected(call: Call, query: dict[str, str]) -> list[Task]:
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
    instant = nanoseconds(value)
    return not (after and instant <= nanoseconds(after)) and not (before and instant >= nanoseconds(before))

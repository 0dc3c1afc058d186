"""What the server holds: indexes with their documents and settings, keys, and the queue of tasks."""

import hashlib
import hmac
import itertools
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.meilisearch_double.faults import TaskFails
from tests.meilisearch_double.refusals import Refused, index_not_found
from tests.meilisearch_double.settings import defaults

Document = dict[str, Any]


def instant() -> str:
    """Now, as the server writes instants: nanoseconds, and no zeros at the end."""
    nanoseconds = time.time_ns()
    fraction = f"{nanoseconds % 10**9:09d}".rstrip("0")
    whole = datetime.fromtimestamp(nanoseconds // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


@dataclass
class Index:
    primary_key: str | None = None
    created_at: str = field(default_factory=instant)
    updated_at: str = field(default_factory=instant)
    settings: dict[str, Any] = field(default_factory=defaults)
    documents: dict[str, Document] = field(default_factory=dict)

    def as_json(self, uid: str) -> dict[str, Any]:
        return {"uid": uid, "createdAt": self.created_at, "updatedAt": self.updated_at, "primaryKey": self.primary_key}


@dataclass
class Key:
    uid: str
    value: str
    actions: list[str]
    indexes: list[str]
    name: str | None = None
    created_at: str = field(default_factory=instant)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "description": None,
            "key": self.value,
            "uid": self.uid,
            "actions": self.actions,
            "indexes": self.indexes,
            "expiresAt": None,
            "createdAt": self.created_at,
            "updatedAt": self.created_at,
        }


@dataclass
class Task:
    """One task. `effect` does its work when its turn comes; it may raise `Refused`, and writes what it did into `details`."""

    uid: int
    type: str
    index: str | None
    details: dict[str, Any] | None
    effect: "Callable[[World, Task], None]"
    metadata: str | None = None
    doom: TaskFails | None = None
    enqueued_at: str = field(default_factory=instant)
    status: str = "enqueued"
    error: dict[str, str] | None = None
    canceled_by: int | None = None
    batch: int | None = None
    started_at: str | None = None
    finished_at: str | None = None


class World:
    """The state of one server. The double holds a lock while anything here is read or changed."""

    def __init__(self, master_key: str | None) -> None:
        self.master_key = master_key
        self.indexes: dict[str, Index] = {}
        self.keys: dict[str, Key] = {}
        self.tasks: dict[int, Task] = {}
        self.task_numbers = itertools.count()
        self.batch_numbers = itertools.count()
        self.doom: TaskFails | None = None

    def index(self, uid: str) -> Index:
        if uid not in self.indexes:
            raise index_not_found(uid)
        return self.indexes[uid]

    def add_key(self, actions: list[str], indexes: list[str], uid: str | None = None, name: str | None = None) -> Key:
        """A key whose value follows from its uid and the master key, as on a real server."""
        uid = uid or str(uuid.uuid4())
        value = hmac.new((self.master_key or "").encode(), uid.encode(), hashlib.sha256).hexdigest()
        self.keys[uid] = Key(uid, value, actions, indexes, name)
        return self.keys[uid]

    def enqueue(
        self,
        kind: str,
        index: str | None,
        effect: Callable[["World", Task], None],
        *,
        details: dict[str, Any] | None = None,
        metadata: str | None = None,
    ) -> Task:
        task = Task(next(self.task_numbers), kind, index, details, effect, metadata, self.doom)
        self.doom = None
        self.tasks[task.uid] = task
        return task

    def step(self) -> Task | None:
        """Do the work of the oldest waiting task; cancelations come before everything else."""
        waiting = [task for task in self.tasks.values() if task.status == "enqueued"]
        if not waiting:
            return None
        task = min(waiting, key=lambda each: (each.type != "taskCancelation", each.uid))
        task.started_at, task.batch = instant(), next(self.batch_numbers)
        try:
            if task.doom is not None:
                raise Refused(task.doom.code, task.doom.message)
            task.effect(self, task)
            task.status = "succeeded"
        except Refused as refused:
            task.status, task.error = "failed", refused.body()
            _took_nothing_in(task)
        task.finished_at = instant()
        if task.index in self.indexes and task.status == "succeeded":
            self.indexes[task.index].updated_at = task.finished_at
        return task


def _took_nothing_in(task: Task) -> None:
    for name in ("indexedDocuments", "deletedDocuments"):
        if task.details is not None and name in task.details:
            task.details[name] = 0

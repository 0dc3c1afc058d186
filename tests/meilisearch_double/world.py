"""What the server holds: indexes with their documents and settings, keys, and the queue of tasks."""

import copy
import hashlib
import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.meilisearch_double.clock import Clock
from tests.meilisearch_double.faults import TaskFails
from tests.meilisearch_double.refusals import index_not_found
from tests.meilisearch_double.settings import defaults

Document = dict[str, Any]


@dataclass
class Index:
    primary_key: str | None = None
    created_at: str = field(default_factory=Clock().now)
    updated_at: str = field(default_factory=Clock().now)
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
    created_at: str
    name: str | None = None

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


@dataclass(frozen=True)
class Work:
    """What a task has to do when its turn comes, and what decides with which others it is done.

    `effect` may raise `Refused`, and writes what it did into the task's `details`. It keeps no task and no index of its own
    between its making and its turn, because the world may be another by then. `joins` is what `batching` calls the task.
    """

    effect: "Callable[[World, Task], None]"
    joins: str = "nothing"
    may_create: bool | None = None
    primary_key: str | None = None


@dataclass
class Task:
    uid: int
    type: str
    index: str | None
    details: dict[str, Any] | None
    work: Work
    enqueued_at: str
    metadata: str | None = None
    doom: TaskFails | None = None
    status: str = "enqueued"
    error: dict[str, str] | None = None
    canceled_by: int | None = None
    batch: int | None = None
    started_at: str | None = None
    finished_at: str | None = None

    @property
    def indexes(self) -> set[str]:
        """The names that the task is about; an exchange is about each that it exchanges."""
        if self.type == "indexSwap" and self.details is not None:
            return {name for each in self.details["swaps"] for name in each["indexes"]}
        return {self.index} if self.index is not None else set()


@dataclass(frozen=True)
class Snapshot:
    """A copy of what a server held, to be put back later. Nothing that happens meanwhile changes it."""

    indexes: dict[str, Index] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    next_task: int = 0
    next_batch: int = 0

    def copy(self) -> "Snapshot":
        tasks = {uid: replace(task, details=copy.deepcopy(task.details)) for uid, task in self.tasks.items()}
        return replace(self, indexes=copy.deepcopy(self.indexes), keys=copy.deepcopy(self.keys), tasks=tasks)


class World:
    """The state of one server. The double holds a lock while anything here is read or changed."""

    def __init__(self, master_key: str | None, clock: Clock, payload_limit: int) -> None:
        self.master_key = master_key
        self.payload_limit = payload_limit
        self.clock = clock
        self.doom: TaskFails | None = None
        self.restore(Snapshot())

    def snapshot(self) -> Snapshot:
        return Snapshot(self.indexes, self.keys, self.tasks, self.next_task, self.next_batch).copy()

    def restore(self, kept: Snapshot) -> None:
        """Be as it was then; the numbers of tasks that came later are given again."""
        own = kept.copy()
        self.indexes, self.keys, self.tasks = own.indexes, own.keys, own.tasks
        self.next_task, self.next_batch = own.next_task, own.next_batch
        self.interrupt()

    def interrupt(self) -> None:
        """What is in processing waits again, as if it had never begun: that it had is kept in memory only."""
        for task in self.processing:
            self.next_batch = task.batch or 0
            task.status, task.batch, task.started_at = "enqueued", None, None

    def index(self, uid: str) -> Index:
        if uid not in self.indexes:
            raise index_not_found(uid)
        return self.indexes[uid]

    def new_index(self, primary_key: str | None = None) -> Index:
        now = self.clock.now()
        return Index(primary_key, now, now)

    def add_key(self, actions: list[str], indexes: list[str], uid: str | None = None, name: str | None = None) -> Key:
        """A key whose value follows from its uid and the master key, as on a real server."""
        uid = uid or str(uuid.uuid4())
        value = hmac.new((self.master_key or "").encode(), uid.encode(), hashlib.sha256).hexdigest()
        self.keys[uid] = Key(uid, value, actions, indexes, self.clock.now(), name)
        return self.keys[uid]

    def enqueue(
        self, kind: str, index: str | None, work: Work, *, details: dict[str, Any] | None = None, metadata: str | None = None
    ) -> Task:
        task = Task(self.next_task, kind, index, details, work, self.clock.now(), metadata, self.doom)
        self.next_task += 1
        self.doom = None
        self.tasks[task.uid] = task
        return task

    @property
    def processing(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.status == "processing"]

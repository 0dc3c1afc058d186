"""The life of tasks: waiting, in processing, ended. Tasks that are done together fail together, but for their own mistakes."""

import copy
import json
from dataclasses import replace

from tests.meilisearch_double import batching
from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.world import Index, Task, World

SHARED = {
    "index_not_found",
    "invalid_document_geo_field",
    "invalid_vectors_type",
    "invalid_vector_dimensions",
    "too_many_vectors",
    "vector_embedding_error",
    "max_fields_limit_exceeded",
    "no_space_left_on_device",
    "io_error",
    "database_size_limit_reached",
    "internal",
}
"""What is noticed only when the documents of a batch are taken apart, or is the server's own trouble: it fails the batch."""


def begin(world: World) -> list[Task]:
    """Take the next batch into processing, where it stays until `finish`."""
    tasks = batching.next_batch(world)
    for task in tasks:
        task.status, task.batch, task.started_at = "processing", world.next_batch, world.clock.now()
    world.next_batch += bool(tasks)
    return tasks


def finish(world: World) -> list[Task]:
    """Do what is in processing, all or nothing."""
    tasks = world.processing
    _make_index(world, tasks)
    kept = {name: _copy(world.indexes.get(name)) for task in tasks for name in task.indexes}
    try:
        _do(world, tasks)
    except Refused as refused:
        _put_back(world, kept)
        for task in tasks:
            _fail(task, refused)
    for task in tasks:
        task.finished_at = world.clock.now()
        if task.index in world.indexes and task.status == "succeeded":
            world.indexes[task.index].updated_at = task.finished_at
    return tasks


def _make_index(world: World, tasks: list[Task]) -> None:
    """An index that the first task may make is there from now on, even if everything else fails."""
    first = tasks[0] if tasks else None
    if first is not None and first.work.may_create and first.index is not None:
        world.indexes.setdefault(first.index, world.new_index())


def took_nothing_in(task: Task) -> None:
    for name in ("indexedDocuments", "deletedDocuments"):
        if task.details is not None and name in task.details:
            task.details[name] = 0


def _do(world: World, tasks: list[Task]) -> None:
    for task in tasks:
        if task.doom is not None and task.doom.code in SHARED:
            raise Refused(task.doom.code, task.doom.message)
    kind = batching.kind(tasks) if tasks else "nothing"
    shared = SHARED | {"invalid_document_filter"} if kind == "documents" else SHARED
    for task in _carried_out(kind, tasks):
        _do_one(world, task, shared)
    for name in {task.index for task in tasks if task.index in world.indexes and task.work.joins in ("documents", "settings")}:
        _take_apart(name, world.indexes[name])
    if kind == "documents":
        _count_given_ids(tasks)


def _carried_out(kind: str, tasks: list[Task]) -> list[Task]:
    """The tasks of a batch that are carried out. What the end of all documents comes after is not, and succeeds."""
    ends: tuple[str, ...]
    match kind:
        case "index deletion":
            ends = ("index deletion",)
        case "clear" | "clear and settings":
            ends = ("clear", "settings")
        case _:
            return tasks
    for task in tasks:
        task.status = "succeeded"
        if ends == ("index deletion",):
            took_nothing_in(task)
    return sorted((task for task in tasks if task.work.joins in ends), key=lambda task: ends.index(task.work.joins))


def _do_one(world: World, task: Task, shared: set[str]) -> None:
    try:
        if task.doom is not None:
            raise Refused(task.doom.code, task.doom.message)
        task.work.effect(world, task)
        task.status = "succeeded"
    except Refused as refused:
        if refused.code in shared:
            raise
        _fail(task, refused)


def _take_apart(name: str, index: Index) -> None:
    """What is wrong inside documents shows only now, and only in attributes that are to be filtered or sorted by."""
    if "_geo" not in (*index.settings["filterableAttributes"], *index.settings["sortableAttributes"]):
        return
    for key, document in index.documents.items():
        geo = document.get("_geo")
        for axis, spoken in (("lat", "latitude"), ("lng", "longitude")):
            if geo is not None and not isinstance(found := geo.get(axis), int | float):
                where = f"Index `{name}`: Could not parse {spoken} in the document with the id: `{json.dumps(key)}`."
                wrong = f"Was expecting a finite number but instead got `{json.dumps(found)}`."
                raise Refused("invalid_document_geo_field", f"{where} {wrong}")


def _count_given_ids(tasks: list[Task]) -> None:
    """Among additions a deletion counts what it was given, and not what was there."""
    for task in tasks:
        if task.work.joins == "deletion" and task.details is not None:
            task.details["deletedDocuments"] = task.details["providedIds"]


def _fail(task: Task, refused: Refused) -> None:
    task.status, task.error = "failed", refused.body()
    took_nothing_in(task)


def _copy(index: Index | None) -> Index | None:
    return index and replace(index, settings=copy.deepcopy(index.settings), documents=dict(index.documents))


def _put_back(world: World, kept: dict[str, Index | None]) -> None:
    for name, index in kept.items():
        if index is not None:
            world.indexes[name] = index
        else:
            world.indexes.pop(name, None)

"""Which waiting tasks are done together, as a 1.50 server decides it.

Tasks of one index are taken in their order until one comes that cannot join; across indexes there is no order. What a batch
is changes with what joins it: documents that are followed by a clear are not indexed at all.
"""

from collections.abc import Iterable
from functools import reduce

from tests.meilisearch_double.world import Task, World

_BECOMES = {
    ("documents", "documents"): "documents",
    ("documents", "deletion"): "documents",
    ("documents", "clear"): "clear",
    ("deletion", "documents"): "documents",
    ("deletion", "deletion"): "deletion",
    ("deletion", "deletion by filter"): "deletion by filter",
    ("deletion", "clear"): "clear",
    ("deletion by filter", "documents"): "documents",
    ("deletion by filter", "deletion"): "deletion by filter",
    ("deletion by filter", "deletion by filter"): "deletion by filter",
    ("deletion by filter", "clear"): "clear",
    ("settings", "settings"): "settings",
    ("settings", "clear"): "clear and settings",
    ("clear", "clear"): "clear",
    ("clear", "deletion"): "clear",
    ("clear", "deletion by filter"): "clear",
    ("clear and settings", "clear"): "clear and settings",
    ("clear and settings", "settings"): "clear and settings",
    ("clear and settings", "deletion"): "clear and settings",
    ("clear and settings", "deletion by filter"): "clear and settings",
}
_BECOMES[("task deletion", "task deletion")] = "task deletion"
_BECOMES |= {(batch, "index deletion"): "index deletion" for batch, _ in _BECOMES if batch != "task deletion"}
"""What a batch is with one task more. What is not listed ends the batch before it."""


def kind(tasks: Iterable[Task]) -> str:
    """What a batch is, from its tasks."""
    return reduce(lambda batch, joins: _BECOMES[batch, joins], (task.work.joins for task in tasks))


def next_batch(world: World) -> list[Task]:
    """The tasks to be done next, in their order; none where none waits."""
    waiting = [task for task in world.tasks.values() if task.status == "enqueued"]
    if cancelations := [task for task in waiting if task.type == "taskCancelation"]:
        return cancelations[-1:]
    if deletions := [task for task in waiting if task.type == "taskDeletion"]:
        return deletions
    return _together(world, waiting) if waiting else []


def _together(world: World, waiting: list[Task]) -> list[Task]:
    batch, becomes = waiting[:1], waiting[0].work.joins
    if not _names_its_key(world, batch[0]):
        return batch  # It will fail, and does so at once.
    for task in waiting[1:]:
        if batch[0].index not in task.indexes:
            continue
        if (becomes, task.work.joins) not in _BECOMES or not _may_join(world, batch, task):
            break
        batch.append(task)
        becomes = _BECOMES[becomes, task.work.joins]
    return batch


def _may_join(world: World, batch: list[Task], task: Task) -> bool:
    """Whether a task that could be done in this batch agrees with it on the primary key and on making the index."""
    makes_it = task.work.may_create and not batch[0].work.may_create
    # After a deletion by filter it is not asked who may make the index; then there is none, and all fail.
    if makes_it and batch[0].index not in world.indexes and kind(batch) != "deletion by filter":
        return False
    named = [each.work.primary_key for each in batch if each.work.joins == "documents"]
    if _key_of_index(world, task) is None and task.work.primary_key is not None and named:
        return named[0] == task.work.primary_key
    return _names_its_key(world, task)


def _names_its_key(world: World, task: Task) -> bool:
    """Whether a task names the primary key that the index has, where it names one and the index has one."""
    named, known = task.work.primary_key, _key_of_index(world, task)
    return named is None or known is None or named == known


def _key_of_index(world: World, task: Task) -> str | None:
    index = world.indexes.get(task.index) if task.index is not None else None
    return index.primary_key if index is not None else None

"""Indexes: made, shown, removed, exchanged; their settings and counts."""

import re
from collections import Counter
from typing import Any

from tests.meilisearch_double import settings
from tests.meilisearch_double.call import Call
from tests.meilisearch_double.refusals import Refused, index_not_found
from tests.meilisearch_double.wire import Reply, reply
from tests.meilisearch_double.world import Task, Work, World


def create(call: Call) -> Reply:
    asked = call.request.json
    uid, primary_key = asked.get("uid", ""), asked.get("primaryKey")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,400}", uid):
        message = f"Invalid value at `.uid`: `{uid}` is not a valid index uid."
        raise Refused("invalid_index_uid", message)

    def effect(world: World, task: Task) -> None:
        if uid in world.indexes:
            raise Refused("index_already_exists", f"Index `{uid}` already exists.")
        world.indexes[uid] = world.new_index(primary_key)

    return call.accepted("indexCreation", uid, Work(effect), details={"primaryKey": primary_key})


def update(call: Call) -> Reply:
    primary_key = call.request.json.get("primaryKey")

    def effect(world: World, task: Task) -> None:
        index = world.index(call.index_uid)
        if index.documents and index.primary_key != primary_key:
            raise Refused("index_primary_key_already_exists", f"Index already has a primary key: `{index.primary_key}`.")
        index.primary_key = primary_key

    return call.accepted("indexUpdate", call.index_uid, Work(effect), details={"primaryKey": primary_key})


def delete(call: Call) -> Reply:
    def effect(world: World, task: Task) -> None:
        task.details = {"deletedDocuments": len(world.index(call.index_uid).documents)}
        del world.indexes[call.index_uid]

    return call.accepted("indexDeletion", call.index_uid, Work(effect, "index deletion"), details={"deletedDocuments": 0})


def get(call: Call) -> Reply:
    return reply(200, call.world.index(call.index_uid).as_json(call.index_uid))


def list_all(call: Call) -> Reply:
    shown = [index.as_json(uid) for uid, index in sorted(call.world.indexes.items()) if call.sees(uid)]
    offset, limit = int(call.request.query.get("offset", 0)), int(call.request.query.get("limit", 20))
    return reply(200, {"results": shown[offset : offset + limit], "offset": offset, "limit": limit, "total": len(shown)})


def get_settings(call: Call) -> Reply:
    return reply(200, call.world.index(call.index_uid).settings)


def get_one_setting(call: Call) -> Reply:
    first, *rest = call.arguments["setting"].split("-")
    name = first + "".join(word.capitalize() for word in rest)
    found = call.world.index(call.index_uid).settings
    return reply(200, found[name]) if name in found else Reply(404)


def update_settings(call: Call) -> Reply:
    patch = settings.checked(call.request.json)
    may_create = call.may("indexes.create")

    def effect(world: World, task: Task) -> None:
        settings.apply(world.index(call.index_uid).settings, patch)

    return call.accepted("settingsUpdate", call.index_uid, Work(effect, "settings", may_create), details=dict(patch))


def stats(call: Call) -> Reply:
    return reply(200, _stats(call, call.index_uid))


def all_stats(call: Call) -> Reply:
    indexes = {uid: _stats(call, uid) for uid in call.world.indexes if call.sees(uid)}
    return reply(200, {"databaseSize": 94208, "usedDatabaseSize": 20480, "lastUpdate": None, "indexes": indexes})


def swap(call: Call) -> Reply:
    """One task for all pairs. The metadata parameter is accepted and dropped, as the real server does."""
    swaps: list[dict[str, Any]] = [
        {"indexes": each["indexes"], "rename": each.get("rename", False)} for each in call.request.json
    ]
    _check_names([each["indexes"] for each in swaps])

    def effect(world: World, task: Task) -> None:
        assert task.details is not None
        for each in task.details["swaps"]:
            _check_swap(world, *each["indexes"], rename=each["rename"])
        for each in task.details["swaps"]:
            one, other = each["indexes"]
            if each["rename"]:
                world.indexes[other] = world.indexes.pop(one)
            else:
                world.indexes[one], world.indexes[other] = world.indexes[other], world.indexes[one]
            _rewrite_history(world, task, {one: other, other: one})

    return call.accepted("indexSwap", None, Work(effect), details={"swaps": swaps})


def _check_names(pairs: list[list[str]]) -> None:
    for place, pair in enumerate(pairs):
        if len(pair) != 2:
            message = f"Two indexes must be given for each swap. The list `{pair}` at `[{place}].indexes` contains {len(pair)}."
            raise Refused("invalid_swap_indexes", message)
    names = Counter(name for pair in pairs for name in pair)
    if twice := [name for name, times in names.items() if times > 1]:
        message = f"Indexes must be declared only once during a swap. `{twice[0]}` was specified several times."
        raise Refused("invalid_swap_duplicate_index_found", message)


def _rewrite_history(world: World, swap: Task, names: dict[str, str]) -> None:
    """What was done under the one name is said to have been done under the other, as the content goes by it now."""
    for task in world.tasks.values():
        if task.uid >= swap.uid:
            continue
        if task.index is not None:
            task.index = names.get(task.index, task.index)
        if task.type == "indexSwap" and task.details is not None:
            for each in task.details["swaps"]:
                each["indexes"] = [names.get(name, name) for name in each["indexes"]]


def _check_swap(world: World, one: str, other: str, *, rename: bool) -> None:
    missing = [uid for uid in (one, *([] if rename else [other])) if uid not in world.indexes]
    if missing:
        raise index_not_found(missing[0])
    if rename and other in world.indexes:
        raise Refused("index_already_exists", f"Index `{other}` already exists.")


def _stats(call: Call, uid: str) -> dict[str, Any]:
    index = call.world.index(uid)
    busy = any(task.index == uid and task.status == "processing" for task in call.world.tasks.values())
    return {
        "numberOfDocuments": len(index.documents),
        "rawDocumentDbSize": 4096,
        "avgDocumentSize": 1357,
        "isIndexing": busy,
        "numberOfEmbeddings": 0,
        "numberOfEmbeddedDocuments": 0,
        "fieldDistribution": dict(sorted(Counter(name for each in index.documents.values() for name in each).items())),
    }

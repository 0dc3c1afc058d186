"""Documents: taken in, removed, read back."""

import json
import re
from typing import Any

from tests.meilisearch_double import filters, payload
from tests.meilisearch_double.call import Call
from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.wire import Reply, reply
from tests.meilisearch_double.world import Document, Index, Task, Work, World

_ID = re.compile(r"[A-Za-z0-9_-]{1,511}")


def add(call: Call) -> Reply:
    """POST replaces whole documents, PUT merges their top-level fields."""
    documents = payload.documents(call)
    primary_key = call.request.query.get("primaryKey")
    may_create, merge = call.may("indexes.create"), call.request.method == "PUT"
    only_known = call.request.query.get("skipCreation") == "true"
    uid = call.index_uid

    def effect(world: World, task: Task) -> None:
        index = world.index(uid)
        key = _primary_key(index, primary_key, documents)
        keyed = {_id(document, key): document for document in documents}
        index.primary_key = key
        for document_id, document in keyed.items():
            old = index.documents.get(document_id)
            if old is not None or not only_known:
                index.documents[document_id] = {**(old or {}), **document} if merge else document
        assert task.details is not None
        task.details["indexedDocuments"] = len(keyed)

    details = {"receivedDocuments": len(documents), "indexedDocuments": None}
    work = Work(effect, "documents", may_create, primary_key)
    return call.accepted("documentAdditionOrUpdate", uid, work, details=details, metadata=call.metadata)


def delete_batch(call: Call) -> Reply:
    return _delete(call, [str(each) for each in call.request.json])


def delete_one(call: Call) -> Reply:
    return _delete(call, [call.arguments["document"]])


def delete_by_filter(call: Call) -> Reply:
    wanted = call.request.json.get("filter")

    def effect(world: World, task: Task) -> None:
        index = world.index(call.index_uid)
        try:
            matches = filters.compiled(wanted, index.settings["filterableAttributes"], call.index_uid)
        except Refused as refused:
            raise Refused("invalid_document_filter", refused.message) from refused
        gone = [key for key, document in index.documents.items() if matches(document)]
        _remove(index, gone, task)

    details = {"providedIds": 0, "deletedDocuments": None, "originalFilter": json.dumps(wanted)}
    return call.accepted(
        "documentDeletion", call.index_uid, Work(effect, "deletion by filter"), details=details, metadata=call.metadata
    )


def delete_all(call: Call) -> Reply:
    def effect(world: World, task: Task) -> None:
        index = world.index(call.index_uid)
        _remove(index, list(index.documents), task)

    details = {"deletedDocuments": None}
    return call.accepted("documentDeletion", call.index_uid, Work(effect, "clear"), details=details, metadata=call.metadata)


def fetch(call: Call) -> Reply:
    """Hidden fields are shown here: `displayedAttributes` are for searches only."""
    index = call.world.index(call.index_uid)
    asked = call.request.json
    for place, each in enumerate(asked.get("ids") or ()):
        if not _ID.fullmatch(str(each)):
            raise Refused("invalid_document_ids", f"In `.ids[{place}]`: {_invalid_id(each)}")
    matches = filters.compiled(asked.get("filter"), index.settings["filterableAttributes"], call.index_uid)
    wanted = None if asked.get("ids") is None else {str(each) for each in asked["ids"]}
    found = [each for key, each in index.documents.items() if (wanted is None or key in wanted) and matches(each)]
    return _page(found, asked.get("fields"), asked.get("offset", 0), asked.get("limit", 20))


def list_all(call: Call) -> Reply:
    query = call.request.query
    fields = query["fields"].split(",") if "fields" in query else None
    documents = list(call.world.index(call.index_uid).documents.values())
    return _page(documents, fields, int(query.get("offset", 0)), int(query.get("limit", 20)))


def get(call: Call) -> Reply:
    document_id = call.arguments["document"]
    documents = call.world.index(call.index_uid).documents
    if document_id not in documents:
        raise Refused("document_not_found", f"Document `{document_id}` not found.")
    return reply(200, documents[document_id])


def _delete(call: Call, ids: list[str]) -> Reply:
    def effect(world: World, task: Task) -> None:
        _remove(world.index(call.index_uid), ids, task)

    details = {"providedIds": len(ids), "deletedDocuments": None, "originalFilter": None}
    return call.accepted("documentDeletion", call.index_uid, Work(effect, "deletion"), details=details, metadata=call.metadata)


def _remove(index: Index, ids: list[str], task: Task) -> None:
    assert task.details is not None
    task.details["deletedDocuments"] = sum(index.documents.pop(each, None) is not None for each in ids)


def _page(documents: list[Document], fields: list[str] | None, offset: int, limit: int) -> Reply:
    shown = [{name: each[name] for name in fields if name in each} if fields else each for each in documents]
    return reply(200, {"results": shown[offset : offset + limit], "offset": offset, "limit": limit, "total": len(documents)})


def _primary_key(index: Index, asked: str | None, documents: list[Document]) -> str:
    if index.primary_key is not None:
        if asked not in (None, index.primary_key):
            raise Refused("index_primary_key_already_exists", f"Index already has a primary key: `{index.primary_key}`.")
        return index.primary_key
    if asked is not None:
        return asked
    candidates = [name for name in (documents[0] if documents else {}) if name.lower().endswith("id")]
    if len(candidates) == 1:
        return candidates[0]
    found = "no" if not candidates else "multiple"
    code = f"index_primary_key_{found}_candidate{'s' if candidates else ''}_found"
    raise Refused(code, f"The primary key inference failed as the engine found {len(candidates)} fields ending with `id`.")


def _id(document: Document, key: str) -> str:
    if key not in document:
        raise Refused("missing_document_id", f"Document doesn't have a `{key}` attribute: `{json.dumps(document)}`.")
    value = document[key]
    if isinstance(value, bool) or not isinstance(value, str | int) or not _ID.fullmatch(str(value)):
        raise Refused("invalid_document_id", _invalid_id(value))
    return str(value)


def _invalid_id(value: Any) -> str:
    allowed = "A document identifier can be of type integer or string, only composed of alphanumeric characters (a-z A-Z 0-9)"
    return f"Document identifier `{json.dumps(value)}` is invalid. {allowed}, hyphens (-) and underscores (_)."

"""API keys, as far as rights on routes and indexes go."""

from tests.meilisearch_double.call import Call
from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.wire import Reply, reply

_GLOBAL = ("version", "keys.", "dumps.", "snapshots.", "metrics", "experimental", "webhooks.", "network.", "export")


def create(call: Call) -> Reply:
    asked = call.request.json
    if asked.get("uid") in call.world.keys:
        raise Refused("api_key_already_exists", f"`uid` field value `{asked['uid']}` is already an existing API key.")
    for action in asked["actions"]:
        if action.startswith(_GLOBAL) and "*" not in asked["indexes"]:
            message = f'cannot create index-scoped API key with global action `"{action}"`'
            raise Refused("index_scoped_api_key_with_global_action", message)
    key = call.world.add_key(asked["actions"], asked["indexes"], asked.get("uid"), asked.get("name"))
    return reply(201, key.as_json())


def list_all(call: Call) -> Reply:
    shown = [key.as_json() for key in call.world.keys.values()]
    return reply(200, {"results": shown, "offset": 0, "limit": 20, "total": len(shown)})

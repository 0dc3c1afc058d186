"""One request on its way through a route: who asks, what for, and whether the key may."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.wire import Reply, Request, reply
from tests.meilisearch_double.world import Key, Work, World


@dataclass
class Call:
    """`key` is None for the master key and for a server that has none."""

    world: World
    request: Request
    key: Key | None
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def index_uid(self) -> str:
        return self.arguments["index"]

    @property
    def metadata(self) -> str | None:
        return self.request.query.get("customMetadata")

    def may(self, action: str) -> bool:
        return self.key is None or any(fnmatchcase(action, pattern) for pattern in self.key.actions)

    def sees(self, index: str | None) -> bool:
        """Whether something of this index, or of no single one, is shown to the key."""
        if self.key is None or "*" in self.key.indexes:
            return True
        return index is not None and any(fnmatchcase(index, pattern) for pattern in self.key.indexes)

    def accepted(
        self,
        kind: str,
        index: str | None,
        work: Work,
        *,
        details: dict[str, Any] | None = None,
        metadata: str | None = None,
        status: int = 202,
    ) -> Reply:
        """Put a task into the queue and answer with its summary."""
        task = self.world.enqueue(kind, index, work, details=details, metadata=metadata)
        summary = {
            "taskUid": task.uid,
            "indexUid": index,
            "status": "enqueued",
            "type": kind,
            "enqueuedAt": task.enqueued_at,
        }
        return reply(status, {**summary, **({"customMetadata": metadata} if metadata is not None else {})})


def admit(world: World, request: Request, action: str | None, arguments: dict[str, str]) -> Call:
    """The call of a request whose key is good for it; 401 and 403 as the server gives them."""
    if action is None or world.master_key is None:
        return Call(world, request, None, arguments)
    authorization = request.headers.get("authorization", "")
    if not authorization.startswith("Bearer "):
        raise Refused(
            "missing_authorization_header", "The Authorization header is missing. It must use the bearer authorization method."
        )
    call = Call(world, request, _key(world, authorization.removeprefix("Bearer ")), arguments)
    if not call.may(action):
        raise Refused("invalid_api_key", "The provided API key is invalid.")
    if "index" in arguments and not call.sees(call.index_uid):
        authorized = call.key.indexes if call.key else []
        message = f"The API key cannot acces the index `{call.index_uid}`, authorized indexes are {authorized}."
        raise Refused("invalid_api_key", message)
    return call


def _key(world: World, value: str) -> Key | None:
    if value == world.master_key:
        return None
    for key in world.keys.values():
        if key.value == value:
            return key
    raise Refused("invalid_api_key", "The provided API key is invalid.")

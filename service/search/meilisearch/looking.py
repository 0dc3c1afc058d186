"""What is on the server, seen without changing anything: which content is under a name, and with which marks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

from service.search import schema
from service.search.engine import EngineDown, EngineRefused, IndexLost
from service.search.meilisearch.answers import member
from service.search.meilisearch.index_settings import CUTOFF_MS

KEY_FIELD: Final = "id"
FETCHED_AT_ONCE: Final = 1_000
LISTED_AT_ONCE: Final = 200
BUCKET: Final = "sync_bucket"


class Asks(Protocol):
    """What is needed of the client to ask; `post` is for the questions that are asked with a body."""

    def get(self, path: str) -> Any: ...

    def post(self, path: str, body: Any) -> Any: ...


@contextmanager
def index_lost(name: str) -> Iterator[None]:
    """What the server says of an index that is not there is `IndexLost` within."""
    try:
        yield
    except EngineRefused as no:
        if no.code != "index_not_found":
            raise
        raise IndexLost(f"there is no index {name}") from no


def index(http: Asks, name: str) -> dict[str, Any]:
    """What the server says of an index; `IndexLost` where it is not there."""
    with index_lost(name):
        found: dict[str, Any] = http.get(f"indexes/{name}")
    return found


def our_index(http: Asks, name: str) -> dict[str, Any]:
    """As `index`; `EngineRefused` where it is somebody else's."""
    found = index(http, name)
    # An index without a key of its own is empty, and takes the one that comes with the first documents.
    if (key := member(found, "primaryKey")) not in (None, KEY_FIELD):
        message = f"index {name} is somebody else's: its documents are known by {key!r}"
        raise EngineRefused("index_primary_key_already_exists", message)
    return found


def identity(found: dict[str, Any]) -> str:
    """The instant at which an index was made, which goes with its content through every exchange."""
    return str(member(found, "createdAt"))


def identity_under(http: Asks, name: str) -> str | None:
    """The identity of what is under a name; None where nothing is."""
    try:
        return identity(index(http, name))
    except IndexLost:
        return None


def names(http: Asks) -> Iterator[str]:
    """The names of all indexes that the key may see, page by page."""
    offset = 0
    while True:
        page = http.get(f"indexes?offset={offset}&limit={LISTED_AT_ONCE}")
        found = member(page, "results")
        yield from (str(each["uid"]) for each in found)
        offset += len(found)
        if not found or offset >= member(page, "total"):
            return


def count(http: Asks, name: str) -> int:
    return int(member(http.get(f"indexes/{name}/stats"), "numberOfDocuments"))


def counts(http: Asks, name: str) -> dict[int, int]:
    """How many documents each bucket holds; there are fewer buckets than values that the server lists of a facet."""
    asked = {"q": "", "page": 1, "hitsPerPage": 0, "facets": [BUCKET]}
    said = http.post(f"indexes/{name}/search", asked)
    if member(said, "processingTimeMs") >= CUTOFF_MS:
        raise EngineDown("Meilisearch gave the counting up half way, and its counts may be partial")
    counted = member(said, "facetDistribution").get(BUCKET, {})
    return {int(bucket): number for bucket, number in counted.items() if bucket.isdecimal()}


def marks_of(http: Asks, name: str, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The marks of those of these documents that are there, by id."""
    for start in range(0, len(ids), FETCHED_AT_ONCE):
        some = list(ids[start : start + FETCHED_AT_ONCE])
        yield from map(_marks, member(_fetched(http, name, {"ids": some, "limit": len(some)}), "results"))


def marks_in(http: Asks, name: str, bucket: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The marks of every document in a bucket, by id, page by page."""
    offset = 0
    while True:
        page = _fetched(http, name, {"filter": f"{BUCKET} = {bucket}", "offset": offset, "limit": FETCHED_AT_ONCE})
        found = member(page, "results")
        yield from map(_marks, found)
        offset += len(found)
        if not found or offset >= member(page, "total"):
            return


def _fetched(http: Asks, name: str, which: dict[str, Any]) -> Any:
    return http.post(f"indexes/{name}/documents/fetch", {**which, "fields": [KEY_FIELD, *schema.SYNC_FIELDS]})


def _marks(document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return str(document[KEY_FIELD]), {name: document[name] for name in schema.SYNC_FIELDS if name in document}

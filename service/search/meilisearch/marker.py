"""The marker of an instance: one document in an index of its own, beside the one that it speaks of.

It tells a wiped, foreign or restored server from the one that the mirror wrote to last. In the searched index it would be
found and counted.
"""

from typing import Any, Final

from service.search.engine import EngineDown, EngineRefused, Marker, OutcomeUnknown
from service.search.meilisearch.looking import KEY_FIELD
from service.search.meilisearch.server import Server

_ID: Final = "marker"


def index_name(index: str) -> str:
    """The index that holds the marker; no name that `beside_name` gives is like it."""
    return f"{index}__marker"


def read(server: Server, index: str) -> Marker | None:
    """The marker in the index of this name; None where there is none, or none that can be read."""
    try:
        return _understood(server.http.get(f"indexes/{index}/documents/{_ID}"))
    except EngineRefused as no:
        if no.code in ("index_not_found", "document_not_found"):
            return None
        raise


def write(server: Server, index: str, marker: Marker) -> None:
    """Replace the marker, making its index if need be, and read it again: a task's number alone proves nothing."""
    content = {"register": marker.register, "instance": marker.instance, "watermark": marker.watermark}
    try:
        server.wait(server.http.post(f"indexes/{index}/documents?primaryKey={KEY_FIELD}", [{KEY_FIELD: _ID, **content}]))
    except OutcomeUnknown as lost:
        raise EngineDown(f"the marker may not be written: {lost}") from lost
    if read(server, index) != marker:
        raise EngineDown("the marker was written and is not there; was the server put back to an older copy just now?")


def _understood(document: dict[str, Any]) -> Marker | None:
    register, instance, watermark = (document.get(name) for name in ("register", "instance", "watermark"))
    if isinstance(register, str) and isinstance(instance, str) and type(watermark) is int:
        return Marker(register, instance, watermark)
    return None

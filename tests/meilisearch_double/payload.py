"""The body of an addition: what comes in which form, and what is refused before there is a task."""

import json
import zlib
from typing import Any

from tests.meilisearch_double.call import Call
from tests.meilisearch_double.refusals import Refused
from tests.meilisearch_double.world import Document

_ACCEPTED = "`application/json`, `application/x-ndjson`, `text/csv`"


def documents(call: Call) -> list[Document]:
    """The documents of a body; what is no list of objects is refused at once."""
    content_type = call.request.headers.get("content-type", "").partition(";")[0]
    if not content_type:
        raise Refused("missing_content_type", f"A Content-Type header is missing. Accepted values are: {_ACCEPTED}")
    if content_type != "application/json":
        raise Refused("invalid_content_type", f"The Content-Type `{content_type}` is invalid. Accepted values are: {_ACCEPTED}")
    body = _decompressed(call.request.body, call.request.headers.get("content-encoding"), call.world.payload_limit)
    if not body:
        raise Refused("missing_payload", "A json payload is missing.")
    try:
        found = json.loads(body, parse_constant=_no_constant)
    except ValueError as error:
        raise _malformed(str(error)) from error
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _malformed("data are neither an object nor a list of objects")
    return found


def _decompressed(body: bytes, encoding: str | None, limit: int) -> bytes:
    """A body as it was before it was compressed. The limit counts what comes out, so a small body may be too large."""
    if encoding == "gzip":
        body = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, limit + 1)
    if len(body) > limit:
        reached = "The provided payload reached the size limit. The maximum accepted payload size is"
        raise Refused("payload_too_large", f"{reached} {limit / 10**6:g} MB.")
    return body


def _no_constant(name: str) -> Any:
    raise ValueError(f"expected value, found {name}")


def _malformed(detail: str) -> Refused:
    return Refused(
        "malformed_payload", f"The `json` payload provided is malformed. `Couldn't serialize document value: {detail}`."
    )

"""The headers of requests and answers that hold for a whole kind of operations, for the OpenAPI document."""

from typing import Any, Final

Json = dict[str, Any]


def _header(description: str, example: Any, kind: str = "string") -> Json:
    return {"description": description, "schema": {"type": kind}, "example": example}


HEADERS: Final[Json] = {
    "X-Request-ID": _header(
        "The name of the request in the log; the one that it brought, if that was sane.", "7f3a-nightly-feed"
    ),
    "ETag": _header("The strong tag of what is shown: its version and a digest (RFC 9110 §8.8.3).", '"3-5f0c4d1f9a2b"'),
    "Location": _header("Where the record, or the part of one, is read.", "/v1/people/01a2072e-ce22-70f0-89c5-5923ef79b856"),
    "Content-Location": _header("The record's own address.", "/v1/people/01a2072e-ce22-70f0-89c5-5923ef79b856"),
    "Link": _header(
        'With `rel="next"`, the address of the next page; with `rel="duplicate"`, a record that this may be (RFC 8288).',
        '<http://…?cursor=WyIx>; rel="next"',
    ),
    "Sync-Token": _header("Stands for this write; a search takes it as `sync_token`.", 1234, "integer"),
    "Preference-Applied": _header("The preferences that were followed (RFC 7240).", "wait=5"),
    "Search-Sync": _header("With `Prefer: wait`: `indexed` when the write can be found, another word when not yet.", "indexed"),
    "Idempotency-Replayed": _header("`true` where the answer is that of an earlier request with the same key.", "true"),
    "Retry-After": _header("Seconds after which to try again, where that is known.", 5, "integer"),
    "WWW-Authenticate": _header("How a key is sent (RFC 6750).", 'Bearer realm="engagements"'),
    "RateLimit": _header(
        "Where requests are counted: how many are left, and seconds until it begins anew.", '"default";r=1180;t=42'
    ),
    "RateLimit-Policy": _header("Where requests are counted: how many in how many seconds.", '"default";q=1200;w=60'),
}
"""By name, as they stand in `components`."""

_PREFER: Final[Json] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": (
        "`wait=N` holds the answer until search can find the write, N seconds at most; `return=minimal` leaves the body out"
        " (RFC 7240)."
    ),
    "schema": {"type": "string"},
}
_PREFER_ON_CREATING: Final[Json] = _PREFER | {
    "description": (
        f"{_PREFER['description']} `handling=strict` refuses with `possible-duplicate` what the register is likely to have"
        " already; otherwise it is recorded, and `Link` says which records it may be."
    )
}
_PREFER_TO_WAIT: Final[Json] = _PREFER | {
    "description": "With `sync_token`, `wait=N` holds the answer until search can find that write, N seconds at most (RFC 7240)."
}
_IF_NONE_MATCH: Final[Json] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of an earlier answer: what has not changed since is not sent again.",
    "schema": {"type": "string"},
}
_UNTAGGED: Final = {"search", "changes", "index", "health", "documentation", "exports", "imports"}
"""What is put together for each answer has no tag."""
_OF_REFUSALS: Final = {
    "308": ["Location"],
    "401": ["WWW-Authenticate"],
    "409": ["Retry-After"],
    "412": ["ETag"],
    "428": ["ETag"],
    "429": ["Retry-After"],
    "503": ["Retry-After"],
}
_HINTING: Final = ("/v1/engagements", "/v1/people", "/v1/organizations")
"""Where what is recorded is compared with what is there."""
_WRITES: Final = ("post", "put", "patch", "delete")


def add(path: str, method: str, operation: Json) -> None:
    """Describe the headers that an operation reads and answers with, and what they lead to."""
    responses = operation["responses"]
    sent = [each["name"] for each in operation.get("parameters", ())]
    tagged = not _UNTAGGED & set(operation.get("tags", ()))
    hinting = method == "post" and path in _HINTING
    read = method == "get" and tagged
    if read:
        operation.setdefault("parameters", []).append(dict(_IF_NONE_MATCH))
        responses["304"] = {
            "description": "What is shown has not changed since it had this tag.",
            "headers": _references(["ETag"], counted=True),
        }
    if "sync_token" in sent:
        operation["parameters"].append(dict(_PREFER_TO_WAIT))
    if method in _WRITES:
        operation.setdefault("parameters", []).append(dict(_PREFER_ON_CREATING if hinting else _PREFER))
        if "200" in responses:
            responses["204"] = {"description": "It was done, and `Prefer: return=minimal` asked not to show it."}
    for status, response in responses.items():
        if status.startswith("2"):
            names = _of_answer(status, method, sent, tagged=tagged and method != "delete" and not path.startswith("/v1/bulk/"))
            names += ["Content-Location"] if read and "external_id" in sent and path.endswith("{external_id}") else []
            names += ["Link"] if hinting else []
            response["headers"] = _references(names, counted=path.startswith("/v1/"))
    operation["responses"] = dict(sorted(responses.items()))


def of_refusal(status: str) -> Json:
    """The headers of the refusals of a status."""
    return _references(_OF_REFUSALS.get(status, []), counted=True)


def _references(names: list[str], *, counted: bool) -> Json:
    every = ["X-Request-ID", *names, *(["RateLimit", "RateLimit-Policy"] if counted else [])]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in every}


def _of_answer(status: str, method: str, sent: list[str], *, tagged: bool) -> list[str]:
    if method not in _WRITES:
        return [*(["ETag"] if tagged else []), *(["Link"] if tagged and "cursor" in sent else [])]
    tag = ["ETag"] if tagged else []
    new = ["Location"] if status == "201" else []
    replayed = ["Idempotency-Replayed"] if "Idempotency-Key" in sent else []
    return [*tag, *new, "Sync-Token", "Preference-Applied", "Search-Sync", *replayed]

"""The one interface of this house: what the mirror and the API ask of a search engine.

Two engines fulfil it, `embedded` (Tantivy, in this process) and `meilisearch` (a server over HTTP), and one suite of
contract tests holds both to it. The writing half is synchronous and belongs to the worker; the asking half is
asynchronous and belongs to the API.

A write is never believed when it is accepted. `put` and `drop` give a `Ticket`; only `settle` says what became of it: a
`Verdict`, which is the engine's final word, or None while there is none.

An index may be built beside the one that is searched, and takes its place by `exchange`. `look`, `counts` and `marks` let the
mirror see for itself what an engine holds, and `Marker` lets it know an instance again.

Errors that both halves raise are in this module; each says whether the request can have had an effect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from service.errors import Problem

SearchDocument = Mapping[str, Any]
"""A document as `document.build` makes it: JSON types only, with `id` and the marks of `schema.SYNC_FIELDS`."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A write that the engine has accepted: `uid` is the engine's own number for it."""

    uid: int
    batch: str
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The engine's final word on a ticket.

    `documents` counts the distinct documents that the engine took in (None where it does not say, as for deletions).
    `code` and `message` are the engine's own when it did not succeed.
    """

    succeeded: bool
    documents: int | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class IndexState:
    """What `Engine.prepare` or `Engine.look` found: `created` is true when the index was not there and is empty now.

    `identity` names the content: it is given when an index is made, stays with it under whichever name it goes, and is
    never that of another. `newest` is the batch that was the last to be queued for the index, "" where it was tagged by
    nobody, and None where there was none or nothing is known of it any more.
    """

    created: bool
    documents: int
    version: str
    identity: str = ""
    newest: str | None = None


@dataclass(frozen=True, slots=True)
class Marker:
    """What the mirror leaves on an instance, to know it again.

    `register` is the register whose copy it is, `instance` a name that was drawn when it was first marked, and `watermark` a
    number of the mirror's own that only ever grows: a lower one than was written is that of an older copy of the instance, a
    higher one means that it is the register that was put back to an older copy.
    """

    register: str
    instance: str
    watermark: int


@dataclass(frozen=True, slots=True)
class OneOf:
    """The attribute has at least one of the values."""

    field: str
    values: tuple[str | int | bool, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The attribute has none of the values."""

    field: str
    values: tuple[str | int | bool, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The integer attribute lies between `low` and `high`, both inclusive; None leaves that end open."""

    field: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """The attribute is absent, null or an empty list."""

    field: str


Filter = OneOf | NoneOf | Between | Missing


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by a sortable attribute; documents that lack it come last in both directions."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question to an engine, in no engine's language.

    `text` is what `keys.query_text` made of the words typed: `"a phrase"` must stand as it is, `-word` must not occur, the
    last word may be the beginning of one. With `match="all"` every word must be found, with `"last"` words are given up from
    the end until something is found. `filters` hold all together. `sort` replaces relevance; without it, and with text,
    the best match comes first.
    """

    text: str = ""
    filters: tuple[Filter, ...] = ()
    facets: tuple[str, ...] = ()
    sort: tuple[Sort, ...] = ()
    offset: int = 0
    limit: int = 20
    match: Literal["all", "last"] = "all"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine found: the `schema.SHOWN` part of each hit in order, and the counts over all that matched.

    `exact` is false when the engine can only say "at least `total`". `missing` is what no engine says: it is asked apart.
    """

    cards: list[dict[str, Any]]
    total: int
    exact: bool = True
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)


class Searcher(Protocol):
    """The asking half. One object serves all requests of a process."""

    async def search(self, query: Query) -> Answer:
        """Answer a question; raises `EngineDown` when the engine cannot, `EngineRefused` when it will not."""
        ...

    async def close(self) -> None: ...


class Engine(Protocol):
    """The writing half, for the one sender that holds the mirror's lease.

    What asks an index, `count`, `fetch`, `counts` and `marks`, raises `EngineDown` or `EngineRefused` where
    there is none or it cannot be read: it is never taken for an empty one.
    """

    kind: Literal["embedded", "meilisearch"]
    lingers: bool
    """True where a request whose answer was lost may still arrive later: its batch is looked for before anything else is sent."""

    index: str
    """The name of the index that this object writes to."""

    def prepare(self) -> IndexState:
        """Make the index if it is missing and bring its settings in line with `schema`; waits until both are done."""
        ...

    def look(self) -> IndexState | None:
        """What is there, without changing anything; None where there is no index, or none that this version can use.

        Raises `EngineRefused` with the code `index_primary_key_already_exists` where it is somebody else's.
        """
        ...

    def differences(self) -> list[str]:
        """The names of the settings that are not as `schema` wants them, in alphabetical order."""
        ...

    def expect(self, identity: str | None) -> None:
        """From now on `put` and `drop` raise `IndexLost` unless the index is the one of this identity; None asks for none."""
        ...

    def put(self, batch: str, documents: Sequence[SearchDocument]) -> Ticket:
        """Replace these documents whole, tagged with the batch's id.

        Raises `EngineDown` (nothing was sent), `OutcomeUnknown` (something may have been), `EngineRefused` (it was not taken),
        `IndexLost` (there is no such index, or it is another than was expected; nothing was sent).
        """
        ...

    def drop(self, batch: str, ids: Sequence[str]) -> Ticket:
        """Remove these documents, whether or not they are there; raises as `put`."""
        ...

    def settle(self, ticket: Ticket) -> Verdict | None:
        """The final word on a ticket, or None while it is queued or running.

        Raises `OutcomeUnknown` when the engine does not know the ticket, or knows it under another batch's id.
        """
        ...

    def trace(self, batch: str, since: datetime) -> Ticket | None:
        """The ticket of a batch whose answer was lost, if the engine took it in at or after `since`."""
        ...

    def count(self) -> int:
        """How many documents the index holds."""
        ...

    def fetch(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The `schema.SYNC_FIELDS` of those of these documents that the index holds."""
        ...

    def counts(self) -> dict[int, int]:
        """How many documents each `sync_bucket` holds, exactly; buckets without documents may be left out."""
        ...

    def marks(self, bucket: int) -> dict[str, dict[str, Any]]:
        """The `schema.SYNC_FIELDS` of every document in a `sync_bucket`, by id, whatever the settings display."""
        ...

    def clear(self) -> None:
        """Remove the index and all it holds; `prepare` makes it anew. Removing what is not there does nothing."""
        ...

    def beside(self, index: str) -> "Engine":
        """The engine for another index of the same instance. Closing either leaves the other as it is."""
        ...

    def others(self) -> list[str]:
        """The names of the indexes beside this one, which are called like it with `__` and more behind (see `beside`)."""
        ...

    def exchange(self, other: str) -> None:
        """Exchange the content of this index with that of the index `other`, at once for who searches.

        Where this one is not there, `other` takes its name. Sent once and waited for; done twice it would undo itself. So
        whatever comes back, the caller looks which identity is where: raises `EngineDown` (nothing was sent),
        `OutcomeUnknown` (it may have happened, may still happen, or may never), `EngineRefused` (it did not happen).
        """
        ...

    def read_marker(self) -> Marker | None:
        """The marker of the instance; None where there is none, or none that can be read."""
        ...

    def write_marker(self, marker: Marker) -> None:
        """Leave the marker on the instance and wait until it is there; may be repeated at will. Raises `EngineDown`."""
        ...

    def searcher(self) -> Searcher: ...

    def close(self) -> None: ...


class EngineDown(Problem):
    """The engine could not be reached or is overloaded; nothing was written by this request."""

    status = 503
    type = "search-unavailable"
    title = "Search is unavailable"

    def __init__(self, detail: str, *, retry_after: float = 5.0, asked: bool = False) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, round(retry_after)))})
        self.retry_after = retry_after
        self.asked = asked  # Whether the pause is the engine's own word, or only what is usual.


class IndexLost(Exception):
    """The index is not there, or its content is not the one that was expected; nothing was written."""


class OutcomeUnknown(Exception):
    """A write was sent and its answer lost: it may have happened, may still happen, or may never."""


class EngineRefused(Exception):
    """The engine understood and said no, with its own `code`; `status` is the HTTP status where there is one."""

    def __init__(self, code: str, message: str, *, status: int = 0) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self.message = message
        self.status = status

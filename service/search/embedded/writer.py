"""The writing half of the embedded engine: one process, one commit for each batch."""

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

import structlog
import tantivy

from service.search.embedded.layout import MARKS, VALUES, Unfit, filtered, open_index, to_tantivy
from service.search.embedded.meanings import term
from service.search.embedded.reader import Reader
from service.search.embedded.searcher import EmbeddedSearcher
from service.search.engine import EngineDown, EngineRefused, IndexState, OutcomeUnknown, SearchDocument, Ticket, Verdict
from service.search.schema import SCHEMA as SCHEMA_HASH

_FOLDERS: Final = "engagements-"
_HEAP: Final = 30_000_000
"""Bytes in which a batch is indexed before it goes to disk; Tantivy's own default is four times as much."""

_REMEMBERED: Final = 1_000
"""How many verdicts are kept for `settle`; the mirror asks for the last one."""

log = structlog.get_logger(__name__)


class EmbeddedEngine:
    """The index in a folder of its own below `path`, one for each schema."""

    kind: Literal["embedded", "meilisearch"] = "embedded"
    lingers = False

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self._path: Final = path
        self._folder: Final = path / f"{_FOLDERS}{SCHEMA_HASH}"
        self._writable: Final = writable
        self._reader: Final = Reader(self._folder)
        self._writer: tantivy.IndexWriter | None = None
        self._uids: Final = count(1)
        self._verdicts: Final[dict[int, tuple[str, Verdict]]] = {}

    def prepare(self) -> IndexState:
        """Make the index if it is missing or unreadable, and remove those of other schemas."""
        try:
            created = self._writable and self._make()
        except (ValueError, OSError) as error:
            raise EngineDown(f"The embedded index cannot be made: {error}") from error
        documents = self._reader.now().documents
        return IndexState(created, documents, f"tantivy {version('tantivy')}")

    def _make(self) -> bool:
        """Whether an index had to be made."""
        for stale in self._path.glob(f"{_FOLDERS}*"):
            if stale != self._folder:
                shutil.rmtree(stale, ignore_errors=True)
        existed = self._reader.stamp() is not None
        if existed and self._is_sound():
            return False
        self.clear()
        self._folder.mkdir(parents=True)
        open_index(str(self._folder))
        return True

    def _is_sound(self) -> bool:
        """Whether the index opens, has this layout, and gives back what it holds."""
        try:
            open_index(str(self._folder))
            generation = self._reader.now()
            generation.vocabulary.frequency("")
            for _, address in generation.find(tantivy.Query.all_query(), 1):
                generation.stored(address, MARKS)
        except (ValueError, OSError, EngineDown) as error:
            log.warning("embedded index is unreadable and is made anew", folder=self._folder.name, reason=str(error))
            return False
        return True

    def put(self, batch: str, documents: Sequence[SearchDocument]) -> Ticket:
        """Replace these documents and commit; a document that cannot be indexed fails the whole batch, as its verdict says."""
        try:
            fitted = [(to_tantivy(document), document["id"]) for document in documents]
        except Unfit as error:
            return self._ticket(batch, Verdict(False, 0, error.code, str(error)))

        def write(writer: tantivy.IndexWriter) -> None:
            for document, identifier in fitted:
                writer.delete_documents_by_term(VALUES, filtered("id", identifier))
                writer.add_document(document)

        self._commit(write)
        return self._ticket(batch, Verdict(True, len({identifier for _, identifier in fitted})))

    def drop(self, batch: str, ids: Sequence[str]) -> Ticket:
        """Remove these documents and commit."""

        def write(writer: tantivy.IndexWriter) -> None:
            for identifier in ids:
                writer.delete_documents_by_term(VALUES, filtered("id", identifier))

        self._commit(write)
        return self._ticket(batch, Verdict(True))

    def _commit(self, write: Callable[[tantivy.IndexWriter], None]) -> None:
        before = self._reader.stamp()
        try:
            writer = self._opened()
            write(writer)
            writer.commit()
        except (ValueError, OSError) as error:
            self._writer = None
            if self._reader.stamp() != before:
                raise OutcomeUnknown(f"The embedded index was changed, and then: {error}") from error
            raise EngineDown(f"The embedded index cannot be written: {error}") from error

    def _opened(self) -> tantivy.IndexWriter:
        """The writer, which holds the folder's lock from the first write on."""
        if not self._writable:
            raise EngineRefused("not_writable", "This process only reads the embedded index.")
        if self._reader.stamp() is None:
            raise EngineDown("The embedded index is not there; `prepare` makes it.")
        if self._writer is None:
            try:
                self._writer = open_index(str(self._folder)).writer(_HEAP, 1)
            except ValueError as error:
                if "LockBusy" in str(error):
                    raise EngineDown("Another process holds the embedded index for writing.") from error
                raise
        return self._writer

    def _ticket(self, batch: str, verdict: Verdict) -> Ticket:
        ticket = Ticket(next(self._uids), batch)
        self._verdicts[ticket.uid] = (batch, verdict)
        self._verdicts.pop(ticket.uid - _REMEMBERED, None)
        return ticket

    def settle(self, ticket: Ticket) -> Verdict | None:
        """The verdict, known as soon as there is a ticket; raises `OutcomeUnknown` for one of another process."""
        batch, verdict = self._verdicts.get(ticket.uid, (None, None))
        if verdict is None or batch != ticket.batch:
            raise OutcomeUnknown(f"Ticket {ticket.uid} of batch {ticket.batch} is not of this process.")
        return verdict

    def trace(self, batch: str, since: datetime) -> Ticket | None:  # noqa: ARG002 - nothing is under way that could be found
        """No ticket: what is not settled was not taken in, or is there to be seen."""
        return None

    def count(self) -> int:
        return self._reader.now().documents

    def fetch(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The sync fields of those of these documents that the index holds."""
        generation = self._reader.now()
        found: dict[str, dict[str, Any]] = {}
        for identifier in dict.fromkeys(ids):
            for _, address in generation.find(term(VALUES, filtered("id", identifier)), 1):
                found[identifier] = generation.stored(address, MARKS)
        return found

    def clear(self) -> None:
        """Remove the folder; who is searching keeps the files open until the answer is given."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def searcher(self) -> EmbeddedSearcher:
        return EmbeddedSearcher(Reader(self._folder))

    def close(self) -> None:
        """Give the folder's lock back, once merges that are under way are done."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
        self._writer = None
        self._reader.close()

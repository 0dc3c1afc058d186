"""The writing half of the embedded engine, and what the mirror sees when it looks for itself."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

import structlog
import tantivy

from service.search.beside import is_beside
from service.search.embedded import marker as marks_of
from service.search.embedded.damage import META, Damaged, no_panic
from service.search.embedded.folders import Description, Folders
from service.search.embedded.layout import MARKS, VERSION, Unfit, to_tantivy
from service.search.embedded.placing import stamp
from service.search.embedded.reader import Generation, Reader, readable
from service.search.embedded.searcher import EmbeddedSearcher
from service.search.embedded.writer import Writer, Writers, changed, newest
from service.search.engine import (
    EngineDown,
    EngineRefused,
    IndexLost,
    IndexState,
    Marker,
    OutcomeUnknown,
    SearchDocument,
    Ticket,
    Verdict,
)
from service.search.schema import SYNC_FIELDS

_REMEMBERED: Final = 1_000
"""How many verdicts are kept for `settle`; the mirror asks for the last one."""

log = structlog.get_logger(__name__)


class EmbeddedEngine:
    """One of the indexes below `path`; `writers` are those of its neighbours in this process."""

    kind: Literal["embedded", "meilisearch"] = "embedded"
    lingers = False

    def __init__(self, path: Path, index: str = "engagements", *, writable: bool = True, writers: Writers | None = None) -> None:
        self.index = index
        self._path: Final = path
        self._folders: Final = Folders(path)
        self._writable: Final = writable
        self._reader: Final = Reader(self._folders, index)
        self._writers: Final = writers or Writers()
        self._expected: str | None = None
        self._uids: Final = count(1)
        self._verdicts: Final[dict[int, tuple[str, Verdict]]] = {}

    def prepare(self) -> IndexState:
        """Make the index if it is missing, unreadable or that of another layout, and remove folders without a name."""
        state = self.look()
        if self._writable:
            try:
                if created := state is None:
                    self._folders.make(self.index)
                self._folders.sweep()
            except (ValueError, OSError) as error:
                raise EngineDown(f"The embedded index cannot be made: {error}") from error
            if created:
                return self._state(created=True)
        return state or self._state(created=False)

    def look(self) -> IndexState | None:
        """What is there; None where there is no index, where it is unreadable, or where it is that of another layout."""
        folder = self._folders.of(self.index)
        if folder is None:
            return None
        try:
            self._check_sound()
            return self._state(created=False)
        except (ValueError, OSError, EngineDown) as error:
            log.warning("embedded index cannot be used", index=self.index, folder=folder.name, reason=str(error))
            return None

    def _check_sound(self) -> None:
        """Whether the index opens, and gives back what it holds; what was opened before tells nothing of the disk."""
        everything = tantivy.Query.all_query()
        with readable():
            generation = Reader(self._folders, self.index).now()
            generation.vocabulary.frequency("")
            for _, address in generation.find(everything, 1):
                generation.stored(address, MARKS)
            if generation.count(everything, (), 1)[0] != generation.documents:
                raise Damaged("it does not hold as many documents as it says")

    def _state(self, *, created: bool) -> IndexState:
        generation = self._reader.now()
        folder = generation.state.folder
        description = self._folders.described(folder) or Description("", "")
        return IndexState(created, generation.documents, f"tantivy {VERSION}", description.identity, newest(folder))

    def differences(self) -> list[str]:
        """None ever: what would be settings of a server is the layout here."""
        return []

    def expect(self, identity: str | None) -> None:
        self._expected = identity

    def put(self, batch: str, documents: Sequence[SearchDocument]) -> Ticket:
        """Replace these documents and commit; a document that cannot be indexed fails the whole batch, as its verdict says."""
        with self._writing() as writer:
            try:
                added = [to_tantivy(document) for document in documents]
            except Unfit as error:
                writer.note(batch)
                return self._ticket(batch, Verdict(False, 0, error.code, str(error)))
            # Of one document twice in a batch the last one stays.
            last = {document["id"]: fitted for document, fitted in zip(documents, added, strict=True)}
            writer.commit(batch, list(last), list(last.values()))
        return self._ticket(batch, Verdict(True, len(last)))

    def drop(self, batch: str, ids: Sequence[str]) -> Ticket:
        """Remove these documents and commit."""
        with self._writing() as writer:
            writer.commit(batch, ids, [])
        return self._ticket(batch, Verdict(True))

    @contextmanager
    def _writing(self) -> Iterator[Writer]:
        """The writer of the expected index; what goes wrong with it is told as the protocol has it."""
        self._check_writable()
        folder = self._expected_folder()
        before = stamp(folder / META)
        try:
            with no_panic():
                yield self._writers.of(folder)
        except IndexLost:
            self._writers.drop(folder)
            raise
        except (ValueError, OSError) as error:
            self._folders.doubt()
            self._writers.drop(folder)
            raise changed(folder, before, error) from error

    def _expected_folder(self) -> Path:
        folders = self._folders.all()
        folder = folders.get(self.index)
        description = self._folders.described(folder) if folder else None
        if folder is None or description is None or not description.usable or stamp(folder / META) is None:
            self._writers.keep(folders.values())
            raise IndexLost(f"There is no embedded index {self.index!r} that could be written to.")
        if self._expected not in (None, description.identity):
            self._writers.keep(folders.values())
            raise IndexLost(f"The embedded index {self.index!r} is another than was expected.")
        return folder

    def _check_writable(self) -> None:
        if not self._writable:
            raise EngineRefused("not_writable", "This process only reads the embedded index.")

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

    @contextmanager
    def _reading(self) -> Iterator[Generation]:
        """The index as it is now. Where it cannot be read, nothing of it is taken for sound when it is looked at next."""
        try:
            with readable():
                yield self._reader.now()
        except EngineDown:
            self._folders.doubt()
            raise

    def count(self) -> int:
        return self._reader.now().documents

    def fetch(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The sync fields of those of these documents that the index holds."""
        with self._reading() as generation:
            return _by_id(marks for identifier in dict.fromkeys(ids) for marks in generation.holding("id", identifier, 1))

    def counts(self) -> dict[int, int]:
        """How many documents each `sync_bucket` holds."""
        with self._reading() as generation:
            return generation.counts("sync_bucket")

    def marks(self, bucket: int) -> dict[str, dict[str, Any]]:
        """The sync fields of the documents in a bucket."""
        with self._reading() as generation:
            return _by_id(generation.holding("sync_bucket", bucket, max(1, generation.documents)))

    def clear(self) -> None:
        """Take the index out of the names, and remove its folder after that."""
        self._check_writable()
        try:
            self._folders.forget(self.index, self._writers.close)
        except OSError as error:
            raise EngineDown(f"The embedded index cannot be removed: {error}") from error
        self._reader.close()

    def beside(self, index: str) -> "EmbeddedEngine":
        return EmbeddedEngine(self._path, index, writable=self._writable, writers=self._writers)

    def others(self) -> list[str]:
        return sorted(name for name in self._folders.all() if is_beside(self.index, name))

    def exchange(self, other: str) -> None:
        """Let both have each other's folder, in one step for who searches, wherever that is."""
        self._check_writable()
        before = self._folders.all()
        try:
            self._folders.exchange(self.index, other)
        except KeyError as error:
            raise EngineRefused("index_not_found", f"There is no embedded index {other!r}.") from error
        except OSError as error:
            if self._folders.all() != before:
                raise OutcomeUnknown(f"The embedded indexes were exchanged, and then: {error}") from error
            raise EngineDown(f"The embedded indexes cannot be exchanged: {error}") from error

    def read_marker(self) -> Marker | None:
        return marks_of.read(self._path)

    def write_marker(self, marker: Marker) -> None:
        self._check_writable()
        marks_of.write(self._path, marker)

    def searcher(self) -> EmbeddedSearcher:
        return EmbeddedSearcher(Reader(Folders(self._path), self.index))

    def close(self) -> None:
        """Give the folder's lock back, once merges that are under way are done."""
        with suppress(EngineDown):  # Where it cannot be known which folder it is, nobody else can write to it either.
            self._writers.close(self._folders.of(self.index))
        self._reader.close()


def _by_id(found: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Stored marks by the id that stands among them."""
    return {marks["id"]: {name: marks[name] for name in SYNC_FIELDS} for marks in found}

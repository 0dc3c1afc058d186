"""Writing into an index folder: one commit for each batch, and one writer for each folder, which holds its lock.

An exchange gives the folder of one index to another. So the engines of neighbouring indexes share their writers, and each
finds the one of the folder that its name stands for now.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

import structlog
import tantivy

from service.search.embedded.damage import META, checked, no_panic
from service.search.embedded.layout import VALUES, filtered, open_index
from service.search.embedded.placing import Stamp, place, placed, stamp
from service.search.engine import EngineDown, IndexLost, OutcomeUnknown

_NEWEST: Final = "newest"
_HEAP: Final = 30_000_000
"""Bytes in which a batch is indexed before it goes to disk; Tantivy's own default is four times as much."""

log = structlog.get_logger(__name__)


def newest(folder: Path) -> str | None:
    """The last batch that was written to a folder; None where there was none."""
    batch = placed(folder / _NEWEST)
    return batch if isinstance(batch, str) else None


class Writer:
    """The one writer of a folder, which nobody else can write to while it is open."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self._lock: Final = Lock()
        self._left = self._mark()
        try:
            checked(folder, {})
            # Tantivy keeps to itself which files belong to the index: it must be open before anybody can put them back.
            with no_panic():
                self._tantivy = open_index(str(folder)).writer(_HEAP, 1)
        except ValueError as error:
            if "LockBusy" in str(error):
                raise EngineDown("Another process holds the embedded index for writing.") from error
            raise

    def commit(self, batch: str, removed: Sequence[str], added: Sequence[tantivy.Document]) -> None:
        """Remove and then add, at once for who searches. Raises `IndexLost`, ValueError or OSError, and is to be closed then."""
        with self._lock:
            self._check()
            for identifier in removed:
                self._tantivy.delete_documents_by_term(VALUES, filtered("id", identifier))
            for document in added:
                self._tantivy.add_document(document)
            self._tantivy.commit()
            self._note(batch)

    def note(self, batch: str) -> None:
        """Let a batch be the newest that changes nothing."""
        with self._lock:
            self._check()
            self._note(batch)

    def _note(self, batch: str) -> None:
        # After the commit: where a crash comes between them the batch counts as lost, and is sent again.
        place(self.folder / _NEWEST, batch, lasting=False)
        self._left = self._mark()

    def _mark(self) -> tuple[Stamp | None, int]:
        return stamp(self.folder / _NEWEST), self.folder.stat().st_ino

    def _check(self) -> None:
        try:
            untouched = self._left == self._mark()
        except FileNotFoundError:
            untouched = False
        if not untouched:
            raise IndexLost("The folder of the embedded index was changed by somebody else while it was being written to.")

    def close(self) -> None:
        """Give the lock back, once merges that are under way are done."""
        with self._lock:
            try:
                with no_panic():
                    self._tantivy.wait_merging_threads()
            except ValueError as error:
                # What was committed is there; whether it can be read is told to who reads it.
                log.warning("embedded index could not be merged", folder=self.folder.name, reason=str(error))


class Writers:
    """The open writers of neighbouring indexes, by folder."""

    def __init__(self) -> None:
        self._lock: Final = Lock()
        self._open: Final[dict[Path, Writer]] = {}

    def of(self, folder: Path) -> Writer:
        """The writer of a folder, opened if need be; raises `EngineDown`, ValueError or OSError."""
        with self._lock:
            if folder not in self._open:
                self._open[folder] = Writer(folder)
            return self._open[folder]

    def close(self, folder: Path | None) -> None:
        """Close the writer of a folder, if there is one."""
        with self._lock:
            writer = self._open.pop(folder, None) if folder else None
        if writer is not None:
            writer.close()

    def drop(self, folder: Path) -> None:
        """Let go of a writer that failed, or whose folder is not what it was, with all that it had begun."""
        with self._lock:
            self._open.pop(folder, None)

    def keep(self, folders: Collection[Path]) -> None:
        """Let go of the writers of all other folders."""
        with self._lock:
            for folder in self._open.keys() - set(folders):
                del self._open[folder]


def changed(folder: Path, before: Stamp | None, error: Exception) -> Exception:
    """What a failed commit means for who asked for it: whether the index is as it was tells whether it may have happened."""
    if stamp(folder / META) != before:
        return OutcomeUnknown(f"The embedded index was changed, and then: {error}")
    return EngineDown(f"The embedded index cannot be written: {error}")

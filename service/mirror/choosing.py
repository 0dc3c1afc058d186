"""What is sent next: the oldest dirty documents of a copy, each as it is now.

The ledger is read before the documents are built. So a document may be newer than the generation it is sent under, which
does no harm: the fold of that newer touch makes it dirty again. The other way round would lose an edit.

Where one batch is full, the next one is chosen and built while the engine has that one. It is older then when it is sent,
which does no harm for the same reason; and it holds no document of the batch that is under way.
"""

from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import Connection, text

from service.database import Database
from service.mirror import clock
from service.mirror.aside import contents_aside
from service.mirror.contents import contents
from service.mirror.copies import Copy
from service.mirror.items import Item
from service.register.reading.json_sql import JsonSql, same
from service.search.engine import SearchDocument
from service.search.gate import Refusal, refusal

MAX_DOCUMENTS: Final = 500
MAX_BYTES: Final = 4 * 1024 * 1024

_BESIDE: Final = ThreadPoolExecutor(max_workers=4, thread_name_prefix="choosing")
_OF_DUE: Final = ("document_id", "generation", "present", "indexed_hash", "attempts")


@dataclass(slots=True)
class Chosen:
    """The next documents of a copy: to be put, to be dropped, those that are in the index already, those that no engine takes."""

    put: list[Item] = field(default_factory=list)
    drop: list[Item] = field(default_factory=list)
    same: list[Item] = field(default_factory=list)
    refused: list[tuple[Item, Refusal]] = field(default_factory=list)
    bytes: int = 0
    full: bool = False
    """Whether a limit was reached, so that there is more to choose."""

    def __bool__(self) -> bool:
        return bool(self.put or self.drop or self.same or self.refused)


class Choice:
    """What is sent next to one copy, at most so many at once; chosen ahead where there is much to send."""

    def __init__(self, database: Database, copy: Copy, most: int) -> None:
        self.database = database
        self.copy = copy
        self.most = most
        self._ahead: Future[Chosen] | None = None

    def take(self, without: Collection[str]) -> Chosen:
        """The next documents, as they are now or were when the batch before them was sent; none of those `without`."""
        ahead, self._ahead = self._ahead, None
        return (ahead and ahead.result()) or choose(self.database, self.copy, self.most, without)

    def look_ahead(self, chosen: Chosen, without: Collection[str]) -> None:
        """Choose beside what is done with these documents, which are still dirty like those `without`."""
        if chosen.full:
            taken = {*without, *(item.document_id for item in _all(chosen))}
            self._ahead = _BESIDE.submit(choose, self.database, self.copy, self.most, taken, aside=True)

    def forget(self) -> None:
        """Something went wrong with the batch before: choose anew."""
        ahead, self._ahead = self._ahead, None
        wait([ahead] if ahead else [])


def choose(database: Database, copy: Copy, most: int, without: Collection[str] = (), *, aside: bool = False) -> Chosen:
    """The oldest dirty documents that are due, up to the limits of a batch; one that was refused before comes alone."""
    with database.reading() as connection:
        rows = _due(connection, copy, most, without)
    build = contents_aside if aside else contents
    there, unbuilt = build(database, [row["document_id"] for row in rows])
    chosen = Chosen(full=len(rows) == most)
    for row in rows:
        if not _sorted_in(chosen, row, there, unbuilt):
            chosen.full = True
            break
    return chosen


def _all(chosen: Chosen) -> list[Item]:
    return [*chosen.put, *chosen.drop, *chosen.same, *(item for item, _ in chosen.refused)]


def _due(connection: Connection, copy: Copy, most: int, without: Collection[str]) -> list[dict[str, Any]]:
    json = JsonSql(connection.dialect.name == "sqlite")
    # In the order of the index alone: to sort a whole register that is dirty since one moment takes long for every batch.
    due = (
        "(SELECT * FROM ledger WHERE copy_id = :copy AND state = 'dirty'"  # noqa: S608
        f" AND (due_at IS NULL OR due_at <= {clock.now(connection)}) ORDER BY dirty_since LIMIT :most) l"
    )
    # As one row: SQLite's driver gives way to other threads with each one that it reads, and a busy one takes its time.
    question = text(f"SELECT {json.array(json.object(same('l', *_OF_DUE)), due, 'l.dirty_since')}")
    found = connection.execute(question, {"copy": copy.id, "most": most + len(without)}).scalar_one()
    listed = orjson.loads(found) if isinstance(found, str) else found
    rows = [row for row in listed if row["document_id"] not in without][:most]
    refused_before = [row for row in rows if row["attempts"]]
    return refused_before[:1] or rows


def _sorted_in(
    chosen: Chosen, row: Mapping[str, Any], there: Mapping[str, SearchDocument], unbuilt: Mapping[str, Refusal]
) -> bool:
    """Put a row where it belongs; false when the batch is full."""
    document_id, generation = row["document_id"], row["generation"]
    if document_id in unbuilt:
        chosen.refused.append((Item(document_id, generation), unbuilt[document_id]))
        return True
    if (content := there.get(document_id)) is None:
        # A document that was never sent, or whose sending was never settled, is dropped too: dropping twice does no harm.
        chosen.drop.append(Item(document_id, generation))
        return True
    item = Item(document_id, generation, content["sync_hash"], {**content, "sync_generation": generation})
    if row["present"] and row["indexed_hash"] == content["sync_hash"]:
        chosen.same.append(item)
        return True
    size = len(orjson.dumps(content))
    if reason := refusal(content, size):
        chosen.refused.append((item, reason))
        return True
    if chosen.put and chosen.bytes + size > MAX_BYTES:
        return False
    chosen.bytes += size
    chosen.put.append(item)
    return True

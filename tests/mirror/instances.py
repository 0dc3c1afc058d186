"""The two instances that a machine tampers with: the double over HTTP, and the folder of the embedded engine."""

import random
import shutil
from pathlib import Path
from typing import Any, Final, Protocol

from service.search.document import BUCKETS
from service.search.embedded import EmbeddedEngine
from service.search.engine import Engine
from service.search.meilisearch import MeilisearchEngine
from tests.campaign.adversary import LyingDouble
from tests.meilisearch_double import (
    BAD_GATEWAY_PAGE,
    OVERLOADED,
    CutAfter,
    CutBefore,
    CutMidway,
    Fault,
    Late,
    MeilisearchDouble,
    TaskFails,
)
from tests.meilisearch_double.wire import Request

INDEX: Final = "engagements"

_OF_CHANGES: Final[tuple[Fault, ...]] = (Late(), CutBefore(), CutAfter(), CutMidway(), BAD_GATEWAY_PAGE, TaskFails("internal"))
_OF_QUESTIONS: Final[tuple[Fault, ...]] = (CutBefore(), OVERLOADED)
_CHANGES: Final = ("POST */documents", "POST */delete-batch", "POST /swap-indexes")
_SELDOM: Final = ("POST /indexes", "PATCH */settings", "DELETE /indexes/*")
_QUESTIONS: Final = ("GET /tasks*", "GET /indexes/*", "POST */fetch")

FAULTS: Final[tuple[tuple[str, Fault], ...]] = (
    *((pattern, fault) for fault in _OF_CHANGES for pattern in _CHANGES),
    ("POST */documents", TaskFails("invalid_document_fields")),
    ("POST */documents", OVERLOADED),
    *((pattern, fault) for fault in _OF_QUESTIONS for pattern in _QUESTIONS),
    *((pattern, fault) for fault in _OF_CHANGES for pattern in _SELDOM),
)


class Instance(Protocol):
    """What a machine does to an instance of an engine, and what it sees of it without asking the engine."""

    remote: bool
    is_up: bool

    def engine(self) -> Engine: ...

    def reset(self) -> None:
        """Empty and sound."""
        ...

    def held(self, identity: str | None) -> dict[str, str] | None:
        """The fingerprints of the documents of a content by id; None where there is no such content."""
        ...

    def plan(self, number: int, times: int) -> None: ...

    def poison(self, ids: set[str]) -> None: ...

    def end_faults(self) -> None: ...

    def deliver_late(self) -> int: ...

    def late_since(self) -> float:
        """When the oldest request that is still under way was sent."""
        ...

    def overtaken(self, now: float, drain: float) -> list[str]:
        """Writes that were sent since the last time, while an earlier one to the same index was lost less than `drain` ago."""
        ...

    def up(self, up: bool) -> None: ...

    def back_up(self) -> None: ...

    def restore(self) -> None: ...

    def wipe(self) -> None: ...

    def remove_one(self, number: int) -> None: ...


class WatchedDouble(LyingDouble):
    """A double that notes which of its planned faults befell which request."""

    def __init__(self) -> None:
        super().__init__(random.Random(0), share=0.0)
        self.befell: dict[int, Fault] = {}

    def planned(self, request: Request) -> Fault | None:
        fault = MeilisearchDouble.planned(self, request) or super().planned(request)
        if fault is not None:
            self.befell[id(request)] = fault
        return fault


class OnDouble:
    """An index of the double."""

    remote = True

    def __init__(self, double: WatchedDouble) -> None:
        self.double = double
        self.is_up = True
        self._kept: Any = None
        self._seen = 0
        self._lost: list[tuple[float, str, bool]] = []
        self._late_since = float("inf")

    def engine(self) -> Engine:
        return MeilisearchEngine(self.double.url, self.double.master_key, INDEX, exchange_seconds=0.0)

    def reset(self) -> None:
        self.end_faults()
        self.double._late.clear()
        self.wipe()
        self.double.requests.clear()
        self.double.befell.clear()
        self.__init__(self.double)  # type: ignore[misc]

    def held(self, identity: str | None) -> dict[str, str] | None:
        for index in self.double.indexes.values():
            if index.created_at == identity:
                return {key: document["sync_hash"] for key, document in index.documents.items()}
        return None

    def plan(self, number: int, times: int) -> None:
        self.double.fail_next(*FAULTS[number % len(FAULTS)], times=times)

    def poison(self, ids: set[str]) -> None:
        self.double.poison = ids

    def end_faults(self) -> None:
        self.up(True)
        self.double._plan.clear()
        self.double.poison = set()

    def deliver_late(self) -> int:
        # What has arrived can be found, and nothing has to wait for it any more.
        self._late_since = float("inf")
        self._lost = [lost for lost in self._lost if not lost[2]]
        return self.double.deliver_late()

    def late_since(self) -> float:
        return self._late_since

    def overtaken(self, now: float, drain: float) -> list[str]:
        found, arrived = [], self.double.requests[self._seen :]
        self._seen += len(arrived)
        for request in arrived:
            fault = self.double.befell.get(id(request))
            if isinstance(fault, Late):
                self._late_since = min(self._late_since, now)
            if (
                request.method != "POST"
                or not request.path.endswith(("/documents", "/delete-batch"))
                or "__marker" in request.path
            ):
                continue
            index = request.path.split("/")[2]
            found += [f"{request.path} over {at:g}" for at, lost, _ in self._lost if lost == index and now < at + drain]
            if isinstance(fault, (Late, CutBefore)):
                self._lost.append((now, index, isinstance(fault, Late)))
        return found

    def up(self, up: bool) -> None:
        if up and not self.is_up:
            self.double.come_up()
        elif self.is_up and not up:
            self.double.go_down()
        self.is_up = up

    def back_up(self) -> None:
        self._kept = self.double.snapshot()

    def restore(self) -> None:
        self.double.restore(self._kept)

    def wipe(self) -> None:
        self.double.wipe()

    def remove_one(self, number: int) -> None:
        index = self.double.indexes.get(INDEX)
        if index is not None and index.documents:
            del index.documents[sorted(index.documents)[number % len(index.documents)]]


class InFolder:
    """The folder of the embedded engine. Nobody writes to it while it is tampered with, and nothing is ever under way."""

    remote = False
    is_up = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept = folder.with_name("kept")

    def engine(self) -> Engine:
        return EmbeddedEngine(self.folder, INDEX)

    def reset(self) -> None:
        self.wipe()
        shutil.rmtree(self.kept, ignore_errors=True)

    def held(self, identity: str | None) -> dict[str, str] | None:
        live = EmbeddedEngine(self.folder, INDEX, writable=False)
        for engine in (live, *(live.beside(name) for name in live.others())):
            seen = engine.look()
            if seen is not None and seen.identity == identity:
                marks = {key: each for bucket in range(BUCKETS) for key, each in engine.marks(bucket).items()}
                return {key: each["sync_hash"] for key, each in marks.items()}
        return None

    def plan(self, number: int, times: int) -> None: ...

    def poison(self, ids: set[str]) -> None: ...

    def end_faults(self) -> None: ...

    def deliver_late(self) -> int:
        return 0

    def late_since(self) -> float:
        return float("inf")

    def overtaken(self, now: float, drain: float) -> list[str]:
        return []

    def up(self, up: bool) -> None: ...

    def back_up(self) -> None:
        shutil.rmtree(self.kept, ignore_errors=True)
        if self.folder.is_dir():
            shutil.copytree(self.folder, self.kept)

    def restore(self) -> None:
        self.wipe()
        if self.kept.is_dir():
            shutil.copytree(self.kept, self.folder)

    def wipe(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_one(self, number: int) -> None: ...

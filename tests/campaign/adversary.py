"""What is done to the engine and to the way there."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

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
from tests.meilisearch_double.world import Snapshot

_FAULTS: tuple[Fault, ...] = (CutBefore(), CutAfter(), CutMidway(), BAD_GATEWAY_PAGE, OVERLOADED)
_OF_WRITES: tuple[Fault, ...] = (*_FAULTS, *[Late()] * 5, TaskFails("internal"))


class LyingDouble(MeilisearchDouble):
    """A double whose network goes wrong by chance, and which refuses some documents for ever."""

    def __init__(self, chance: random.Random, share: float) -> None:
        super().__init__()
        self.chance = chance
        self.share = share
        self.poison: set[str] = set()
        self.faults: Counter[str] = Counter()

    def planned(self, request: Request) -> Fault | None:
        writes = request.method == "POST" and request.path.endswith(("/documents", "/delete-batch"))
        if writes and request.path.endswith("/documents") and self._is_poisoned(request):
            return TaskFails("invalid_document_fields", "poison")
        if self.chance.random() >= self.share * (4 if writes else 1):
            return None
        fault = self.chance.choice(_OF_WRITES if writes or request.path == "/swap-indexes" else _FAULTS)
        self.faults[type(fault).__name__] += 1
        return fault

    def on_their_way(self, index: str) -> set[str]:
        """The documents of this index whose writes will arrive late."""
        with self._lock:
            late = [each for each in self._late if each.path == f"/indexes/{index}/documents"]
        return {document["id"] for each in late for document in json.loads(each.body)} - self.poison

    def _is_poisoned(self, request: Request) -> bool:
        return bool(self.poison) and any(each.get("id") in self.poison for each in json.loads(request.body))


class AgainstDouble:
    """What a malicious operator does to a server."""

    def __init__(self, double: LyingDouble, chance: random.Random) -> None:
        self.double = double
        self.chance = chance
        self._kept: Snapshot | None = None
        self.deeds: Counter[str] = Counter()

    def do(self, worker_is_dead: bool) -> None:
        """One deed."""
        deeds: tuple[Callable[[], None], ...] = (
            self._back_up,
            self._restore,
            self._wipe,
            self._remove_some,
            self._late,
            self._late,
        )
        deed = self.chance.choice(deeds)
        deed()
        self.deeds[deed.__name__.strip("_")] += 1

    def _back_up(self) -> None:
        self._kept = self.double.snapshot()

    def _restore(self) -> None:
        if self._kept is not None:
            self.double.restore(self._kept)

    def _wipe(self) -> None:
        if self.chance.random() < 0.2:
            self.double.wipe()

    def _remove_some(self) -> None:
        with self.double.tampering() as indexes:
            for index in indexes.values():
                for key in list(index.documents)[:3]:
                    del index.documents[key]

    def _late(self) -> None:
        self.double.deliver_late()


class AgainstFolder:
    """What happens to the folder of the embedded index: restored from an older copy, or lost. Nobody writes meanwhile."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self.kept = folder.with_name("index-backup")
        self.chance = chance
        self.deeds: Counter[str] = Counter()

    def do(self, worker_is_dead: bool) -> None:
        """One deed; only while no worker has the folder."""
        if not worker_is_dead or not self.folder.is_dir():
            return
        deed = self.chance.choice((self._back_up, self._restore, self._wipe))
        deed()
        self.deeds[deed.__name__.strip("_")] += 1

    def _back_up(self) -> None:
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.folder, self.kept)

    def _restore(self) -> None:
        if self.kept.is_dir():
            shutil.rmtree(self.folder)
            shutil.copytree(self.kept, self.folder)

    def _wipe(self) -> None:
        if self.chance.random() < 0.2:
            shutil.rmtree(self.folder)

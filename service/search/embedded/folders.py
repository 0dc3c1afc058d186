"""Which folder an index lies in.

    index/names.json                {"engagements": "index-5d0c…", "engagements__20261125t044349_1f2e3d": "index-90ab…"}
    index/marker.json               the mirror's mark on this instance
    index/index-5d0c…/index.json    {"identity": "…", "layout": "…"}
    index/index-5d0c…/newest        the id of the last batch
    index/index-5d0c…/meta.json …   Tantivy's own

A folder's name is drawn once and never given to another. So names are all that has to be changed for an index to take the
place of another one, and `names.json` is replaced in one step: who reads it sees the one or the other. A folder that no name
refers to is what a crash left, or an index of the former layout.
"""

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog

from service.search.embedded.damage import Sums, checked, no_panic
from service.search.embedded.layout import LAYOUT, make_index
from service.search.embedded.placing import Stamp, alone_in, place, placed, stamp
from service.search.engine import EngineDown

NAMES: Final = "names.json"
DESCRIPTION: Final = "index.json"
_OURS: Final = re.compile(r"(index|engagements)-[0-9a-f]{16}")
"""Folders that this version and former ones made; nothing else is ever removed."""

log = structlog.get_logger(__name__)

Names = dict[str, str]


class Description(NamedTuple):
    """What `index.json` says: whose content it is, and how documents lie in it."""

    identity: str
    layout: str

    @property
    def usable(self) -> bool:
        """Whether this version can read it and write to it."""
        return self.layout == LAYOUT


class _Read(NamedTuple):
    """The names as they were at one time, and what was learned of their folders since."""

    stamp: Stamp | None
    names: Names
    described: dict[Path, Description]
    sums: dict[Path, Sums]


class Folders:
    """The indexes below one path; used by several threads at once."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._file: Final = path / NAMES
        self._read = _Read(None, {}, {}, {})

    def of(self, index: str) -> Path | None:
        """The folder that an index has now; raises `EngineDown` where names cannot be read."""
        return self.all().get(index)

    def all(self) -> dict[str, Path]:
        """The folder of each index."""
        return {index: self.path / folder for index, folder in self._now().names.items()}

    def described(self, folder: Path) -> Description | None:
        """What a folder says of itself; None where it says nothing."""
        known = self._now().described
        if folder not in known:
            try:
                known[folder] = Description(**placed(folder / DESCRIPTION))
            except (TypeError, OSError):
                return None
        return known[folder]

    def check(self, folder: Path) -> None:
        """Compare the checksums of what has come to a folder since this was last done; raises ValueError or OSError."""
        sums = self._now().sums
        sums[folder] = checked(folder, sums.get(folder, {}))

    def doubt(self) -> None:
        """Let all checksums be compared anew: something could not be read that was known to be sound."""
        self._read.sums.clear()

    def _now(self) -> _Read:
        try:
            now = stamp(self._file)
            if now != self._read.stamp:
                self._read = _Read(now, self._from_disk(), {}, {})
        except OSError as error:
            raise EngineDown(f"The embedded index cannot be read: {error}") from error
        return self._read

    def _from_disk(self) -> Names:
        found: Any = placed(self._file)
        if found is not None and not isinstance(found, dict):
            return {}
        return {index: folder for index, folder in (found or {}).items() if _OURS.fullmatch(str(folder))}

    @contextmanager
    def _changed(self) -> Iterator[Names]:
        """The names, to be changed; what was made of them is put in their place."""
        self.path.mkdir(parents=True, exist_ok=True)
        with alone_in(self.path):
            names = self._from_disk()
            before = dict(names)
            yield names
            if names != before:
                place(self._file, names)

    def make(self, index: str) -> None:
        """Give the index an empty folder; another one that it had is without a name then. Raises ValueError or OSError."""
        with self._changed() as names:
            # Whoever removes what has no name comes after this, when the folder has one.
            folder = self.path / f"index-{secrets.token_hex(8)}"
            folder.mkdir()
            with no_panic():
                make_index(str(folder))
            place(folder / DESCRIPTION, Description(secrets.token_hex(16), LAYOUT)._asdict())
            names[index] = folder.name

    def exchange(self, index: str, other: str) -> None:
        """Let two indexes have each other's folder, or the one that is missing that of the other; KeyError without `other`."""
        with self._changed() as names:
            mine, theirs = names.get(index), names.pop(other)
            names[index] = theirs
            if mine is not None:
                names[other] = mine

    def forget(self, index: str, then: Callable[[Path], None]) -> None:
        """Take the name away, and remove the folder after what else is to be done with it: who searches has its files open."""
        if not self.path.is_dir():
            return
        with self._changed() as names:
            folder = names.pop(index, None)
        if folder is not None:
            then(self.path / folder)
            shutil.rmtree(self.path / folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove the folders that have no name."""
        if not self.path.is_dir():
            return
        with self._changed() as names:
            for folder in self.path.iterdir():
                if _OURS.fullmatch(folder.name) and folder.name not in names.values():
                    log.info("folder without a name is removed", folder=folder.name)
                    shutil.rmtree(folder, ignore_errors=True)

"""Damage on the disk, told before Tantivy meets it, and what Tantivy does when it meets it all the same.

Tantivy believes what it reads. A bit that was flipped may give another word back, an error, a panic, or a panic in one of the
threads that commit and merge, which ends the whole process. It leaves a checksum at the end of each file of a segment:

    content   {"version": {…}, "crc": 2474875078}   86, 0, 0, 0   57, 5, 0, 0
              the footer                            its length    Tantivy's mark

and compares none. So this is done here, whenever an index is opened.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, Final
from zlib import crc32

import orjson

from service.search.embedded.placing import Stamp, placed, stamp

META: Final = "meta.json"
"""Tantivy's list of what belongs to the index, which each commit replaces."""

_PARTS: Final = ("idx", "pos", "term", "store", "fast", "fieldnorm")
_MARK: Final = 1337
_TAIL: Final = 8
_LONGEST_FOOTER: Final = 50_000
_AT_ONCE: Final = 2**20

Sums = dict[str, Stamp]
"""The files of a folder whose checksums were right, as they were then."""


class Damaged(ValueError):
    """A file is not what was written to it, or Tantivy gave up on it."""


@contextmanager
def no_panic() -> Iterator[None]:
    """A panic of Tantivy's, which nothing but a bare `except` would stop, is `Damaged` within."""
    try:
        yield
    except BaseException as error:
        # The class is made by Tantivy's binding and can be imported from nowhere.
        if type(error).__name__ != "PanicException":
            raise
        raise Damaged(f"Tantivy gave up: {error}") from error


def checked(folder: Path, known: Sums) -> Sums:
    """Compare the checksums of an index, but for files that are known and were not touched since; raises `Damaged`."""
    sums: Sums = {}
    for name in _files(folder):
        now = stamp(folder / name)
        if now is None:
            continue  # Merged away since; or it is missing, which Tantivy tells.
        if known.get(name) != now:
            _check(folder / name)
        sums[name] = now
    return sums


def _files(folder: Path) -> Iterator[str]:
    """The files that the last commit stands on."""
    meta: Any = placed(folder / META)
    try:
        for segment in meta["segments"]:
            name = segment["segment_id"].replace("-", "")
            yield from (f"{name}.{part}" for part in _PARTS)
            if segment["deletes"]:
                yield f"{name}.{segment['deletes']['opstamp']}.del"
    except (TypeError, KeyError, AttributeError) as error:
        raise Damaged(f"{META} is not Tantivy's") from error


def _check(file: Path) -> None:
    try:
        with file.open("rb") as handle:
            said, size = _footer(handle)
            found = 0
            handle.seek(0)
            while size > 0 and (piece := handle.read(min(size, _AT_ONCE))):
                found, size = crc32(piece, found), size - len(piece)
    except FileNotFoundError:
        return
    except (ValueError, TypeError, KeyError) as error:
        raise Damaged(f"{file.name} ends in no checksum") from error
    if found != said:
        raise Damaged(f"{file.name} is not what was written to it")


def _footer(handle: BinaryIO) -> tuple[int, int]:
    """The checksum that a file ends with, and the size of what it is of."""
    end = handle.seek(0, SEEK_END) - _TAIL
    handle.seek(max(0, end))
    tail = handle.read(_TAIL)
    length, mark = int.from_bytes(tail[:4], "little"), int.from_bytes(tail[4:], "little")
    if mark != _MARK or length > min(end, _LONGEST_FOOTER):
        raise ValueError("no footer")
    handle.seek(end - length)
    return int(orjson.loads(handle.read(length))["crc"]), end - length

"""Small files that are replaced whole, by one writer at a time.

Whoever reads one sees the old content or the new one, never a part; and each time it is another file to those who look at
its number and time only.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

Stamp = tuple[int, int, int]

_HERE: Final = threading.Lock()
_PATIENCE: Final = 10.0
"""Seconds in which another process must have done what it is alone for; it takes some milliseconds."""


def stamp(file: Path) -> Stamp | None:
    """What changes whenever the file is replaced; None where it is not there. Costs a microsecond."""
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def place(file: Path, content: Any, *, lasting: bool = True) -> None:
    """Write JSON in the place of what is there; with `lasting` it withstands a power failure once this returns.

    After an OSError the old content is there, or the new one.
    """
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as handle:
        handle.write(orjson.dumps(content))
        handle.flush()
        if lasting:
            os.fsync(handle.fileno())
    # File systems keep time by ticks of some milliseconds and give a file's number away again at once.
    now = time.time_ns()
    os.utime(fresh, ns=(now, now))
    fresh.replace(file)
    if lasting:
        _sync_folder(file.parent)


def placed(file: Path) -> Any:
    """The JSON in a file; None where there is none, or where it is none. Raises OSError where it cannot be read."""
    try:
        return orjson.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError, orjson.JSONDecodeError):
        return None


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Until this is left, whoever else comes here waits, be it a thread of this process or another process.

    A process that was stopped meanwhile is not waited for for ever: raises TimeoutError, which is an OSError.
    """
    with _HERE:
        handle = _locked(folder)
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)


def _locked(folder: Path) -> int | None:
    try:
        import fcntl
    except ImportError:  # Not on this operating system; one process writes, and its threads are kept apart already.
        return None
    handle, until = os.open(folder, os.O_RDONLY), time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                os.close(handle)
                raise TimeoutError(f"another process has held {folder.name} for {_PATIENCE:g} s") from error
            time.sleep(0.005)
        else:
            return handle


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Folders cannot be opened there, and need not be.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

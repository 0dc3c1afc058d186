"""A process that is killed at each step of what it does to a folder: just before the first, the second, the third.

The steps are what Python itself tells of: a file that is opened, a folder that is made, a file that is renamed or removed.
A file that was opened to be written to is empty, which is a step of its own.
"""

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

_TOLD: Final = frozenset({"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.utime", "shutil.rmtree"})


def killed_at_each_step(before: Path, homes: Path, act: Callable[[Path], Any]) -> int:
    """Let a copy of `before` be acted upon and killed at one step each, below `homes`; gives the number of steps.

    The copies are called `0`, `1`, …; the last one was not killed any more. Belongs into a process without threads of its own.
    """
    for step in range(100):
        home = homes / str(step)
        shutil.copytree(before, home)
        child = os.fork()
        if child == 0:
            _act(home, step, act)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0, f"it failed where it was not killed: {status}"
            return step
        assert os.WTERMSIG(status) == signal.SIGKILL
    raise AssertionError("it has no end")


def _act(home: Path, step: int, act: Callable[[Path], Any]) -> None:
    done = 0

    def count() -> None:
        nonlocal done
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1

    def told(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _TOLD and str(home) in str(arguments[0]):
            count()

    def opened(file: Any, mode: str = "r", *further: Any, **named: Any) -> Any:
        handle = really_open(file, mode, *further, **named)
        if "w" in mode:
            count()
        return handle

    status, really_open = 1, io.open
    try:
        sys.addaudithook(told)
        io.open = opened
        act(home)
        status = 0
    finally:
        os._exit(status)

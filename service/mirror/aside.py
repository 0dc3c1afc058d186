"""A process aside that builds documents while there are many to build.

Building documents keeps an interpreter as busy as sending them does, and one interpreter does one thing at a time; inside
the service, requests wait for it too. So where batches are full, the next one is built in a process of its own.

It is asked line by line through a pipe, JSON both ways: the URL of the database once, which it answers with the schema that
it builds by, then ids, which it answers with their documents. It ends with the pipe, so it outlives nobody, and it is let go
when nothing was asked of it for a while. Whenever it cannot help, whoever asked builds by itself.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import IO, Final

import orjson
import structlog

from service import collector
from service.database import Database
from service.mirror.contents import Contents, contents
from service.search.gate import Refusal
from service.search.schema import SCHEMA

MANY: Final = 100
"""From so many documents on it is worth asking."""

ANSWER_SECONDS: Final = 60.0
IDLE_SECONDS: Final = 10.0

log = structlog.get_logger()


class Aside:
    """The process for one database; it is started when it is first asked, and helps from when it is ready."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._is_ready = False
        self._is_usable = True
        self._rest: threading.Timer | None = None

    def contents(self, ids: Sequence[str]) -> Contents | None:
        """As `contents.contents`; None where the caller has to build them itself."""
        with self._turn:
            if not self._is_usable:
                return None
            self._stay()
            try:
                if self._process is None:
                    self._start()
                if not self._ready():
                    return None
                return self._ask(ids)
            except (OSError, ValueError, queue.Empty) as error:
                log.warning("process aside let go", reason=repr(error))
                self._end()
                return None

    def close(self) -> None:
        """Let the process go; it is started anew when it is asked again."""
        with self._turn:
            self._end()

    def _start(self) -> None:
        command = [sys.executable, "-m", "service.mirror.aside"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self._answers, self._is_ready = queue.SimpleQueue(), False
        threading.Thread(target=_listen, args=(self._process.stdout, self._answers), name="aside", daemon=True).start()
        self._say(self.url)

    def _ready(self) -> bool:
        if not self._is_ready:
            try:
                schema = orjson.loads(self._answers.get_nowait())
            except queue.Empty:
                return False
            if schema != SCHEMA:
                self._is_usable = False
                raise ValueError("what is installed builds other documents than what runs")
            self._is_ready = True
        return True

    def _ask(self, ids: Sequence[str]) -> Contents | None:
        self._say(ids)
        answer = orjson.loads(self._answers.get(timeout=ANSWER_SECONDS))
        if answer is None:
            return None
        built, unbuilt = answer
        return built, {document_id: Refusal(*reason) for document_id, reason in unbuilt.items()}

    def _say(self, said: object) -> None:
        if self._process is None or (pipe := self._process.stdin) is None:
            raise BrokenPipeError("there is no process aside")
        pipe.write(orjson.dumps(said) + b"\n")
        pipe.flush()

    def _stay(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        self._rest = threading.Timer(IDLE_SECONDS, self.close)
        self._rest.daemon = True
        self._rest.start()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            with suppress(OSError):  # What it was not told yet cannot be told.
                process.stdin.close()  # type: ignore[union-attr]


@cache
def aside(url: str) -> Aside:
    """The process of this process for a database."""
    return Aside(url)


def contents_aside(database: Database, ids: Sequence[str]) -> Contents:
    """As `contents.contents`, built aside where there are many."""
    if len(ids) < MANY:
        return contents(database, ids)
    return aside(database.url.render_as_string(hide_password=False)).contents(ids) or contents(database, ids)


def _listen(answers: IO[bytes], heard: "queue.SimpleQueue[bytes]") -> None:
    with answers:
        for line in answers:
            heard.put(line)
    heard.put(b"")  # Nothing more will come, and nobody need wait for it.


def main() -> None:
    """Answer until there is nobody who asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The terminal sends it to everybody; whoever asks decides.
    try:
        _serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)  # Whoever asked is gone; Python would complain of what it cannot write any more.


def _serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    if not (url := asked.readline()):
        return
    database = Database(orjson.loads(url), pool_size=1)
    collector.settle_in()
    answers.write(orjson.dumps(SCHEMA) + b"\n")
    answers.flush()
    for line in asked:
        answers.write(_answer(database, orjson.loads(line)) + b"\n")
        answers.flush()


def _answer(database: Database, ids: Sequence[str]) -> bytes:
    try:
        built, unbuilt = contents(database, ids)
        return orjson.dumps((built, {document_id: tuple(reason) for document_id, reason in unbuilt.items()}))
    except Exception:  # noqa: BLE001  Whoever asked tries by itself, and meets what is wrong.
        return b"null"


if __name__ == "__main__":
    main()

"""Workers as processes of their own, each of which may be given a moment at which it kills or stops itself.

The signals are those that an operating system sends: SIGKILL leaves nothing time to clean up, SIGSTOP freezes the process
until SIGCONT. A process sends them to itself, because nobody else could hit the moment.
"""

import multiprocessing
import multiprocessing.process
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from service.settings import Settings

Life = multiprocessing.process.BaseProcess

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["tests.mirror.faults.lives", "service.mirror.worker", "service.search.embedded", "service.search.meilisearch.transport"]
)


def start(settings: Settings, moment: str | None = None, sent: signal.Signals = signal.SIGKILL) -> Life:
    """A worker with these settings, which sends itself this signal at that moment."""
    life = _CONTEXT.Process(target=_live, args=(settings.model_dump(), moment, sent), daemon=True)
    life.start()
    return life


def end(life: Life) -> None:
    """Kill a process, stopped or not, and wait until it is gone."""
    if life.pid is not None and life.is_alive():
        os.kill(life.pid, signal.SIGKILL)
    life.join(10)


def until_killed(life: Life, seconds: float = 30.0) -> None:
    """Wait until the process has died by its own SIGKILL."""
    life.join(seconds)
    # 255 is what multiprocessing says of a process that ended without its fork server having told how.
    assert life.exitcode in (-signal.SIGKILL, 255), f"the worker did not die at its moment, but: {life.exitcode}"


def until_stopped(life: Life, seconds: float = 30.0) -> None:
    """Wait until the process is frozen."""
    until = time.monotonic() + seconds
    while _state(life) != "T":
        assert time.monotonic() < until, "the worker did not stop at its moment"
        time.sleep(0.01)


def resume(life: Life) -> None:
    """Let a frozen process go on."""
    assert life.pid is not None
    os.kill(life.pid, signal.SIGCONT)


def _state(life: Life) -> str:
    """The state of a process as Linux shows it, after the name, which is in parentheses."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{life.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    return ""


def _live(values: dict[str, Any], moment: str | None, sent: signal.Signals) -> None:
    from service import logs
    from service.mirror.worker import Worker

    settings = Settings(**values)
    logs.configure(settings)
    if moment is not None:
        # To the thread that is at the moment, which would otherwise run on until the process has noticed.
        MOMENTS[moment](lambda: signal.pthread_kill(threading.get_ident(), sent))
    worker = Worker(settings)
    worker.start()
    signal.pause()


# The moments. Each puts the blow into the one place of the worker that is passed at that moment.


def _before_fold(blow: Callable[[], None]) -> None:
    from service.mirror import keeper
    from service.mirror.fold import fold as real

    def fold(database: Any) -> int:
        blow()
        return real(database)

    setattr(keeper, "fold", fold)  # noqa: B010


def _after_fold(blow: Callable[[], None]) -> None:
    from service.mirror import keeper
    from service.mirror.fold import fold as real

    def fold(database: Any) -> int:
        if found := real(database):
            blow()
        return found

    setattr(keeper, "fold", fold)  # noqa: B010


def _before_sending(blow: Callable[[], None]) -> None:
    from service.mirror.sender import Sender

    real = Sender._send

    def send(self: Sender, batch: Any) -> Any:
        blow()
        return real(self, batch)

    Sender._send = send  # type: ignore[method-assign]


def _while_sending(blow: Callable[[], None]) -> None:
    """When the lease was looked at for the last time, and nothing can keep the bytes back any more."""
    from service.search.meilisearch.transport import PooledRequests

    real = PooledRequests._exchange

    def exchange(self: PooledRequests, verb: str, url: str, *rest: Any, **options: Any) -> Any:
        if "customMetadata" in url:
            blow()
        return real(self, verb, url, *rest, **options)

    PooledRequests._exchange = exchange  # type: ignore[method-assign]


def _before_the_ticket_is_kept(blow: Callable[[], None]) -> None:
    from service.mirror import batch

    real = batch.note

    def note(*given: Any, **columns: Any) -> None:
        blow()
        real(*given, **columns)

    batch.note = note


def _before_the_acknowledgement(blow: Callable[[], None]) -> None:
    from service.mirror import batch

    def acknowledge(*_: Any) -> None:
        blow()

    batch.acknowledge = acknowledge  # type: ignore[assignment]


def _in_the_acknowledgement(blow: Callable[[], None]) -> None:
    """When everything of it is written, and nothing is committed."""
    from service.mirror import batch

    def count(*_: Any) -> None:
        blow()

    batch._count = count  # type: ignore[assignment]


MOMENTS: Final[dict[str, Callable[[Callable[[], None]], None]]] = {
    "before fold": _before_fold,
    "after fold": _after_fold,
    "before sending": _before_sending,
    "while sending": _while_sending,
    "before the ticket is kept": _before_the_ticket_is_kept,
    "before the acknowledgement": _before_the_acknowledgement,
    "in the acknowledgement": _in_the_acknowledgement,
}

"""Workers that can be started and killed in an instant: forked from a server that has loaded everything already."""

import multiprocessing
import multiprocessing.process
import os
import signal

from service.settings import Settings

MAX_DOCUMENTS = 40
BUILT_ASIDE = 8
"""One worker of so many has documents built aside; to start that process takes as long as most workers live."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["tests.campaign.workers", "service.mirror.worker", "service.search.embedded", "service.search.meilisearch.transport"]
)


def start(settings: Settings, broken: str | None) -> multiprocessing.process.BaseProcess:
    """A worker with these settings, and with one of its rules broken if that is wanted."""
    worker = _CONTEXT.Process(target=_work, args=(settings.model_dump(), broken), daemon=True)
    worker.start()
    return worker


def kill(worker: multiprocessing.process.BaseProcess) -> None:
    """SIGKILL, as the operating system does it: nothing is cleaned up."""
    if worker.pid is not None and worker.is_alive():
        os.kill(worker.pid, signal.SIGKILL)
    worker.join()


def _work(values: dict[str, object], broken: str | None) -> None:
    from service import logs
    from service.mirror import aside, choosing
    from service.mirror.worker import Worker
    from tests.campaign import breaks

    settings = Settings(**values)  # type: ignore[arg-type]
    logs.configure(settings)
    if broken is not None:
        breaks.RULES[broken]()
    # A few hundred documents are many batches, of which one is chosen while another is under way.
    choosing.MAX_DOCUMENTS = MAX_DOCUMENTS  # type: ignore[misc]
    if os.getpid() % BUILT_ASIDE == 0:
        aside.MANY = MAX_DOCUMENTS // 2  # type: ignore[misc]
    worker = Worker(settings)
    worker.start()
    signal.pause()

"""Rules of the contract, each broken by one change, to show that the campaign notices."""

from collections.abc import Callable
from typing import Any

from service.mirror import batch as batches
from service.mirror import instance, verify
from service.mirror.sender import Sender
from service.search.engine import EngineDown, Verdict


def acknowledge_on_acceptance() -> None:
    """A request that was accepted counts as done; whether its task succeeds is not asked."""

    def believed(self: Sender, ticket: Any) -> Verdict:
        return Verdict(True)

    Sender._await = believed  # type: ignore[method-assign]


def no_barrier() -> None:
    """A batch whose answer was lost is forgotten at once, and nothing looks at the engine again.

    Both, because each makes good for the other: without the barrier alone, a look at the newest write or at the number of
    documents finds what went wrong.
    """

    def forgotten(self: Sender, row: Any) -> bool:
        batches.supersede(self.database, self.lease, self.copy, row["id"], None)
        return True

    def unseen(self: instance.Look, state: Any) -> None:
        return None

    Sender._trace = lambda self, row: None  # type: ignore[method-assign]
    Sender._given_up = forgotten  # type: ignore[method-assign]
    instance.Look._writes = unseen  # type: ignore[method-assign]
    instance.Look._count = unseen  # type: ignore[method-assign]
    verify.step = lambda *_: False


def no_bisect() -> None:
    """A batch that fails is tried again whole, for ever."""

    def again(self: Sender, batch: Any, verdict: Verdict) -> None:
        batches.note(self.database, self.lease, batch.id, state="failed")
        raise EngineDown(verdict.message)

    Sender._failed = again  # type: ignore[method-assign]


RULES: dict[str, Callable[[], None]] = {
    "acknowledge-on-acceptance": acknowledge_on_acceptance,
    "no-barrier": no_barrier,
    "no-bisect": no_bisect,
}

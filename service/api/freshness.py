"""What an answer from the index says of where it came from."""

from typing import Any

from pydantic import BaseModel

from service.mirror.asking import Source
from service.register.audience import Audience


class IndexFreshness(BaseModel):
    """Which engine answered, and whether it holds everything that is committed.

    `in_step` and `lag_ms` are as they were seen `age_ms` ago. `left_out` counts the records that were withdrawn or closed to
    readers, and that the engine has yet to drop: they are neither shown nor counted. Readers who do not see everything are not
    told. `holds_token` answers `sync_token`.
    """

    mirror: str
    engine: str
    in_step: bool
    lag_ms: int
    age_ms: int
    left_out: int
    holds_token: bool | None


def index_freshness(source: Source, holds_token: bool | None, audience: Audience) -> dict[str, Any]:
    """The source of an answer as `IndexFreshness` has it."""
    return {
        "mirror": source.mirror.name,
        "engine": source.mirror.engine,
        **source.freshness._asdict(),
        "left_out": len(source.left_out) if audience.sees_all else 0,
        "holds_token": holds_token,
    }

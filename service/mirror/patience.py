"""How long the sync waits for what. Each of these is a setting, in seconds."""

from dataclasses import dataclass
from typing import Self

from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Patience:
    """`verify` lists how long after a batch was given up its documents are looked at, once for each entry."""

    settle: float = 60.0
    drain: float = 45.0
    retry: float = 60.0
    verify: tuple[float, ...] = (120.0, 1800.0)
    probe: float = 60.0
    audit: float = 86_400.0
    keep: float = 86_400.0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings say."""
        return cls(
            settle=settings.settle_seconds,
            drain=settings.drain_seconds,
            retry=settings.retry_seconds,
            verify=settings.verify_seconds,
            probe=settings.probe_seconds,
            audit=settings.audit_seconds,
            keep=settings.keep_seconds,
        )

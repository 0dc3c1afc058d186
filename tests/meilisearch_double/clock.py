"""What time it is for the server: the machine's, until a test stops it."""

import time
from datetime import UTC, datetime

SECOND = 10**9


class Clock:
    """Runs with the machine's clock until it is set; then it stands, and moves only when it is told to.

    While it stands two indexes can be made at the same instant, which no real server does: it has to be moved between.
    """

    def __init__(self) -> None:
        self._stands_at: int | None = None

    def set(self, instant: str) -> None:
        """Stop at an instant, `2026-11-23T11:13:00Z` with up to nine digits behind the seconds."""
        self._stands_at = nanoseconds(instant)

    def move(self, *, seconds: int = 0, nanoseconds: int = 0) -> None:
        """Go on by so much, or back, and stand there."""
        self._stands_at = self._nanoseconds() + seconds * SECOND + nanoseconds

    def run(self) -> None:
        """Run with the machine's clock again."""
        self._stands_at = None

    def now(self) -> str:
        """The instant as the server writes it: nanoseconds, and no zeros at the end."""
        whole, fraction = divmod(self._nanoseconds(), SECOND)
        written = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        digits = f"{fraction:09d}".rstrip("0")
        return f"{written}.{digits}Z" if digits else f"{written}Z"

    def _nanoseconds(self) -> int:
        return time.time_ns() if self._stands_at is None else self._stands_at


def nanoseconds(instant: str) -> int:
    """An instant as a number; the standard library's own reader loses what is below a microsecond."""
    whole, _, fraction = instant.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(whole)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * SECOND + int(fraction.ljust(9, "0") if fraction else 0)


def duration(start: str, end: str) -> str:
    """How long something took, as the server writes it: nine digits behind the seconds, or none."""
    seconds, fraction = divmod(nanoseconds(end) - nanoseconds(start), SECOND)
    return f"PT{seconds}.{fraction:09d}S" if fraction else f"PT{seconds}S"

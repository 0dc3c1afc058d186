"""Turns: how long one copy is worked on before another one, or a change that was just committed, has its turn."""

import time
from typing import Final

from service.database import Database
from service.mirror import fold

SHORT_SECONDS: Final = 0.15
LONG_SECONDS: Final = 2.0


class Turn:
    """One turn. It is short while changes are waiting to be folded, and long while there are none."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._begun = time.monotonic()

    def goes_on(self) -> bool:
        """Whether more may be begun, asked after a batch or a bucket."""
        taken = time.monotonic() - self._begun
        return taken < SHORT_SECONDS or (taken < LONG_SECONDS and not fold.is_due(self.database))

"""Reading one's own writes: a token stands for a moment of the register, and a mirror has reached it or has not.

A token is the number of the newest touch when a transaction was about to commit. A mirror holds everything up to it when no
touch up to that number waits to be folded and no document that it made dirty waits to be sent. Numbers are never used twice
and are the same for every process, so a token may be carried to another one, and outlives a restart.
"""

import time
from typing import Final, Literal

from anyio import CapacityLimiter, sleep, to_thread
from sqlalchemy import Connection

from service.database import Database

Reached = Literal["indexed", "pending", "failed"]

LONGEST_SECONDS: Final = 30
"""How long is waited at most, whatever is asked for."""

_PAUSE_SECONDS: Final = 0.01
_LONGEST_PAUSE_SECONDS: Final = 0.1

_OWED: Final = """
SELECT EXISTS (SELECT 1 FROM touch WHERE id <= {token})
  OR EXISTS (SELECT 1 FROM ledger l JOIN mirror_copy c ON c.id = l.copy_id
             WHERE c.mirror = {mirror} AND c.role = 'live' AND l.state = 'dirty' AND l.first_touch <= {token})
  OR NOT EXISTS (SELECT 1 FROM mirror_copy c WHERE c.mirror = {mirror} AND c.role = 'live'),
  (SELECT count(*) FROM ledger l JOIN mirror_copy c ON c.id = l.copy_id
   WHERE c.mirror = {mirror} AND c.role = 'live' AND l.state = 'dead')
"""


class Tokens:
    """The newest token of this process, and whether a mirror has reached one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.newest = 0
        self._limiter = CapacityLimiter(2)
        names = (":token", ":mirror") if database.is_sqlite else ("%(token)s", "%(mirror)s")
        self._owed = _OWED.format(token=names[0], mirror=names[1])
        self._newest = (
            "SELECT seq FROM sqlite_sequence WHERE name = 'touch'"
            if database.is_sqlite
            else "SELECT last_value FROM touch_id_seq"
        )

    def note(self, connection: Connection) -> None:
        """A transaction is about to commit: its touches have numbers up to this one."""
        self.newest = max(self.newest, connection.exec_driver_sql(self._newest).scalar() or 0)

    async def reached(self, mirror: str, token: int, seconds: float) -> Reached:
        """Whether the mirror holds everything up to the token, waiting so long for it; never an error, and never longer.

        `failed` means that a document was set aside while it was waited for.
        """
        until, pause, dead = time.monotonic() + min(seconds, LONGEST_SECONDS), _PAUSE_SECONDS, None
        while True:
            owed, buried = await to_thread.run_sync(self._ask, mirror, token, limiter=self._limiter)
            dead = buried if dead is None else dead
            if not owed:
                return "failed" if buried > dead else "indexed"
            left = until - time.monotonic()
            if left <= 0:
                return "pending"
            await sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    def _ask(self, mirror: str, token: int) -> tuple[bool, int]:
        [(owed, dead)] = self.database.ask(self._owed, {"mirror": mirror, "token": token})
        return bool(owed), int(dead)

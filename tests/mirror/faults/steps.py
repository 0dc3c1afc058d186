"""Each step that is taken on the database, so that every single one can be made to go wrong."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from service.database import Database

Fault = Callable[[Database, Any], tuple[str, Any] | None]
"""Called with the cursor just before its statement; may give another statement in the place of it."""


class Steps:
    """Counts what this thread asks of the database, and lets one step go wrong; the heart of the lease goes on beside it."""

    def __init__(self, database: Database, fault: Fault) -> None:
        self.database = database
        self.fault = fault
        self.thread = threading.get_ident()
        self.left = 0
        self.went_wrong = False
        event.listen(database.engine, "before_cursor_execute", self._statement, retval=True)
        event.listen(database.engine, "commit", self._commit)

    @contextmanager
    def one_goes_wrong(self, number: int) -> Iterator[None]:
        """Inside of this, the step of that number goes wrong; afterwards `went_wrong` says whether there were so many."""
        self.left = number
        yield
        self.went_wrong = self.left <= 0
        self.left = 0

    def _counts(self) -> bool:
        return threading.get_ident() == self.thread

    def _statement(self, _connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        if not self._counts():
            return statement, parameters
        self.left -= 1
        instead = self.fault(self.database, cursor) if self.left == 0 else None
        return instead or (statement, parameters)

    def _commit(self, connection: Connection) -> None:
        # A statement before each commit, so that what goes wrong is reported as the commit's own failure is.
        connection.exec_driver_sql("SELECT 1")

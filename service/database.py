"""How the service reaches its database, SQLite or PostgreSQL, and what a transaction is here.

A read sees one moment; a write is one transaction that is committed before anybody is told. On SQLite a writing
transaction begins with `BEGIN IMMEDIATE`, so that it waits its turn at the start; a transaction that reads first and
writes later would be refused at once (SQLITE_BUSY_SNAPSHOT) however long it is willing to wait.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, ExceptionContext, PoolProxiedConnection, create_engine, event, make_url, text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.errors import Conflict, Unavailable

BUSY_SECONDS = 10
_SOON = {"Retry-After": "5"}
_UNIQUE_VIOLATION = "23505"
_READ_ONLY = "25006"
_CONTENDED = ("40001", "40P01")
"""A serialization failure and a deadlock."""
_JSON: dict[str, Any] = {"json_serializer": lambda value: orjson.dumps(value).decode(), "json_deserializer": orjson.loads}
"""How columns of JSON are written and read: without blanks, and Korean as it is instead of in six characters for each."""


Ask = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
"""Gives the rows of a statement, as `Database.ask` does."""


def inside(connection: Connection) -> Ask:
    """Statements are asked inside of this transaction, which sees what it has written."""
    return lambda question, values: [tuple(row) for row in connection.exec_driver_sql(question, dict(values))]


class Database:
    """The database of one process.

    Everything in `before_commit` is called with the connection of every writing transaction when its work is done, everything
    in `on_commit` after it was committed.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(url, pool_size) if self.is_sqlite else _postgresql(url, pool_size)
        self.before_commit: list[Callable[[Connection], None]] = []
        self.on_commit: list[Callable[[], None]] = []
        self._turn = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one moment of the register; nothing written through it is kept."""
        with self._as_problems(), self._reader.connect() as connection:
            yield connection

    def ask(self, question: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows that one statement answers with; `values` are named in it as the driver wants them.

        One statement sees one moment by itself, and without a transaction around it a short answer takes half the time, on
        PostgreSQL a fifth: there a statement that is asked again and again is prepared, and planned once.
        """
        try:
            with self._as_problems(), closing(self.engine.raw_connection()) as connection, self._by_itself(connection):
                cursor = connection.cursor()
                cursor.execute(question, values)
                return list(cursor.fetchall())
        except self.engine.dialect.loaded_dbapi.OperationalError as error:
            if _is_our_mistake(error):
                raise
            raise Unavailable(f"The database does not answer: {_first_line(error)}", headers=_SOON) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends, undone when it raises."""
        with self._in_turn(), self._as_problems(), self._writer.connect() as connection, connection.begin():
            yield connection
            for asked in self.before_commit:
                asked(connection)
        for told in self.on_commit:
            told()

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @property
    def _reader(self) -> Engine:
        return self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")

    @property
    def _writer(self) -> Engine:
        return self.engine.execution_options(immediate=True) if self.is_sqlite else self.engine

    @contextmanager
    def _by_itself(self, connection: PoolProxiedConnection) -> Iterator[None]:
        """Let statements be transactions of their own, as they are on SQLite where none was begun."""
        driver: Any = connection.driver_connection
        if self.is_sqlite:
            yield
            return
        driver.autocommit = True
        try:
            yield
        finally:
            if not driver.closed:
                driver.autocommit = False

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        # SQLite lets one write at a time and has those who wait look again at intervals, so that one of sixteen busy threads
        # was seen to wait for six seconds. Threads of this process queue here, and only other processes are met there.
        if not self.is_sqlite:
            yield
        elif self._turn.acquire(timeout=BUSY_SECONDS):
            try:
                yield
            finally:
                self._turn.release()
        else:
            raise Unavailable("The database is busy writing.", headers=_SOON)

    @contextmanager
    def _as_problems(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            if getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
                raise
            # Whoever writes looks first whether a name is free; PostgreSQL lets somebody else take it in between.
            raise Conflict("Somebody else wrote the same at this moment; read it, and try again.") from error
        except InternalError as error:
            if getattr(error.orig, "sqlstate", None) != _READ_ONLY:
                raise
            raise Unavailable(f"The database takes no writes: {_first_line(error)}", headers=_SOON) from error
        except PoolTimeoutError as error:
            raise Unavailable("Every connection to the database is in use.", headers=_SOON) from error
        except OperationalError as error:
            if _is_our_mistake(error.orig):
                raise
            if getattr(error.orig, "sqlstate", None) in _CONTENDED:
                detail = "Others wrote to the same records at this moment; nothing was written. Try again"
                raise Unavailable(detail, headers={"Retry-After": "1"}) from error
            raise Unavailable(f"The database does not answer: {_first_line(error)}", headers=_SOON) from error


def _is_our_mistake(error: BaseException | None) -> bool:
    # SQLite calls everything that goes wrong operational; 1 is SQLITE_ERROR, a statement that it does not understand, and
    # what has no code is the driver's own complaint, as about bytes that are no text.
    ours = (sqlite3.SQLITE_ERROR, None)
    return isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", None) in ours


def _sqlite(url: str, pool_size: int) -> Engine:
    if file := make_url(url).database:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size, connect_args=arguments, **_JSON)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not open transactions by itself: `_begin_sqlite` says which kind each one is.
    connection.isolation_level = None
    # Without recursive triggers, SQLite keeps silent about the rows that INSERT OR REPLACE removes.
    pragmas = (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    )
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _postgresql(url: str, pool_size: int) -> Engine:
    # Every session speaks UTC, so that an instant is written and read the same whatever the server's own zone is.
    arguments = {"options": "-c timezone=UTC"}
    engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, connect_args=arguments, **_JSON)
    event.listen(engine, "handle_error", _let_go_of_a_standby)
    return engine


def _let_go_of_a_standby(context: ExceptionContext) -> None:
    # A standby answers where the database was, as after a failover. No connection to it is kept, so that the next one is
    # made to whoever takes writes by then.
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True


def ping(database: Database) -> None:
    """Raise `Unavailable` unless the database answers a question."""
    with database.reading() as connection:
        connection.execute(text("SELECT 1"))


def server_version(database: Database) -> str:
    """The database's own name and version, for status pages."""
    with database.reading() as connection:
        question = "SELECT sqlite_version()" if database.is_sqlite else "SHOW server_version"
        return f"{'SQLite' if database.is_sqlite else 'PostgreSQL'} {connection.execute(text(question)).scalar_one()}"


def _first_line(error: Any) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]

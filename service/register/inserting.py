"""Rows on their way into tables, for little more than the driver takes: a statement is put together once, not for every write.

The types of the columns say how a value is handed to the driver, as they do in SQLAlchemy's own inserts.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, insert
from sqlmodel import SQLModel


class _Statement(NamedTuple):
    sql: str
    values: list[tuple[str, Callable[[Any], Any] | None]]
    """The columns in the order of the placeholders, and what becomes of their values."""
    positional: bool

    def given(self, row: Mapping[str, Any]) -> Any:
        written = [row[name] if process is None else process(row[name]) for name, process in self.values]
        return tuple(written) if self.positional else dict(zip((name for name, _ in self.values), written, strict=True))


def insert_rows(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows, all of which have the columns of the first one; none is no statement. Raises what SQLAlchemy raises."""
    if not rows:
        return
    statement = _statement(SQLModel.metadata.tables[table], tuple(rows[0]), connection.dialect)
    given = [statement.given(row) for row in rows]
    connection.exec_driver_sql(statement.sql, given if len(given) > 1 else given[0])


@lru_cache(maxsize=256)
def _statement(table: Table, columns: tuple[str, ...], dialect: Dialect) -> _Statement:
    compiled = insert(table).inline().compile(dialect=dialect, column_keys=list(columns))
    order = compiled.positiontup or columns
    if set(compiled.binds) != set(columns):
        raise TypeError(f"{table.name}: a default of Python's is not asked for here: {set(compiled.binds) ^ set(columns)}")
    types = {name: table.c[name].type.dialect_impl(dialect) for name in order}
    return _Statement(str(compiled), [(name, types[name].bind_processor(dialect)) for name in order], compiled.positional)

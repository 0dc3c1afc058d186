"""Lists that are replaced whole: external ids, names, countries, topics, the parties of an outcome."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlmodel import SQLModel

from service.register.inserting import insert_rows
from service.register.verbs.rows import Row


def replace(connection: Connection, name: str, column: str, owner_id: str, made: list[Row]) -> bool:
    """Make these rows the owner's list, unless they are already; gives whether anything was written.

    A row that stays in the list keeps its id, and a list that stays as it is is not touched: its owner's documents are not
    stale, and a merger still finds what it moved.
    """
    table = SQLModel.metadata.tables[name]
    question = select(table).where(table.c[column] == owner_id).order_by(table.c.position, *table.primary_key)
    kept = [dict(row) for row in connection.execute(question).mappings()]
    if [_content(row) for row in kept] == [_content(row) for row in made]:
        return False
    connection.execute(delete(table).where(table.c[column] == owner_id))
    insert_rows(connection, name, _with_their_ids(made, kept) if "id" in table.c else made)
    return True


def _with_their_ids(made: list[Row], kept: list[Row]) -> list[Row]:
    free = list(kept)
    rows = []
    for row in made:
        same = next((other for other in free if _content(other) == _content(row)), None)
        if same:
            free.remove(same)
        rows.append(row | {"id": same["id"]} if same else row)
    return rows


def _content(row: Mapping[str, Any]) -> Row:
    return {column: value for column, value in row.items() if column not in ("id", "position")}

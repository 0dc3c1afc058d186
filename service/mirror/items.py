"""The documents of a batch: one by one in Python, and all of them as one parameter of a statement.

A statement that takes many rows one by one costs each of them a call of the driver, and on PostgreSQL an answer of the server.
So they travel as one JSON text, which both databases can read as a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from sqlalchemy import Connection

from service.search.engine import SearchDocument

_COLUMNS: Final = {"copy_id": "text", "document_id": "text", "generation": "bigint", "content_hash": "text"}


@dataclass(frozen=True, slots=True)
class Item:
    """A document of a batch at the generation in which it was looked at; `content` is None where it is to be removed."""

    document_id: str
    generation: int
    content_hash: str | None = None
    content: SearchDocument | None = None


def as_parameter(copy_id: str, items: Sequence[Item]) -> str:
    """What `table` reads, without the contents."""
    return orjson.dumps([(copy_id, item.document_id, item.generation, item.content_hash) for item in items]).decode()


def table(connection: Connection) -> str:
    """SQL for the items in the parameter `items`, to stand behind FROM as `i`, with the columns that `batch_item` has.

    The copy stands in every row: joined by both columns of the ledger's key, the items come first in every plan of SQLite.
    """
    if connection.dialect.name == "sqlite":
        columns = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(_COLUMNS))
        return f"(SELECT {columns} FROM json_each(:items)) AS i"  # noqa: S608
    columns = ", ".join(f"CAST(item ->> {n} AS {kind}) AS {name}" for n, (name, kind) in enumerate(_COLUMNS.items()))
    return f"(SELECT {columns} FROM jsonb_array_elements(CAST(:items AS jsonb)) AS item) AS i"  # noqa: S608

"""Cells that say what the register says already: a table that was given out and taken in again takes nothing away.

A cell of a table says less than the record: of a person her name and office, of a source its address. Where the cell is what it
would be written as now, the record keeps all that it has.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from service.register.audience import Audience
from service.register.reading import records
from service.register.reading.records import Noun
from service.register.verbs import references
from service.transfer.columns import COLUMNS, Column, cells
from service.transfer.item import Item

_CELLS_OF: Final = {
    "participations": ("hosts", "counterparts", "host_organizations", "counterpart_organizations", "office"),
    "citations": ("sources",),
    "topics": ("topics",),
    "names": ("names",),
}
"""The members of a record that say more than the cells they are written in."""


def leave(connection: Connection, noun: Noun, items: Sequence[Item], audience: Audience) -> None:
    """Take out of the items what their records say already."""
    told = [item for item in items if item.values and item.shape is not None and any(field in item.raw for field in _CELLS_OF)]
    known = _known(connection, noun, told, audience)
    for item in told:
        if record := known.get(item.row):
            _leave(noun, item, record)


def _known(connection: Connection, noun: Noun, items: Sequence[Item], audience: Audience) -> dict[int, dict[str, Any]]:
    owners = references.owners_seen(connection, [written for item in items for written in item.shape.external_ids], audience)
    ids: dict[int, str] = {}
    for item in items:
        named = [owners[written].id for written in item.shape.external_ids if written in owners]
        if record_id := item.id or next(iter(named), None):
            ids[item.row] = record_id
    found = records.load(connection, noun, ids.values())
    return {row: found[record_id] for row, record_id in ids.items() if record_id in found}


def _leave(noun: Noun, item: Item, record: dict[str, Any]) -> None:
    for field, names in _CELLS_OF.items():
        given = [column for column in COLUMNS[noun] if column.name in names and column.name in item.values]
        if field in item.raw and given and all(_is_said(column, record, item.values[column.name]) for column in given):
            del item.raw[field]
            item.forget(names, noun)


def _is_said(column: Column, record: dict[str, Any], cell: str) -> bool:
    return column.cell is not None and cell in {cells([column], record, "en")[0], cells([column], record, "ko")[0]}

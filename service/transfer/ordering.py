"""In which order the lines of a file can be recorded: a trip comes before its parts, wherever it stands in the file.

An outcome that was closed by an engagement further down is recorded open first, and closed when that one is there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from service.transfer.item import Item


def parents_first(items: Iterable[Item], rows: Mapping[str, int]) -> Iterator[Item]:
    """The items, each after the one that it is a part of; `rows` says in which row each id and external id of the file stands."""
    held: dict[int, list[Item]] = defaultdict(list)
    given: set[int] = set()
    unclosed: list[Item] = []
    for item in items:
        parent = rows.get(getattr(item.shape, "parent", None) or "", 0)
        if parent and parent not in given and parent != item.row:
            held[parent].append(item)
            continue
        for each in _released(item, held, given):
            yield _open(each, rows, given, unclosed)
    # What waits for itself in a circle is given as it stands; recording it says what is wrong.
    yield from (each for waiting in held.values() for each in waiting)
    yield from unclosed


def _released(item: Item, held: dict[int, list[Item]], given: set[int]) -> Iterator[Item]:
    ready = [item]
    while ready:
        each = ready.pop(0)
        given.add(each.row)
        yield each
        ready += held.pop(each.row, [])


def _open(item: Item, rows: Mapping[str, int], given: set[int], unclosed: list[Item]) -> Item:
    outcomes = getattr(item.shape, "outcomes", [])
    later = [each.closed_by for each in outcomes if rows.get(each.closed_by or "", 0) not in {0, *given}]
    if not later:
        return item
    unclosed.append(item)
    opened = [each.model_copy(update={"closed_by": None}) if each.closed_by in later else each for each in outcomes]
    return replace(item, shape=item.shape.model_copy(update={"outcomes": opened}))

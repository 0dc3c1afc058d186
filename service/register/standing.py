"""What became of a record: it is live, or withdrawn, or lives on in another. Asked by who reads and by who writes."""

from collections.abc import Mapping
from typing import Any

from service.errors import Conflict, Gone, Merged, NotFound
from service.register.reading.records import Noun


def refuse(noun: Noun, record_id: str, state: Mapping[str, Any] | None, *, withdrawn: bool = False) -> None:
    """Raise unless the row is that of a record that can be worked with."""
    if state is None:
        raise NotFound(f"There is no {noun} with the id {record_id!r}.")
    if survivor := state.get("merged_into"):
        raise Merged(f"The {noun} {record_id} was merged into {survivor}.", noun=noun, survivor=survivor)
    if state["withdrawn_at"] is not None and not withdrawn:
        reason = f": {state['withdrawn_reason']}" if state["withdrawn_reason"] else ""
        raise Gone(f"The {noun} {record_id} was withdrawn{reason}.")
    if state["withdrawn_at"] is None and withdrawn:
        raise Conflict(f"The {noun} {record_id} is not withdrawn.")

"""What became of a record: it is live, or withdrawn, or lives on in another. Asked by who reads and by who writes."""

from collections.abc import Mapping
from typing import Any

from service.errors import Conflict, Gone, Invalid, Merged, NotFound
from service.register.audience import OFFICE, Audience
from service.register.reading.records import Noun


def refuse_level(visibility: str, *, audience: Audience, pointer: str = "#/visibility") -> None:
    """Raise `Invalid` for a level that is beyond the one who would record it."""
    if not audience.may_see(visibility):
        detail = f"Whoever sees engagements up to {audience.sees} cannot record one that is {visibility}"
        raise Invalid.field(pointer, visibility, detail, "level")


def refuse(
    noun: Noun,
    record_id: str,
    state: Mapping[str, Any] | None,
    *,
    withdrawn: bool = False,
    audience: Audience = OFFICE,
) -> None:
    """Raise unless the row is that of a record that can be worked with; that one was withdrawn is not told to the public."""
    if state is None or (state["withdrawn_at"] is not None and not audience.knows_withdrawn):
        raise NotFound(f"There is no {noun} with the id {record_id!r}.")
    if survivor := state.get("merged_into"):
        raise Merged(f"The {noun} {record_id} was merged into {survivor}.", noun=noun, survivor=survivor)
    if state["withdrawn_at"] is not None and not withdrawn:
        reason = f": {state['withdrawn_reason']}" if state["withdrawn_reason"] else ""
        raise Gone(f"The {noun} {record_id} was withdrawn{reason}.")
    if state["withdrawn_at"] is None and withdrawn:
        raise Conflict(f"The {noun} {record_id} is not withdrawn.")

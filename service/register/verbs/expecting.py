"""Which version a change is made for: a stale edit is refused, not merged away (RFC 9110 §13.1.1, RFC 6585 §3)."""

from typing import Literal

from sqlalchemy import Connection, select, text
from sqlmodel import SQLModel

from service.errors import ConditionRequired, Stale
from service.register.audience import Audience, shown
from service.register.reading.one import current
from service.register.reading.records import Noun

Expected = frozenset[int] | Literal["any"] | None
"""The versions that a change may be made for, any at all, or nothing said."""


def expect(
    connection: Connection, noun: Noun, record_id: str, expected: Expected, *, audience: Audience, required: bool = True
) -> None:
    """Raise `Stale` unless the record has one of these versions, and `ConditionRequired` where none is named but has to be.

    The row stays locked until the end of the transaction. A record that is not there, or is withdrawn or merged, passes: the
    verb that follows says so.
    """
    if expected == "any" or (expected is None and not required):
        return
    table = SQLModel.metadata.tables[noun]
    question = select(table).where(table.c.id == record_id, text(shown(noun, audience, noun))).with_for_update()
    state = connection.execute(question).mappings().first()
    if state is None or state.get("merged_into") or (state["withdrawn_at"] and required):
        return
    version: int = state["version"]
    if expected is not None and version in expected:
        return
    tag = {} if state["withdrawn_at"] else {"ETag": f'"{current(connection, noun, record_id, audience=audience).tag}"'}
    if expected is None:
        detail = f"Send If-Match with the ETag that the {noun} was read with; its version is {version} now"
        raise ConditionRequired(detail, headers=tag, current_version=version)
    named = ", ".join(map(str, sorted(expected))) or "none that it ever had"
    detail = f"The {noun} {record_id} has the version {version} now, and the change was made for {named}; read it again"
    raise Stale(detail, headers=tag, current_version=version)

"""What the changes of whole records have in common, whatever the noun."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Response
from sqlalchemy import Connection

from service.api import answers
from service.api.idempotency import Once
from service.database import Database
from service.register.reading.records import Loaded, Noun
from service.register.text import Shape
from service.register.verbs import recording, revising
from service.register.verbs.expecting import Expected, expect
from service.register.verbs.journal import Actor


def created(once: Once, noun: Noun, shape: Shape, by: Actor) -> Response:
    """A record that is new."""

    def record(connection: Connection) -> Response:
        (made,) = recording.record(connection, noun, [shape], by=by)
        return answers.created(connection, noun, made, by)

    return once(record)


def revised(register: Database, noun: Noun, record_id: str, patch: Mapping[str, Any], expected: Expected, by: Actor) -> Response:
    """A record after a merge patch."""
    with register.writing() as connection:
        expect(connection, noun, record_id, expected, audience=by.audience)
        record = revising.revise(connection, noun, {record_id: patch}, by=by)[record_id]
        return answers.written(connection, noun, record, by)


def acted(
    once: Once, noun: Noun, record_id: str, expected: Expected, by: Actor, verb: Callable[[Connection], Loaded]
) -> Response:
    """A record after a verb that is asked for by POST; If-Match is held where it is sent."""

    def act(connection: Connection) -> Response:
        expect(connection, noun, record_id, expected, audience=by.audience, required=False)
        return answers.written(connection, noun, verb(connection), by)

    return once(act)

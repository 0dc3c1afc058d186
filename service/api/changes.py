"""`/v1/changes`: what was changed, in the order in which it was committed, for those who keep a copy.

A reader keeps the cursor of the last page and asks for what comes after it, waiting if it likes; or it takes the stream, which
says the same as server-sent events. The cursor stands for a change, so that a register that was restored from an older backup is
noticed; it is sealed, because the number of a change would tell a reader how many there were that they may not see.
"""

import re
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel, Field

from service.api import answers, routing
from service.api.bell import Bell
from service.api.members import Instant, RecordId
from service.api.parameters import documented, read_parameters
from service.api.problems import refusal, refusals
from service.api.requests import Reader, client_of
from service.errors import Invalid, Problem
from service.register.audience import Audience
from service.register.reading import changes
from service.register.reading.changes import BEGINNING, Changes, FeedReset, Place
from service.register.reading.records import Noun
from service.register.seal import Seal
from service.register.text import Shape

router = routing.router("changes", "/v1/changes")

LONGEST_WAIT_SECONDS: Final = 30
_HEARTBEAT_SECONDS: Final = 15.0
_POSITION_BYTES: Final = 8
_CURSOR: Final = re.compile(r"[A-Za-z0-9_-]{51}")
_EVENTS: Final[dict[str, Any]] = {
    "description": "An event for each change; its `data` is a change as a page has it.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}
_LAST_EVENT: Final = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The `id` of the last event that was received, as browsers send it by themselves; it goes before `after`.",
    "schema": {"type": "string"},
}
_RESET: Final = refusal(410, "The register does not have the change of this cursor; read from the beginning")


class Following(Shape):
    """What both ways to follow the changes take."""

    after: Annotated[str | None, Field(description="`next_cursor` of the page before, or the `cursor` of a change.")] = None
    start: Annotated[
        Literal["beginning", "latest"],
        Field(description="Where to begin without a cursor."),
    ] = "beginning"
    noun: Annotated[tuple[Noun, ...], Field(description="Only changes of such records.")] = ()
    include: Annotated[
        Literal["record"] | None,
        Field(description="`record` adds what the record says now; null where it is gone."),
    ] = None


class ChangeParameters(Following):
    """What `GET /v1/changes` takes."""

    limit: Annotated[int, Field(ge=1, le=1000, description="How many changes a page has at most, of all nouns.")] = 100
    wait: Annotated[
        int, Field(ge=0, le=LONGEST_WAIT_SECONDS, description="How many seconds to wait for a change where there is none yet.")
    ] = 0


class ChangeModel(BaseModel):
    """What became of a record. `removed` says that it is not there any more for this reader."""

    cursor: str
    noun: Noun
    id: RecordId
    version: int
    change: Literal["recorded", "revised", "withdrawn", "restored", "merged", "unmerged", "removed"]
    at: Instant
    merged_into: Annotated[RecordId | None, Field(description="The record that a merged one lives on in.")]
    record: Annotated[dict[str, Any] | None, Field(description="What the record says now, if `include=record` asked for it.")] = (
        None
    )


class ChangePage(BaseModel):
    """Changes in the order in which they were committed; per record, versions rise."""

    items: list[ChangeModel]
    next_cursor: Annotated[str, Field(description="Keep it, and give it as `after` the next time; it is given on every page.")]
    more: Annotated[bool, Field(description="Whether there are more changes at this moment.")]


@router.get(
    "",
    name="list_changes",
    response_model=ChangePage,
    responses=refusals(422) | _RESET,
    openapi_extra=documented(ChangeParameters),
)
async def list_changes(request: Request, reader: Reader) -> Response:
    """What was changed after a cursor, waiting for it if there is nothing yet."""
    asked = read_parameters(ChangeParameters, request)
    bell: Bell = request.app.state.bell
    seal: Seal = request.app.state.seal
    found = await _read(bell, asked, await _place(bell, seal, asked), asked.limit, reader)
    if asked.wait and not found.items:
        with bell.place():
            found = await _waited(bell, asked, found, reader)
    items = [_item(seal, item) for item in found.items]
    return answers.made({"items": items, "next_cursor": cursor_of(seal, found.next), "more": found.more})


@router.get(
    "/stream",
    name="stream_changes",
    response_class=StreamingResponse,
    responses={200: _EVENTS, **refusals(422), **_RESET},
    openapi_extra={"parameters": [*documented(Following)["parameters"], _LAST_EVENT]},
)
async def stream_changes(request: Request, reader: Reader) -> Response:
    """The same as server-sent events, one for each change as it is committed; `Last-Event-ID` resumes after a cut."""
    asked = read_parameters(Following, request)
    if resumed := request.headers.get("last-event-id"):
        asked = asked.model_copy(update={"after": resumed})
    bell: Bell = request.app.state.bell
    place = await _place(bell, request.app.state.seal, asked)
    first = await _read(bell, asked, place, 100, reader)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    if request.scope["state"].get("head"):
        return StreamingResponse(_nothing(), media_type="text/event-stream", headers=headers)
    # Before the answer begins, so that there is still a way to say no.
    bell.sit_down()
    return StreamingResponse(_events(request, bell, asked, first), media_type="text/event-stream", headers=headers)


async def _events(request: Request, bell: Bell, asked: Following, found: Changes) -> AsyncIterator[bytes]:
    """Events as long as the reader listens and may; each page is read when the one before was taken."""
    seal: Seal = request.app.state.seal
    spoken = time.monotonic()
    try:
        while not bell.stopped:
            for item in found.items:
                told = _item(seal, item)
                yield format_sse_event(id=told["cursor"], event="change", data_str=orjson.dumps(told).decode())
                spoken = time.monotonic()
            silent = time.monotonic() - spoken
            if silent >= _HEARTBEAT_SECONDS:
                # The cursor goes along, so that what was passed over need not be read again after a cut.
                yield format_sse_event(id=cursor_of(seal, found.next), comment="nothing new")
                spoken, silent = time.monotonic(), 0.0
            if not found.more:
                await bell.heard(_HEARTBEAT_SECONDS - silent)
            try:
                found = await _read(bell, asked, found.next, 100, _still(request), woken=True)
            except Problem as problem:
                yield format_sse_event(event="problem", data_str=orjson.dumps({"detail": problem.detail}).decode())
                return
    finally:
        bell.leave()


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def _still(request: Request) -> Audience:
    """Who is listening by now: a key may have been revoked since. Raises `Unauthorized`."""
    given = request.headers.get("authorization")
    audience: Audience = request.app.state.keyring.client(given).audience if given else client_of(request).audience
    return audience


async def _waited(bell: Bell, asked: ChangeParameters, found: Changes, audience: Audience) -> Changes:
    until = time.monotonic() + asked.wait
    while not found.items and not bell.stopped and (left := until - time.monotonic()) > 0:
        if found.more or await bell.heard(left):
            found = await _read(bell, asked, found.next, asked.limit, audience, woken=True)
    return found


async def _read(bell: Bell, asked: Following, after: Place, limit: int, audience: Audience, *, woken: bool = False) -> Changes:
    """The changes after a place; whoever was woken reads together with all others who were and are at the same place."""
    with_records = asked.include == "record"

    def read() -> Changes:
        return changes.read(bell.database, after, limit, nouns=asked.noun, with_records=with_records, audience=audience)

    question = (after, limit, asked.noun, with_records, audience)
    return await (bell.together(question, read) if woken else bell.in_thread(read))


async def _place(bell: Bell, seal: Seal, asked: Following) -> Place:
    if asked.after is None:
        return BEGINNING if asked.start == "beginning" else await bell.in_thread(lambda: changes.newest(bell.database))
    if not _CURSOR.fullmatch(asked.after):
        detail = "This is no cursor of the changes; begin without one"
        raise Invalid.parameter("after", asked.after, detail, "foreign_cursor")
    try:
        words = seal.open(asked.after)
    except ValueError:
        # It looks like one, so whoever has it followed another register under this address.
        raise FeedReset.of_another() from None
    position, mark = int.from_bytes(words[:_POSITION_BYTES]), words[_POSITION_BYTES:].hex()
    return Place(position, mark) if position else BEGINNING


def cursor_of(seal: Seal, place: Place) -> str:
    """A place as a reader keeps it: of the same length and different each time, so that it tells nothing."""
    return seal.close(place.position.to_bytes(_POSITION_BYTES) + bytes.fromhex(place.mark))


def _item(seal: Seal, item: dict[str, Any]) -> dict[str, Any]:
    place: Place = item["place"]
    return {
        "cursor": cursor_of(seal, place),
        **{name: value for name, value in item.items() if name != "place"},
    }

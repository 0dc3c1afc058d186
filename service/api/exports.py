"""`GET /v1/exports/…`: all records of a noun that pass the filters, as a file that is sent while it is read."""

from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import IO, Annotated, Any, Final, Literal
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, create_model

from service.api import routing
from service.api.parameters import documented, read_parameters
from service.api.problems import refusals
from service.api.requests import Reader, Register, plural
from service.register.reading import directory, engagements
from service.register.reading.records import Noun
from service.register.text import Shape
from service.transfer import exporting
from service.transfer.exporting import MEDIA_TYPES

_FILTERS: Final[dict[Noun, type[Shape]]] = {
    "engagement": engagements.EngagementFilters,
    "person": directory.PersonFilters,
    "organization": directory.OrganizationFilters,
    "topic": directory.TopicFilters,
    "source": directory.SourceFilters,
}
_KOREAN: Final[dict[Noun, str]] = {
    "engagement": "교류",
    "person": "인물",
    "organization": "기관",
    "topic": "주제",
    "source": "출처",
}
_BLOCK: Final = 1 << 16


class ExportParameters(Shape):
    """How records are written."""

    format: Annotated[
        Literal["jsonl", "csv", "xlsx"],
        Field(description="`jsonl` loses nothing and can be imported; tables are for people."),
    ] = "jsonl"
    language: Annotated[Literal["en", "ko"], Field(description="Of headings and codes in tables.")] = "en"
    bom: Annotated[bool, Field(description="Whether CSV begins with a mark, by which Excel reads Korean right.")] = True


def routes(noun: Noun) -> APIRouter:
    """The route that gives out the records of one noun."""
    router = routing.router("exports", "/v1/exports")
    model: Any = create_model(f"{noun.capitalize()}Export", __base__=(_FILTERS[noun], ExportParameters))
    files = {media_type.partition(";")[0]: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()}

    @router.get(
        f"/{plural(noun)}",
        name=f"export_{plural(noun)}",
        response_class=StreamingResponse,
        responses={200: {"content": files, "description": "The file"}, **refusals(422)},
        openapi_extra=documented(model),
    )
    async def export_file(request: Request, register: Register, reader: Reader) -> Response:
        """All records that pass the filters of the list, whole, in the order of recording."""
        asked: Any = read_parameters(model, request)
        found = exporting.pages(register, noun, asked, audience=reader)
        # What is wrong with a filter has to be said before the file begins.
        found = chain([await to_thread.run_sync(next, found)], found)
        headers = {"Content-Disposition": _named(noun, asked), "Cache-Control": "private, no-cache", "Vary": "Authorization"}
        if request.scope["state"].get("head"):
            blocks: AsyncIterator[bytes] = _in_threads(iter(()))
        elif asked.format == "xlsx":
            file = await to_thread.run_sync(exporting.workbook, noun, found, asked.language)
            blocks = _in_threads(_blocks(file))
        elif asked.format == "csv":
            blocks = _in_threads(exporting.csv_text(noun, found, asked.language, mark=asked.bom))
        else:
            blocks = _in_threads(exporting.lines(noun, found))
        return StreamingResponse(blocks, media_type=MEDIA_TYPES[asked.format], headers=headers)

    return router


def _named(noun: Noun, asked: Any) -> str:
    """The name of the file, also in Korean (RFC 6266, RFC 8187)."""
    plain = f"{plural(noun)}.{asked.format}"
    korean = quote(f"{_KOREAN[noun]}.{asked.format}")
    return f'attachment; filename="{plain}"' + (f"; filename*=UTF-8''{korean}" if asked.language == "ko" else "")


async def _in_threads(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each block, read in a thread when the one before was sent."""
    while (block := await to_thread.run_sync(next, blocks, None)) is not None:
        if block:
            yield block


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block

"""`POST /v1/imports/…`: a file of records, taken in whole or not at all; or only looked at, with everything that is wrong by row.

The file is the body. It is written to the disk as it comes, and read from there.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from typing import IO, Annotated, Any, Final, Literal

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from service.api import answers, routing
from service.api.idempotency import IdempotencyKey, Once, attempt_of
from service.api.negotiation import language_of
from service.api.parameters import documented, read_parameters
from service.api.problems import UnsupportedMediaType, refusals
from service.api.requests import By, Register, plural
from service.errors import Fault
from service.register.reading.records import Noun
from service.register.text import Shape
from service.transfer import importing
from service.transfer import mapping as mappings
from service.transfer.importing import Format, ImportRefused, Plan

_FORMATS: Final[dict[str, Format]] = {
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
}
_ON_DISK_FROM: Final = 1 << 20


class ImportParameters(Shape):
    """What `POST /v1/imports/…` takes."""

    dry_run: Annotated[bool, Field(description="Only say what would be done, and everything that is wrong.")] = False
    atomic: Annotated[bool, Field(description="Whether nothing is recorded where any row is wrong.")] = True
    mapping: Annotated[
        str | None,
        Field(description=f"What the columns mean: {', '.join(mappings.shipped())}, or a mapping as JSON; guessed otherwise."),
    ] = None
    language: Annotated[
        Literal["en", "ko"] | None, Field(description="In which language problems are told; as Accept-Language says otherwise.")
    ] = None


class ColumnGuess(BaseModel):
    """What a heading was taken for: by the mapping, by its name, by a near name, or not at all."""

    heading: str
    column: str | None
    how: Literal["mapping", "name", "near", "ignored"]


class RowProblem(BaseModel):
    """What is wrong in a row and column; the header is row 1."""

    row: int
    column: str | None
    code: str
    value: Any
    detail: str


class ImportReport(BaseModel):
    """What was done, or would be; `counts` by what became of the rows, `recorded_beside` by noun of what rows named anew."""

    dry_run: bool
    rows: int
    counts: dict[str, int]
    recorded_beside: dict[str, int]
    columns: list[ColumnGuess]
    problems: Annotated[list[RowProblem], Field(description="The first thousand.")]
    problems_total: int


def routes(noun: Noun) -> APIRouter:
    """The route that takes in records of one noun."""
    router = routing.router("imports", "/v1/imports")
    binary = {"schema": {"type": "string", "format": "binary"}}

    @router.post(
        f"/{plural(noun)}",
        name=f"import_{plural(noun)}",
        response_model=ImportReport,
        responses=refusals(409, 413, 415, 422),
        openapi_extra={
            "requestBody": {"required": True, "content": dict.fromkeys(_FORMATS, binary)},
            **documented(ImportParameters),
        },
    )
    async def import_file(request: Request, register: Register, by: By, idempotency_key: IdempotencyKey = None) -> Response:
        """Take in a CSV file, a workbook or JSON Lines; `dry_run` says first what is wrong and how the columns are understood.

        A record is known again by its id or an external id, so the same file may be taken in again: what does not differ makes
        no version. People, organizations, topics and sources are looked for by external id or exact name, and recorded where they
        are not there; a name that several have is refused. Nothing is recorded before every row was checked.
        """
        asked = read_parameters(ImportParameters, request)
        plan = Plan(noun, _format(request), mappings.named(noun, asked.mapping), asked.dry_run, asked.atomic)
        language = asked.language or language_of(request.headers.get("accept-language", ""))
        async with _spooled(request) as (file, digest):
            once = Once(register, attempt_of(request, idempotency_key, digest))
            return await to_thread.run_sync(partial(_take_in, once, file, plan, by, language))

    return router


def _take_in(once: Once, file: IO[bytes], plan: Plan, by: Any, language: Any) -> Response:
    rows: dict[str, int] = {}
    checked = importing.check(once.register, file, plan, by, rows)  # type: ignore[arg-type]  # a spooled file is one
    if plan.dry_run:
        return answers.made(checked.as_json(plan, language))
    if checked.troubles and plan.atomic:
        raise ImportRefused(checked, plan, language)

    def record(connection: Any) -> Response:
        report = importing.record_all(connection, file, plan, rows, by, language)  # type: ignore[arg-type]  # a spooled file is one
        return answers.made(report.as_json(plan, language))

    return once(record)


def _format(request: Request) -> Format:
    given = request.headers.get("content-type", "")
    if found := _FORMATS.get(given.partition(";")[0].strip().lower()):
        return found
    listed = ", ".join(_FORMATS)
    raise UnsupportedMediaType(
        f"The type of the file is {given!r}; send one of {listed} in Content-Type",
        faults=[Fault(f"One of {listed} is expected", "media_type", parameter="Content-Type", value=given or None)],
        headers={"Accept": listed},
    )


@asynccontextmanager
async def _spooled(request: Request) -> AsyncIterator[tuple[IO[bytes], str]]:
    """The body in a file that is on the disk if it is long, and the digest of it."""
    digest = sha256()
    with tempfile.SpooledTemporaryFile(max_size=_ON_DISK_FROM) as file:
        async for chunk in request.stream():
            digest.update(chunk)
            file.write(chunk)
        file.seek(0)
        yield file, digest.hexdigest()

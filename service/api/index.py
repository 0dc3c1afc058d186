"""`GET /v1/index`: which engines hold a copy of the register, and whether each of them is in step."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from service.database import Database
from service.mirror import status

router = APIRouter(tags=["index"])


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


class MirrorState(BaseModel):
    """One mirror: `in_step` means that it holds all that is committed, but for `dead` documents that its engine refused."""

    name: str
    engine: str
    index: str
    in_step: bool
    pending: int
    lag_ms: int
    dead: int
    documents: int
    open_batches: int
    building: str
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    retry_at: datetime | None


class IndexState(BaseModel):
    """All mirrors; searches are answered by `asked`."""

    asked: str
    in_step: bool
    mirrors: list[MirrorState]


@router.get("/v1/index", name="read_index", summary="How far the search index is")
def read_index(request: Request, database: Annotated[Database, Depends(_database)]) -> IndexState:
    mirrors = [MirrorState(**asdict(mirror)) for mirror in status.read(database)]
    asked = request.app.state.search.mirror.name
    return IndexState(asked=asked, in_step=any(mirror.in_step for mirror in mirrors if mirror.name == asked), mirrors=mirrors)

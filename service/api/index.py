"""`GET /v1/index`: which engines hold a copy of the register, and whether each of them is in step."""

from fastapi import Request
from pydantic import BaseModel

from service.api.requests import Register
from service.api.routing import router as register_router
from service.mirror import status
from service.mirror.status import MirrorStatus

router = register_router("index", "/v1/index")


class IndexState(BaseModel):
    """All mirrors; a search would be answered by the one that is called as `asked` now, and `in_step` speaks of that one."""

    asked: str
    in_step: bool
    mirrors: list[MirrorStatus]


@router.get("", name="read_index", summary="How far the search index is")
def read_index(request: Request, register: Register) -> IndexState:
    """Every mirror with what it holds, what waits to be sent to it, and what went wrong last."""
    mirrors = status.read(register)
    asked = request.app.state.search.first.name
    return IndexState(asked=asked, in_step=any(mirror.in_step for mirror in mirrors if mirror.name == asked), mirrors=mirrors)

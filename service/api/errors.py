"""Every refusal as `application/problem+json` (RFC 9457), whoever raised it: the register, the framework, or our own mistake."""

import re
from typing import cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.api import document, problems
from service.api.gate import Gate
from service.api.middleware import HEADER, NOSNIFF, Bounds, Entrance, allowed_methods, too_large
from service.api.preferences import Preferring
from service.api.problems import MethodNotAllowed, NoSuchPath
from service.api.rates import Rates
from service.api.requests import plural
from service.api.routing import refusal_of
from service.errors import Merged, Problem, nearest
from service.settings import Settings

_log = structlog.get_logger("service.api")


def install(app: FastAPI) -> None:
    """Give the application its refusals, the entrance that every request passes, and the document that tells of both."""
    settings: Settings = app.state.settings
    app.add_exception_handler(Problem, _refused)
    app.add_exception_handler(HTTPException, _refused_by_framework)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(Preferring)
    app.add_middleware(Rates, requests_per_minute=settings.requests_per_minute)
    app.add_middleware(Gate)
    app.add_middleware(Entrance, bounds=_bounds(settings))
    document.install(app)


def _bounds(settings: Settings) -> Bounds:
    return Bounds(settings.max_body_bytes, settings.max_bulk_bytes, settings.max_import_bytes)


async def _refused(request: Request, error: Exception) -> Response:
    refusal = cast(Problem, error)
    if isinstance(refusal, Merged):
        refusal.headers["Location"] = _survivor(request, refusal)
    return problems.answer(refusal, request.scope)


def _survivor(request: Request, refusal: Merged) -> str:
    """The address that was asked, with the survivor's id in the place of the merged one's."""
    noun = plural(refusal.noun)
    path = request.scope["path"]
    moved = re.sub(rf"^(.*/v1/{noun}/)[^/]+", lambda found: found.group(1) + refusal.survivor, path)
    query = request.scope["query_string"].decode("latin-1")
    return (moved if moved != path else f"/v1/{noun}/{refusal.survivor}") + (f"?{query}" if query else "")


async def _refused_by_framework(request: Request, error: Exception) -> Response:
    raised = cast(HTTPException, error)
    return problems.answer(_of_framework(request, raised), request.scope)


def _of_framework(request: Request, raised: HTTPException) -> Problem:
    path = request.scope["path"]
    if raised.status_code == 404:
        return NoSuchPath(f"There is nothing at {path}{_meant(path, request.app)}")
    if raised.status_code == 405:
        allowed = ", ".join(allowed_methods(request.app.routes, path))
        return MethodNotAllowed(f"{request.method} is not possible at {path}; {allowed} are", headers={"Allow": allowed})
    if raised.status_code == 413:
        return too_large(_bounds(request.app.state.settings).of(path))
    return problems.of_status(raised.status_code, str(raised.detail), raised.headers)


def _meant(path: str, app: FastAPI) -> str:
    fixed = [route.path for route in iter_route_contexts(app.routes) if route.path and "{" not in route.path]
    close = nearest(path, fixed)
    return f"; did you mean {close}?" if close else f"; {document.PATH} lists what there is"


async def _invalid(request: Request, error: Exception) -> Response:
    return problems.answer(refusal_of(cast(RequestValidationError, error)), request.scope)


async def _unexpected(request: Request, error: Exception) -> Response:
    request_id = request.scope["state"]["request_id"]
    _log.error("request failed", request_id=request_id, method=request.method, path=request.scope["path"], exc_info=error)
    answer = problems.answer(Problem("Something went wrong on our side; the log has it under the request id"), request.scope)
    # This answer leaves from outside our own layers.
    answer.headers[HEADER] = request_id
    answer.raw_headers.append(NOSNIFF)
    return answer
